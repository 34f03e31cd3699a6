package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"cipherbid/crypto/message"
)

// Session seals boxes between one sender and one receiver for the rest of a period: AES-256-GCM under random 96-bit nonces, of
// which a key may see 2^32 (NIST SP 800-38D), fifty thousand a second for a day. A restart needs no counter to survive.
type Session struct {
	aead secret[cipher.AEAD]
}

// SessionOverhead is how much longer a box is than what it holds.
const SessionOverhead = message.BoxOverhead

// NewSessionKey draws a session key.
func NewSessionKey() []byte {
	key := make([]byte, message.SessionKeyBytes)
	rand.Read(key)
	return key
}

// NewSession prepares a session key for use. The caller may wipe it afterwards.
func NewSession(key []byte) (*Session, error) {
	if len(key) != message.SessionKeyBytes {
		return nil, errors.New("session key has the wrong length")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errors.New("session key is refused")
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, errors.New("session key is refused")
	}
	return &Session{hide(aead)}, nil
}

// Seal appends a box that holds plaintext and is bound to context.
func (s *Session) Seal(dst, plaintext []byte, context *message.Digest) []byte {
	return s.aead().Seal(dst, nil, plaintext, context[:])
}

// Open appends what a box holds to dst, if the box was sealed in this session for this context.
func (s *Session) Open(dst, box []byte, context *message.Digest) ([]byte, error) {
	b, err := s.aead().Open(dst, nil, box, context[:])
	if err != nil {
		return nil, errors.New("box does not open in this session")
	}
	return b, nil
}
