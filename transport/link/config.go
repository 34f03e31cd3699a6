package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

const (
	handshakeTimeout = 5 * time.Second // from the first packet to the dialer's answer to the welcome
	pingInterval     = time.Second     // of own silence
	maxSilence       = 3 * time.Second // of the peer, or without progress of a write
	minBackoff       = 50 * time.Millisecond
	maxBackoff       = time.Second
	acceptPause      = 50 * time.Millisecond // after a failure to accept, such as no free descriptor

	maxHandshakes   = 16
	maxFrameLimit   = 1 << 30
	defaultMaxQueue = 64 << 20

	// maxWear is how many cipher blocks one end encrypts before it drops a connection to get new keys, which Go's TLS never
	// changes by itself. RFC 8446, section 5.5, allows AES-GCM 2^24.5 records of 2^10 blocks. About 256 GB.
	maxWear = 1 << 34
)

// Peer is another end, or in [Config.Peers] the own one.
type Peer struct {
	Name     string // in logs
	Address  string // host:port to dial; unused at and before the own position
	Identity ed25519.PublicKey
}

// Config describes a party's place among the others.
type Config struct {
	Self     int                // own position in Peers
	Identity ed25519.PrivateKey // of Peers[Self]
	Peers    []Peer             // all parties, the own one too, in the same order everywhere

	// Listener is where the peers before Self dial in; the first party may leave it out. The hub closes it.
	Listener net.Listener

	// Handle receives a peer's frames in the order of arrival and owns them. While it runs, nothing else is read from the peer:
	// it must not block for long, and not call Close. Calls for different peers overlap.
	Handle func(peer int, frame []byte)

	// Changed, if set, is told after a link came up or went down. What holds for Handle holds for it.
	Changed func(peer int)

	MaxFrame int // largest frame accepted or sent, in bytes, at most 2^30
	MaxQueue int // bytes that may wait for one peer, with 4 a frame; 0 means 64 MiB
	Logger   *slog.Logger

	// Only tests set these.
	dial func(ctx context.Context, address string) (net.Conn, error)
	wear int
}

// checked returns the configuration with its defaults, or what is wrong with it.
func (c Config) checked() (Config, error) {
	if len(c.Peers) < 2 || c.Self < 0 || c.Self >= len(c.Peers) {
		return c, fmt.Errorf("position %d among %d parties", c.Self, len(c.Peers))
	}
	if len(c.Identity) != ed25519.PrivateKeySize {
		return c, errors.New("own identity is not an Ed25519 private key")
	}
	names, keys := map[string]bool{}, map[string]bool{}
	for i, p := range c.Peers {
		if len(p.Identity) != ed25519.PublicKeySize {
			return c, fmt.Errorf("peer %d: identity is not an Ed25519 public key", i)
		}
		if p.Name == "" || names[p.Name] || keys[string(p.Identity)] {
			return c, fmt.Errorf("peer %d, %q: name is missing, or name or identity is another's too", i, p.Name)
		}
		names[p.Name], keys[string(p.Identity)] = true, true
		if i > c.Self {
			if _, _, err := net.SplitHostPort(p.Address); err != nil {
				return c, fmt.Errorf("peer %d, %q: %w", i, p.Name, err)
			}
		}
	}
	if !c.Identity.Public().(ed25519.PublicKey).Equal(c.Peers[c.Self].Identity) {
		return c, fmt.Errorf("own identity is not the one listed for %q", c.Peers[c.Self].Name)
	}
	if c.Listener == nil && c.Self > 0 {
		return c, errors.New("no listener, though peers dial in")
	}
	if c.Handle == nil {
		return c, errors.New("nobody handles frames")
	}
	if c.MaxFrame <= 0 || c.MaxFrame > maxFrameLimit {
		return c, fmt.Errorf("largest frame of %d bytes is not in 1 to 2^30", c.MaxFrame)
	}
	if c.MaxQueue == 0 {
		c.MaxQueue = max(defaultMaxQueue, c.MaxFrame+headerBytes)
	}
	if c.MaxQueue < c.MaxFrame+headerBytes {
		return c, fmt.Errorf("queue of %d bytes cannot hold a frame of %d", c.MaxQueue, c.MaxFrame)
	}
	if c.Changed == nil {
		c.Changed = func(int) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.dial == nil {
		c.dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	if c.wear == 0 {
		c.wear = maxWear
	}
	return c, nil
}
