package link

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"sync/atomic"
	"testing"
)

// A listener takes nobody but the holders of the keys listed before its own, and its log says whom it refused.
func TestListenerRefuses(t *testing.T) {
	g := newGroup(t, 3)
	b := start(t, g.config(1))
	address := g.peers[1].Address
	for _, tc := range []struct {
		name   string
		as     int
		change func(*tls.Config)
		log    []string
	}{
		{"stranger", 9, nil, []string{"WARN", "refused: key " + short(identity(9).Public().(ed25519.PublicKey)) + " is not listed"}},
		{"party behind it", 2, nil, []string{"WARN", "refused: c must not dial b"}},
		{"itself", 1, nil, []string{"WARN", "refused: b must not dial b"}},
		{"no certificate", 0, func(c *tls.Config) { c.Certificates = nil }, []string{"certificate"}},
		{"stolen certificate", 9, func(c *tls.Config) { c.Certificates[0].Certificate = stolen(t, 0) }, []string{"invalid signature"}},
		{"other kind of key", 0, func(c *tls.Config) { c.Certificates[0] = ecdsaCertificate(t) }, []string{"no Ed25519 key"}},
		{"no protocol", 0, func(c *tls.Config) { c.NextProtos = nil }, []string{"not a fresh connection of protocol"}},
		{"other protocol", 0, func(c *tls.Config) { c.NextProtos = []string{"h2"} }, []string{"unsupported application protocols"}},
		{"TLS 1.2", 0, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }, []string{"unsupported versions"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := outsider(dialTCP(t, address), tc.as, tc.change)
			if err == nil { // the dialer's handshake may end before the listener has seen its certificate
				if _, err := conn.Read(make([]byte, 1)); err == nil {
					t.Error("was welcomed")
				}
			}
			b.log.await(t, tc.log...)
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		socket := dialTCP(t, address)
		write(t, socket, []byte("POST /frames HTTP/1.1\r\nHost: b\r\n\r\n"))
		b.log.await(t, "does not look like a TLS handshake")
	})
	if b.changes() > 0 || len(b.frames) > 0 || b.Up(0) || b.Up(2) {
		t.Error("a link came up")
	}
	a := start(t, g.config(0)) // the right one still gets in
	a.up(t, 1)
}

// stolen returns a party's certificate, which everyone has seen who ever dialled it.
func stolen(t *testing.T, from int) [][]byte {
	t.Helper()
	cert, err := certificate(identity(from))
	if err != nil {
		t.Fatal(err)
	}
	return cert.Certificate
}

func ecdsaCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A dialer takes nobody but the one whom it meant, not even another party.
func TestDialerRefuses(t *testing.T) {
	g := newGroup(t, 3)
	misled := g.config(0)
	misled.Peers = append([]Peer{}, g.peers...)
	misled.Peers[1].Address, misled.Peers[2].Address = g.peers[2].Address, g.peers[1].Address
	b, c := start(t, g.config(1)), start(t, g.config(2))
	a := start(t, misled)
	a.log.await(t, "cannot link", "peer=b", "refused: who answers for b has the key "+short(g.peers[2].Identity))
	a.log.await(t, "cannot link", "peer=c", "refused: who answers for c has the key "+short(g.peers[1].Identity))
	if a.changes() > 0 || b.Up(0) || c.Up(0) {
		t.Error("a link came up")
	}
}

// Whoever is refused learns of it in its own log.
func TestRefusedDialerIsTold(t *testing.T) {
	g := newGroup(t, 2)
	start(t, g.config(1))
	c := g.config(0)
	c.Identity = identity(9)
	c.Peers = append([]Peer{}, g.peers...)
	c.Peers[0].Identity = c.Identity.Public().(ed25519.PublicKey)
	a := start(t, c)
	a.log.await(t, "cannot link", "peer=b", "bad certificate")
}

// countingCache counts what could resume a session.
type countingCache struct{ puts atomic.Int64 }

func (c *countingCache) Get(string) (*tls.ClientSessionState, bool)  { return nil, false }
func (c *countingCache) Put(_ string, state *tls.ClientSessionState) { c.puts.Add(1) }

func TestHandshakeIsHybridAndCannotBeResumed(t *testing.T) {
	g := newGroup(t, 2)
	b := start(t, g.config(1))
	var cache countingCache
	conn, err := outsider(dialTCP(t, g.peers[1].Address), 0, func(c *tls.Config) {
		c.SessionTicketsDisabled, c.ClientSessionCache = false, &cache
	})
	if err != nil {
		t.Fatal(err)
	}
	read(t, conn, headerBytes)
	write(t, conn, make([]byte, headerBytes))
	session := b.up(t, 0)
	b.send(t, 0, []byte("x")) // a ticket would come before it
	read(t, conn, headerBytes+1)
	state := conn.ConnectionState()
	if state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768 || state.DidResume || cache.puts.Load() != 0 {
		t.Errorf("version %x, key exchange %v, resumed %v, %d tickets", state.Version, state.CurveID, state.DidResume, cache.puts.Load())
	}
	other, err := newSession(state)
	if err != nil || *other != *session {
		t.Errorf("sessions differ, or %v", err)
	}
	if sum := sha256.Sum256(session.Key[:]); session.ID == [8]byte(sum[:8]) || session.ID == [8]byte(session.Key[:8]) {
		t.Error("the public name tells about the key")
	}
}
