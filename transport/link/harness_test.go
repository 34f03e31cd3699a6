package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience bounds waits in tests: reaching it means that something hangs.
const patience = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// identity derives a party's key from its number.
func identity(n int) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n + 1)}, ed25519.SeedSize))
}

// group is a number of parties on free ports of this machine, or on pipes.
type group struct {
	peers     []Peer
	listeners []net.Listener
	dial      func(ctx context.Context, address string) (net.Conn, error) // nil for TCP
}

func newGroup(t testing.TB, n int) *group {
	t.Helper()
	g := &group{}
	for range n {
		g.add(listen(t, "127.0.0.1:0"))
	}
	return g
}

func (g *group) add(ln net.Listener) {
	i := len(g.peers)
	g.peers = append(g.peers, Peer{string(rune('a' + i)), ln.Addr().String(), identity(i).Public().(ed25519.PublicKey)})
	g.listeners = append(g.listeners, ln)
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// config is that of one party, without anything that handles frames.
func (g *group) config(self int) Config {
	return Config{Self: self, Identity: identity(self), Peers: g.peers, Listener: g.listeners[self], MaxFrame: 1 << 20, dial: g.dial}
}

// end is a hub with what it has received.
type end struct {
	*Hub
	frames  chan received
	changed []chan *Session // for each peer, what Changed saw
	log     *logs
}

type received struct {
	peer  int
	frame []byte
}

// start starts a hub that ends with the test. It delivers frames to a channel unless the configuration says otherwise.
func start(t testing.TB, c Config) *end {
	t.Helper()
	e := &end{frames: make(chan received, 1<<12), log: new(logs)}
	for range c.Peers {
		e.changed = append(e.changed, make(chan *Session, 1<<10))
	}
	ready := make(chan struct{})
	if c.Handle == nil {
		c.Handle = func(peer int, frame []byte) { e.frames <- received{peer, frame} }
	}
	c.Changed = func(peer int) {
		<-ready
		e.changed[peer] <- e.Session(peer)
	}
	c.Logger = slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	e.Hub = h
	close(ready)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", c.Peers[c.Self].Name, e.log)
		}
	})
	return e
}

// next waits for a value.
func next[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("waited for too long")
		panic("unreachable")
	}
}

// up waits until the link to a peer comes up.
func (e *end) up(t testing.TB, peer int) *Session {
	t.Helper()
	for {
		if session := next(t, e.changed[peer]); session != nil {
			return session
		}
	}
}

// down waits until the link to a peer goes down.
func (e *end) down(t testing.TB, peer int) {
	t.Helper()
	for next(t, e.changed[peer]) != nil {
	}
}

// changes counts what up and down have not seen yet.
func (e *end) changes() (n int) {
	for _, c := range e.changed {
		n += len(c)
	}
	return n
}

// send sends a frame that must be taken.
func (e *end) send(t testing.TB, peer int, parts ...[]byte) {
	t.Helper()
	if err := e.Send(peer, parts...); err != nil {
		t.Fatal(err)
	}
}

// pair starts two hubs, waits for their link and returns them, the dialer first.
func pair(t testing.TB, g *group, dialer, listener Config) (a, b *end) {
	t.Helper()
	a, b = start(t, dialer), start(t, listener)
	if s, other := a.up(t, 1), b.up(t, 0); *s != *other {
		t.Fatal("the ends have different sessions")
	}
	return a, b
}

// logs is a log that can be waited on.
type logs struct {
	mu      sync.Mutex
	text    strings.Builder
	written chan struct{} // replaced by each line
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.written != nil {
		close(l.written)
		l.written = nil
	}
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until a line has all of the given parts.
func (l *logs) await(t testing.TB, parts ...string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		l.mu.Lock()
		if l.written == nil {
			l.written = make(chan struct{})
		}
		written, text := l.written, l.text.String()
		l.mu.Unlock()
		for line := range strings.Lines(text) {
			if containsAll(line, parts) {
				return
			}
		}
		select {
		case <-written:
		case <-timeout:
			t.Fatalf("no line with %q in\n%s", parts, text)
		}
	}
}

func containsAll(line string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}

// outsider shakes hands over a socket as any party, with any TLS configuration. It knows nothing of links.
func outsider(socket net.Conn, as int, change func(*tls.Config)) (*tls.Conn, error) {
	cert, err := certificate(identity(as))
	if err != nil {
		return nil, err
	}
	c := config(cert, nil)
	c.VerifyConnection = nil
	if change != nil {
		change(c)
	}
	t := tls.Client(socket, c)
	return t, t.Handshake()
}

// dialTCP connects to an address until the test ends.
func dialTCP(t testing.TB, address string) net.Conn {
	t.Helper()
	socket, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	if err := socket.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return socket
}
