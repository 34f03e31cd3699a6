package link

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// In the bubble's time: pings keep an idle link up, and when the network swallows everything both ends notice within three
// seconds of the last sign of life. With the network the link returns.
func TestSilenceIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		var cut atomic.Bool
		dialer := g.config(0)
		dialer.dial = func(ctx context.Context, address string) (net.Conn, error) {
			socket, err := g.dial(ctx, address)
			return cable{socket, &cut}, err
		}
		a, b := pair(t, g, dialer, g.config(1))
		session := a.Session(1)
		time.Sleep(10 * time.Minute)
		if a.changes() > 0 || b.changes() > 0 || a.Session(1) != session {
			t.Error("an idle link changed")
		}
		a.send(t, 1, []byte("x"))
		synctest.Wait()
		cut.Store(true)
		start := time.Now()
		a.down(t, 1)
		b.down(t, 0)
		if took := time.Since(start); took < maxSilence-pingInterval || took > maxSilence {
			t.Errorf("noticed after %v", took)
		}
		if a.Up(1) || b.Up(0) || !errors.Is(a.Send(1, []byte("x")), ErrDown) {
			t.Error("still up")
		}
		if logs := a.log.String() + b.log.String(); !strings.Contains(logs, "no sign of life for 3s") { // the other may see the end
			t.Errorf("no reason in\n%s", logs)
		}
		time.Sleep(time.Minute)
		cut.Store(false)
		start = time.Now()
		a.up(t, 1)
		b.up(t, 0)
		if took := time.Since(start); took > handshakeTimeout+maxBackoff {
			t.Errorf("returned after %v", took)
		}
	})
}

// A peer that talks but does not read is dropped too.
func TestDeafPeerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		b := start(t, g.config(1))
		conn := manual(t, g, 0, 1)
		b.up(t, 0)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, err := conn.Write(make([]byte, headerBytes)); err != nil {
					return
				}
				time.Sleep(pingInterval)
			}
		}()
		start := time.Now()
		b.send(t, 0, []byte("x"))
		b.down(t, 0)
		if took := time.Since(start); took != maxSilence {
			t.Errorf("dropped after %v", took)
		}
		<-done
	})
}

// Who dials and does not get on with it is cut off in time, wherever it stops.
func TestSlowHandshakesAreCut(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, socket net.Conn) io.Reader{
		"says nothing": func(_ *testing.T, socket net.Conn) io.Reader { return socket },
		"announces a record": func(t *testing.T, socket net.Conn) io.Reader {
			write(t, socket, []byte{22, 3, 1, 0x40, 0})
			return socket
		},
		"does not answer the welcome": func(t *testing.T, socket net.Conn) io.Reader {
			c, err := outsider(socket, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			read(t, c, headerBytes)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newPipeGroup(2)
				b := start(t, g.config(1))
				start := time.Now()
				if n, err := begin(t, g.dialPipe(t, 1)).Read(make([]byte, 1)); err == nil {
					t.Errorf("%d bytes instead of an end", n)
				}
				if took := time.Since(start); took != handshakeTimeout {
					t.Errorf("cut off after %v", took)
				}
				b.log.await(t, "ended before it was up", "handshake took longer")
				if b.changes() > 0 {
					t.Error("the link came up")
				}
			})
		})
	}
}

// The same holds for a listener that does not answer.
func TestDialerGivesUpAndTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		tries := make(chan net.Conn, 100)
		c := g.config(0)
		c.dial = func(context.Context, string) (net.Conn, error) {
			here, there := net.Pipe()
			tries <- there
			return here, nil
		}
		start(t, c)
		first := next(t, tries)
		begin := time.Now()
		next(t, tries)
		if took := time.Since(begin); took <= handshakeTimeout || took > handshakeTimeout+minBackoff {
			t.Errorf("next try after %v", took)
		}
		if _, err := first.Write([]byte("too late")); err == nil {
			t.Error("the first try is still open")
		}
	})
}

// Tries get rarer, also where connections end as soon as they are up. A cause that stays is logged once.
func TestBackoff(t *testing.T) {
	const tries = 20
	g := newPipeGroup(2)
	cert, err := certificate(identity(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		dial  func() (net.Conn, error)
		line  string
		lines int // in the log; one more if the last try has got so far
	}{
		{"unreachable", func() (net.Conn, error) { return nil, errors.New("no route") }, "no route", 1},
		{"dropped at once", func() (net.Conn, error) {
			here, there := net.Pipe()
			go func() {
				defer there.Close()
				c := tls.Server(there, listenerConfig(cert, g.peers, 1))
				if _, err := c.Write(make([]byte, headerBytes)); err == nil {
					c.Read(make([]byte, headerBytes))
				}
			}()
			return here, nil
		}, "link is down", tries - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				times := make(chan time.Time, tries)
				c := g.config(0)
				c.Listener = nil
				c.dial = func(context.Context, string) (net.Conn, error) {
					select {
					case times <- time.Now():
					default:
					}
					return tc.dial()
				}
				a := start(t, c)
				before, backoff := next(t, times), minBackoff
				for n := range tries - 1 {
					now := next(t, times)
					if gap := now.Sub(before); gap < backoff/2 || gap >= backoff {
						t.Errorf("try %d after %v, want %v to %v", n+1, gap, backoff/2, backoff)
					}
					before, backoff = now, min(2*backoff, maxBackoff)
				}
				if n := strings.Count(a.log.String(), tc.line); n != tc.lines && (n != tc.lines+1 || n != tries) {
					t.Errorf("%d lines tell that %s, want %d", n, tc.line, tc.lines)
				}
			})
		})
	}
}
