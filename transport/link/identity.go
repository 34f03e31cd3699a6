package link

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"
)

const protocol = "cipherbid-link/1"

// errRefused is wrapped by errors about who the other end is.
var errRefused = errors.New("refused")

// certificate wraps the identity for TLS. What gets signed, here and in handshakes, starts unlike anything that the market's
// parties sign with the same key, so neither passes for the other.
func certificate(identity ed25519.PrivateKey) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // never, RFC 5280, section 4.1.2.5
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, identity.Public(), identity)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: identity}, nil
}

// dialerConfig accepts one peer only.
func dialerConfig(cert tls.Certificate, p Peer) *tls.Config {
	return config(cert, func(key ed25519.PublicKey) error {
		if !key.Equal(p.Identity) {
			return fmt.Errorf("%w: who answers for %s has the key %s", errRefused, p.Name, short(key))
		}
		return nil
	})
}

// listenerConfig accepts the peers before self.
func listenerConfig(cert tls.Certificate, peers []Peer, self int) *tls.Config {
	return config(cert, func(key ed25519.PublicKey) error {
		switch i := position(peers, key); {
		case i < 0:
			return fmt.Errorf("%w: key %s is not listed", errRefused, short(key))
		case i >= self:
			return fmt.Errorf("%w: %s must not dial %s, which comes before it", errRefused, peers[i].Name, peers[self].Name)
		}
		return nil
	})
}

func config(cert tls.Certificate, verify func(ed25519.PublicKey) error) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{protocol},
		ClientAuth:   tls.RequireAnyClientCert,
		// No authority vouches for names here: VerifyConnection compares the key, and TLS has its holder sign the handshake.
		InsecureSkipVerify:          true,
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // many frames in a record, also on a young connection
		VerifyConnection: func(s tls.ConnectionState) error {
			key, err := leafKey(s)
			if err != nil {
				return err
			}
			return verify(key)
		},
	}
}

// leafKey returns the key that the other end has signed the handshake with.
func leafKey(s tls.ConnectionState) (ed25519.PublicKey, error) {
	if s.NegotiatedProtocol != protocol || s.DidResume {
		return nil, fmt.Errorf("%w: not a fresh connection of protocol %s", errRefused, protocol)
	}
	if len(s.PeerCertificates) == 0 {
		return nil, fmt.Errorf("%w: no certificate", errRefused)
	}
	key, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: certificate has no Ed25519 key", errRefused)
	}
	return key, nil
}

// position returns where a key is listed, or -1.
func position(peers []Peer, key ed25519.PublicKey) int {
	for i, p := range peers {
		if key.Equal(p.Identity) {
			return i
		}
	}
	return -1
}

// short names a public key in logs.
func short(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return fmt.Sprintf("%x", sum[:8])
}
