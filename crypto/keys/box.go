package keys

import (
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"

	"cipherbid/crypto/message"
)

// Suite names the key encapsulation of a market's boxes.
type Suite string

const (
	// Hybrid is MLKEM768-X25519 (X-Wing): it holds as long as one of the two does. The default.
	Hybrid Suite = "mlkem768-x25519"
	// X25519 is DHKEM(X25519, HKDF-SHA256): half the time, a tenth of the bytes, no protection against quantum computers.
	X25519 Suite = "x25519"
)

func (s Suite) kem() (hpke.KEM, error) {
	switch s {
	case Hybrid:
		return hpke.MLKEM768X25519(), nil
	case X25519:
		return hpke.DHKEM(ecdh.X25519()), nil
	}
	return nil, fmt.Errorf("unknown suite %q, want %q or %q", string(s), Hybrid, X25519)
}

// BoxKey is a private key to which boxes are encrypted for one period.
type BoxKey struct {
	private secret[hpke.PrivateKey]
	public  BoxPublic
}

// BoxPublic is the public half of a BoxKey.
type BoxPublic struct {
	key hpke.PublicKey
	id  message.KeyID
}

// NewBoxKey draws a key.
func NewBoxKey(s Suite) (*BoxKey, error) {
	kem, err := s.kem()
	if err != nil {
		return nil, err
	}
	private, err := kem.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate period key: %w", err)
	}
	return newBoxKey(private), nil
}

// ParseBoxKey restores a private key from Bytes.
func ParseBoxKey(s Suite, b []byte) (*BoxKey, error) {
	kem, err := s.kem()
	if err != nil {
		return nil, err
	}
	private, err := kem.NewPrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("period key does not belong to suite %s", s) // the cause may quote the key
	}
	return newBoxKey(private), nil
}

func newBoxKey(private hpke.PrivateKey) *BoxKey {
	pub := private.PublicKey()
	return &BoxKey{hide(private), BoxPublic{pub, keyID(pub.Bytes())}}
}

// Bytes returns the secret bytes to store.
func (k *BoxKey) Bytes() ([]byte, error) { return k.private().Bytes() }

// Public returns the public key.
func (k *BoxKey) Public() BoxPublic { return k.public }

// String keeps the key out of logs.
func (k *BoxKey) String() string { return "box key (secret)" }

// Open opens a box sealed to k under the same info.
func (k *BoxKey) Open(info, box []byte) ([]byte, error) {
	b, err := hpke.Open(k.private(), hpke.HKDFSHA256(), hpke.AES256GCM(), info, box)
	if err != nil {
		return nil, fmt.Errorf("box does not open")
	}
	return b, nil
}

// ParseBoxPublic restores a public key from Bytes.
func ParseBoxPublic(s Suite, b []byte) (BoxPublic, error) {
	kem, err := s.kem()
	if err != nil {
		return BoxPublic{}, err
	}
	pub, err := kem.NewPublicKey(b)
	if err != nil {
		return BoxPublic{}, fmt.Errorf("public period key does not belong to suite %s: %w", s, err)
	}
	return BoxPublic{pub, keyID(b)}, nil
}

// Bytes returns the encoded public key.
func (p BoxPublic) Bytes() []byte { return p.key.Bytes() }

// ID is the short name of the key on the wire.
func (p BoxPublic) ID() message.KeyID { return p.id }

// Seal encrypts a box to p, bound to info.
func (p BoxPublic) Seal(info, plaintext []byte) ([]byte, error) {
	box, err := hpke.Seal(p.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal box: %w", err)
	}
	return box, nil
}
