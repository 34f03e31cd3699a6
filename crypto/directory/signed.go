package directory

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// maxFileBytes bounds a directory file.
const maxFileBytes = 16 << 20

// signed is the file format: the directory and the operator's signature over its compact JSON.
type signed struct {
	Directory json.RawMessage `json:"directory"`
	Signature []byte          `json:"signature"`
}

// Sign validates a directory and returns the signed file.
func Sign(f File, operator keys.Identity) ([]byte, error) {
	if _, err := New(f); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("sign directory: %w", err)
	}
	out, err := json.MarshalIndent(signed{raw, operator.Sign(keys.DomainDirectory, digest(raw))}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("sign directory: %w", err)
	}
	return append(out, '\n'), nil
}

// Parse verifies a signed file with the operator's key, which every party has from elsewhere, and validates it.
func Parse(b []byte, operator keys.Public) (*Directory, error) {
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("directory: %d bytes, at most %d are allowed", len(b), maxFileBytes)
	}
	var s signed
	if err := strict(b, &s); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, s.Directory); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if err := operator.Verify(keys.DomainDirectory, digest(compact.Bytes()), s.Signature); err != nil {
		return nil, fmt.Errorf("directory: operator's %w; is the pinned operator key right?", err)
	}
	var f File
	if err := strict(s.Directory, &f); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return New(f)
}

// Load reads and parses a signed file.
func Load(path string, operator keys.Public) (*Directory, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return Parse(b, operator)
}

func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is data after the end")
	}
	return nil
}

func digest(compact []byte) message.Digest { return sha256.Sum256(compact) }
