// Package keys holds the keys of a market's parties: long-lived signing identities (Ed25519), period keys to which boxes are
// encrypted (HPKE, RFC 9180), and session keys (AES-256-GCM) that spare both a key exchange for every auction.
//
// Private keys never appear in an error, and not in print or logs, however they are nested. All types are safe for concurrent use.
package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"cipherbid/crypto/message"
)

// ErrSignature is returned for signatures that do not verify.
var ErrSignature = errors.New("signature does not verify")

// What a signature may be about. The domain is part of what gets signed, so that one cannot pass for another.
const (
	DomainRequest    = "cipherbid request signature v1"
	DomainEnrolment  = "cipherbid enrolment signature v1"
	DomainDirectory  = "cipherbid directory signature v1"
	DomainPeriodKey  = "cipherbid period key signature v1"
	DomainNotice     = "cipherbid notice signature v1"
	DomainTranscript = "cipherbid transcript signature v1"
)

// Identity is a private signing key.
type Identity struct {
	private secret[ed25519.PrivateKey]
}

// Public is a public signing key. It is base64 in text.
type Public []byte

// NewIdentity draws a signing key.
func NewIdentity() Identity {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("keys: no randomness: " + err.Error()) // crypto/rand never fails
	}
	return Identity{hide(private)}
}

// IdentityFromSeed restores a signing key from its 32 bytes.
func IdentityFromSeed(seed []byte) (Identity, error) {
	if len(seed) != ed25519.SeedSize {
		return Identity{}, fmt.Errorf("signing key has %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	return Identity{hide(ed25519.NewKeyFromSeed(seed))}, nil
}

// Seed returns the 32 secret bytes to store.
func (i Identity) Seed() []byte { return i.private().Seed() }

// Public returns the public key.
func (i Identity) Public() Public { return Public(i.private().Public().(ed25519.PublicKey)) }

// String keeps the key out of logs.
func (i Identity) String() string { return "identity (secret)" }

// GoString keeps the key out of logs.
func (i Identity) GoString() string { return i.String() }

// Sign signs a digest for a domain.
func (i Identity) Sign(domain string, digest message.Digest) []byte {
	return ed25519.Sign(i.private(), signedBytes(domain, digest))
}

// Verify checks a signature, and wraps [ErrSignature] if it does not hold.
func (p Public) Verify(domain string, digest message.Digest, signature []byte) error {
	if len(p) != ed25519.PublicKeySize || !ed25519.Verify(ed25519.PublicKey(p), signedBytes(domain, digest), signature) {
		return ErrSignature
	}
	return nil
}

func signedBytes(domain string, digest message.Digest) []byte {
	return append([]byte(domain+"\x00"), digest[:]...)
}

// ID is the short name of a public key on the wire.
func (p Public) ID() message.KeyID { return keyID(p) }

func keyID(b []byte) message.KeyID {
	sum := sha256.Sum256(b)
	return message.KeyID(sum[:8])
}

func (p Public) String() string { return base64.StdEncoding.EncodeToString(p) }
