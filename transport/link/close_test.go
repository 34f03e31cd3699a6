package link

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

// Wherever Close comes, it ends everything, and may come again.
func TestCloseLeavesNothing(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, g *group) (e *end, others func()){
		"nobody there": func(t *testing.T, g *group) (*end, func()) {
			for _, ln := range g.listeners[1:] {
				ln.Close()
			}
			a := start(t, g.config(0))
			a.log.await(t, "cannot link", "refused")
			return a, func() {}
		},
		"listeners that say nothing": func(t *testing.T, g *group) (*end, func()) { return start(t, g.config(0)), func() {} },
		"a dialer that says nothing": func(t *testing.T, g *group) (*end, func()) {
			c := start(t, g.config(2))
			dialTCP(t, g.peers[2].Address)
			return c, func() {}
		},
		"dialling, dialled and a queue": func(t *testing.T, g *group) (*end, func()) {
			short, deaf := g.config(1), g.config(2)
			short.MaxQueue = 1<<20 + headerBytes
			release := make(chan struct{})
			deaf.Handle = func(int, []byte) { <-release }
			a, b, c := start(t, g.config(0)), start(t, short), start(t, deaf)
			a.up(t, 1)
			b.up(t, 0)
			c.up(t, 1)
			b.up(t, 2)
			for err := error(nil); err == nil; err = b.Send(2, make([]byte, 100_000)) {
			}
			return b, func() {
				close(release)
				a.Close()
				c.Close()
			}
		},
		"listener closed by someone else": func(t *testing.T, g *group) (*end, func()) {
			c := start(t, g.config(2))
			g.listeners[2].Close()
			c.log.await(t, "listener is closed")
			return c, func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, 3)
			before := goleak.IgnoreCurrent()
			e, closeOthers := prepare(t, g)
			var closers sync.WaitGroup
			for range 4 {
				closers.Go(func() {
					if err := e.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			closers.Wait()
			for peer := range g.peers {
				if e.Up(peer) || e.Session(peer) != nil {
					t.Errorf("link to %d is up", peer)
				}
				if peer != e.config.Self && !errors.Is(e.Send(peer, []byte("x")), ErrDown) {
					t.Errorf("a frame to %d was taken", peer)
				}
			}
			if conn, err := net.Dial("tcp", g.peers[e.config.Self].Address); err == nil {
				conn.Close()
				t.Error("still listening")
			}
			closeOthers()
			goleak.VerifyNone(t, before)
		})
	}
}

// What waits for Handle must not hold up others, and Close waits for it.
func TestCloseWaitsForHandle(t *testing.T) {
	g := newGroup(t, 2)
	entered, release := make(chan struct{}), make(chan struct{})
	c := g.config(1)
	handled := false
	c.Handle = func(int, []byte) {
		close(entered)
		<-release
		handled = true
	}
	a, b := pair(t, g, g.config(0), c)
	a.send(t, 1, []byte("x"))
	next(t, entered)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		b.Close()
	}()
	a.down(t, 1) // the peer does not have to wait
	select {
	case <-closed:
		t.Error("Close did not wait")
	default:
	}
	close(release)
	next(t, closed)
	if !handled { // the race detector looks too
		t.Error("Close returned first")
	}
}

// A connection whose handshake ends just as Close has looked for connections does not come up.
func TestConnectionAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		b := start(t, g.config(1))
		cert, err := certificate(identity(1))
		if err != nil {
			t.Fatal(err)
		}
		here, there := net.Pipe()
		defer here.Close()
		go func() {
			if c, err := outsider(here, 0, nil); err == nil {
				c.Read(make([]byte, headerBytes))
				c.Write(make([]byte, headerBytes))
			}
		}()
		p, c, err := b.welcome(t.Context(), &wire{Conn: there, traffic: new(traffic)}, listenerConfig(cert, g.peers, 1))
		if err != nil {
			t.Fatal(err)
		}
		closed, cancel := context.WithCancel(t.Context())
		cancel()
		b.serve(closed, p, c)
		if !c.ended() || b.changes() > 0 {
			t.Error("it came up")
		}
	})
}
