package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// newPipeGroup is a group without a network, so that it lives in a bubble's own time. Pipes hold nothing: a write takes as long
// as the other end leaves it unread.
func newPipeGroup(n int) *group {
	g := &group{}
	listeners := map[string]*pipeListener{}
	for i := range n {
		ln := &pipeListener{address: pipeAddr(fmt.Sprintf("pipe:%d", i)), sockets: make(chan net.Conn), closed: make(chan struct{})}
		listeners[ln.Addr().String()] = ln
		g.add(ln)
	}
	g.dial = func(ctx context.Context, address string) (net.Conn, error) {
		here, there := net.Pipe()
		select {
		case listeners[address].sockets <- there:
			return here, nil
		case <-listeners[address].closed:
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return g
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

type pipeListener struct {
	address pipeAddr
	sockets chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.sockets:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return l.address }

// dialPipe connects to a party until the test ends.
func (g *group) dialPipe(t *testing.T, to int) net.Conn {
	t.Helper()
	socket, err := g.dial(t.Context(), g.peers[to].Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return socket
}

// manual is a party whose every byte a test decides: no pings, no reading. It is up when this returns.
func manual(t *testing.T, g *group, as, to int) *tls.Conn {
	t.Helper()
	c, err := outsider(g.dialPipe(t, to), as, nil)
	if err != nil {
		t.Fatal(err)
	}
	if welcome := read(t, c, headerBytes); string(welcome) != "\x00\x00\x00\x00" {
		t.Fatalf("welcome is %x", welcome)
	}
	write(t, c, make([]byte, headerBytes))
	return c
}

func read(t *testing.T, r io.Reader, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

// cable is a pipe that can be cut: then bytes vanish without a word to either end.
type cable struct {
	net.Conn
	cut *atomic.Bool
}

func (c cable) Read(b []byte) (int, error) {
	for {
		if n, err := c.Conn.Read(b); err != nil || !c.cut.Load() {
			return n, err
		}
	}
}

func (c cable) Write(b []byte) (int, error) {
	if c.cut.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
