package link

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
)

// Exporter labels, RFC 8446, section 7.5.
const (
	keyLabel = "EXPORTER-cipherbid-link"
	idLabel  = "EXPORTER-cipherbid-link-id"
)

// Session is what the two ends of a connection share. It is the same on both ends and new for every connection.
type Session struct {
	Key [32]byte // secret
	ID  [8]byte  // public name
}

func newSession(s tls.ConnectionState) (*Session, error) {
	key, err := s.ExportKeyingMaterial(keyLabel, nil, 32)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	name, err := s.ExportKeyingMaterial(idLabel, nil, 32)
	if err != nil {
		return nil, fmt.Errorf("session name: %w", err)
	}
	sum := sha256.Sum256(name)
	return &Session{[32]byte(key), [8]byte(sum[:8])}, nil
}

func (s Session) String() string { return fmt.Sprintf("session %x", s.ID) }

// Format keeps the key out of print, whatever the verb.
func (s Session) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText keeps the key out of JSON and logs.
func (s Session) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
