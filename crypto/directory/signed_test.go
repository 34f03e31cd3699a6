package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/keys"
)

func TestSignedFilesSurvive(t *testing.T) {
	for name, f := range files(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "directory.json")
			if err := os.WriteFile(path, sign(t, f), 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := Load(path, identity(t, operatorSeed).Public())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d.File(), f) {
				t.Errorf("loaded\n%+v, signed\n%+v", d.File(), f)
			}
			if !bytes.Equal(sign(t, d.File()), sign(t, f)) {
				t.Error("signing what was loaded gives another file")
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// Editors and tools may lay a file out as they like.
func TestLayoutDoesNotMatter(t *testing.T) {
	b := sign(t, encryptedFile(t, keys.X25519))
	var compact, wide bytes.Buffer
	if err := errors.Join(json.Compact(&compact, b), json.Indent(&wide, b, " \t", "\r\n\t")); err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		t.Fatal(err)
	}
	swapped := slices.Concat([]byte(`{"signature":`), parts["signature"], []byte(`, "directory":`), parts["directory"], []byte("}\n\n "))
	for name, layout := range map[string][]byte{"compact": compact.Bytes(), "pretty": wide.Bytes(), "signature first": swapped} {
		if _, err := Parse(layout, identity(t, operatorSeed).Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// change calls f with every version of a JSON value in which one leaf, or the presence of one field, differs.
func change(v any, path string, f func(path string, changed any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			change(inner, path+"."+key, func(path string, changed any) {
				m := maps.Clone(v)
				m[key] = changed
				f(path, m)
			})
			m := maps.Clone(v)
			delete(m, key)
			f(path+"."+key+" removed", m)
		}
		m := maps.Clone(v)
		m["unknown"] = 1
		f(path+".unknown added", m)
	case []any:
		for i, inner := range v {
			change(inner, path+"[]", func(path string, changed any) {
				list := slices.Clone(v)
				list[i] = changed
				f(path, list)
			})
		}
		f(path+" shortened", v[:len(v)-1])
	case string:
		f(path, v+"A")
	case json.Number:
		f(path, v+"1")
	case nil:
		f(path, "A")
	}
}

func TestEveryFieldIsSigned(t *testing.T) {
	for name, file := range files(t) {
		t.Run(name, func(t *testing.T) {
			var s signed
			if err := json.Unmarshal(sign(t, file), &s); err != nil {
				t.Fatal(err)
			}
			var v any
			decoder := json.NewDecoder(bytes.NewReader(s.Directory))
			decoder.UseNumber()
			if err := decoder.Decode(&v); err != nil {
				t.Fatal(err)
			}
			changes := 0
			change(v, "directory", func(path string, changed any) {
				changes++
				raw, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				b, err := json.Marshal(signed{raw, s.Signature})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Parse(b, identity(t, operatorSeed).Public()); !errors.Is(err, keys.ErrSignature) {
					t.Errorf("%s: %v, want ErrSignature", path, err)
				}
			})
			if changes < 40 {
				t.Errorf("only %d changes were tried", changes)
			}
		})
	}
}

func TestAnotherOperatorIsRefused(t *testing.T) {
	f := encryptedFile(t, keys.X25519)
	for name, operator := range map[string]keys.Public{
		"another": identity(t, strangerSeed).Public(), "auctioneer": f.Auctioneer.Identity, "none": nil,
	} {
		_, err := Parse(sign(t, f), operator)
		if !errors.Is(err, keys.ErrSignature) || !strings.Contains(err.Error(), "is the pinned operator key right?") {
			t.Errorf("%s: %v, want ErrSignature with advice", name, err)
		}
	}
}

// What the operator signed must be understood whole.
func TestSignedButNotUnderstood(t *testing.T) {
	operator := identity(t, operatorSeed)
	signRaw := func(raw string) []byte {
		b, err := json.Marshal(signed{json.RawMessage(raw), operator.Sign(keys.DomainDirectory, digest([]byte(raw)))})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	raw, err := json.Marshal(plainFile(t))
	if err != nil {
		t.Fatal(err)
	}
	good := signRaw(string(raw))
	if _, err := Parse(good, operator.Public()); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		b    []byte
		says string
	}{
		{"unknown field", signRaw(`{"quorum":2,` + string(raw[1:])), `unknown field "quorum"`},
		{"unknown field of a party", signRaw(strings.Replace(string(raw), `"seat":`, `"score":1,"seat":`, 1)), `unknown field "score"`},
		{"unknown field around it", []byte(`{"expires":1,` + string(good[1:])), `unknown field "expires"`},
		{"a second file behind it", append(good[:len(good):len(good)], good...), "data after"},
		{"rubbish behind it", append(good[:len(good):len(good)], '}'), "data after"},
		{"an empty object", signRaw(`{}`), "version 0"},
		{"null", signRaw(`null`), "version 0"},
		{"a list", signRaw(`[]`), "cannot unmarshal"},
		{"later version", signRaw(strings.Replace(string(raw), `"version":1`, `"version":2`, 1)), "version 2, this is 1"},
		{"no directory", []byte(`{"signature":"AAAA"}`), "directory: "},
		{"empty file", nil, "EOF"},
		{"not JSON", []byte("directory"), "invalid character"},
		{"16 MB", make([]byte, maxFileBytes+1), "at most 16777216"},
	} {
		if _, err := Parse(tc.b, operator.Public()); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
		}
	}
}

func TestSignRefusesWhatNobodyWouldAccept(t *testing.T) {
	f := plainFile(t)
	f.Market = ""
	if _, err := Sign(f, identity(t, operatorSeed)); err == nil {
		t.Error("an invalid directory was signed")
	}
}
