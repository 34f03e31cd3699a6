package directory

import (
	"bytes"
	"encoding/json"
	"testing"

	"cipherbid/crypto/keys"
)

// FuzzParse knows the operator's key only: what it accepts must say what the operator signed.
func FuzzParse(f *testing.F) {
	operator := identity(f, operatorSeed).Public()
	var signedFiles [][]byte
	for _, file := range files(f) {
		b := sign(f, file)
		var compact bytes.Buffer
		if err := json.Compact(&compact, b); err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(compact.Bytes())
		signedFiles = append(signedFiles, b)
	}
	f.Add([]byte(`{"directory":{},"signature":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b, operator)
		if err != nil {
			return
		}
		again := sign(t, d.File())
		for _, s := range signedFiles {
			if bytes.Equal(again, s) {
				return
			}
		}
		t.Fatalf("accepted a directory that the operator has not signed:\n%s", again)
	})
}

// FuzzNew takes files for signed: New must not panic, and a directory must be able to describe itself.
func FuzzNew(f *testing.F) {
	for _, file := range files(f) {
		b, err := json.Marshal(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	wide := encryptedFile(f, keys.X25519)
	wide.Params.LogN = 12
	b, err := json.Marshal(wide)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var file File
		if strict(b, &file) != nil {
			return
		}
		d, err := New(file)
		if err != nil {
			return
		}
		if _, err := New(d.File()); err != nil {
			t.Fatalf("a directory's own file is refused: %v", err)
		}
		if !bytes.Equal(sign(t, d.File()), sign(t, file)) {
			t.Fatal("a directory describes itself as another")
		}
		_ = d.Current(noon)
	})
}
