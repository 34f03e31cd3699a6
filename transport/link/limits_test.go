package link

import (
	"encoding/binary"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestFrameSizes(t *testing.T) {
	g := newGroup(t, 2)
	dialer, listener := g.config(0), g.config(1)
	dialer.MaxFrame, listener.MaxFrame = 1001, 1000
	a, b := pair(t, g, dialer, listener)
	for _, size := range []int{1, 3, 4, 999, 1000} {
		a.send(t, 1, make([]byte, size/2), make([]byte, size-size/2))
		if got := next(t, b.frames); len(got.frame) != size || got.peer != 0 {
			t.Errorf("%d bytes from %d, want %d", len(got.frame), got.peer, size)
		}
	}
	if err := b.Send(0, make([]byte, 500), make([]byte, 501)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large a frame: %v", err)
	}
	for _, empty := range [][][]byte{nil, {nil, {}}} {
		if err := a.Send(1, empty...); err == nil {
			t.Error("an empty frame was taken")
		}
	}
	for _, nobody := range []int{-1, 0, 2} {
		if err := a.Send(nobody, []byte("x")); err == nil || errors.Is(err, ErrDown) {
			t.Errorf("to position %d: %v", nobody, err)
		}
		sent, received := a.Traffic(nobody)
		if a.Up(nobody) || a.Session(nobody) != nil || sent+received > 0 {
			t.Errorf("there is a link to position %d", nobody)
		}
	}
	a.send(t, 1, make([]byte, 1001)) // more than b takes
	b.down(t, 0)
	b.log.await(t, "link is down", "announced 1001 bytes of at most 1000")
	if len(b.frames) > 0 {
		t.Error("it was delivered all the same")
	}
}

// A peer that does not read fills its queue and no more. What was taken arrives once it reads again.
func TestQueueLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		c := g.config(1)
		c.MaxFrame, c.MaxQueue = 1000, 100_000
		b := start(t, c)
		conn := manual(t, g, 0, 1)
		b.up(t, 0)
		const size = 496
		taken := 0
		frame := make([]byte, size)
		for ; taken < 1000; taken++ {
			binary.LittleEndian.PutUint32(frame, uint32(taken))
			if err := b.Send(0, frame); err != nil {
				if !errors.Is(err, ErrQueue) {
					t.Fatal(err)
				}
				break
			}
		}
		if want := c.MaxQueue / (size + headerBytes); taken != want {
			t.Errorf("%d frames were taken, want %d", taken, want)
		}
		for n := range taken {
			got := read(t, conn, headerBytes+size)
			if length, number := binary.LittleEndian.Uint32(got), binary.LittleEndian.Uint32(got[headerBytes:]); length != size || number != uint32(n) {
				t.Fatalf("frame %d has number %d and %d bytes", n, number, length)
			}
		}
		synctest.Wait()
		b.send(t, 0, frame)
		read(t, conn, headerBytes+size)
	})
}

// Silent dialers hold few sockets, and do not keep a peer out.
func TestSilentDialersDoNotLockPeersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		b := start(t, g.config(1))
		const dialers = 10 * maxHandshakes
		var open atomic.Int64
		for range dialers {
			socket := g.dialPipe(t, 1)
			open.Add(1)
			go func() {
				defer open.Add(-1)
				socket.Read(make([]byte, 1))
			}()
		}
		begin := time.Now()
		synctest.Wait()
		if n := open.Load(); n != maxHandshakes {
			t.Errorf("%d sockets are open, want %d", n, maxHandshakes)
		}
		a := start(t, g.config(0))
		a.up(t, 1)
		b.up(t, 0)
		if took := time.Since(begin); took != 0 {
			t.Errorf("the peer had to wait for %v", took)
		}
		if n := len(b.lobby.wires); n != maxHandshakes-1 { // the peer took one's place, and has left
			t.Errorf("%d in the lobby", n)
		}
	})
}

// stumbling fails to accept a few times.
type stumbling struct {
	net.Listener
	failures atomic.Int64
}

func (l *stumbling) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

func TestFailureToAcceptPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		c := g.config(1)
		ln := &stumbling{Listener: c.Listener}
		ln.failures.Store(3)
		c.Listener = ln
		_, b := pair(t, g, g.config(0), c)
		b.log.await(t, "cannot accept", "too many open files")
	})
}
