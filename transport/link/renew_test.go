package link

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// A party that dies in the middle of a stream is noticed, and its link returns with it, in a new session.
func TestLinkReturnsAfterRestart(t *testing.T) {
	for dies, name := range []string{"dialer", "listener"} {
		t.Run(name+" dies", func(t *testing.T) {
			g := newGroup(t, 2)
			configs, ends := [2]Config{g.config(0), g.config(1)}, [2]*end{}
			configs[dies].Handle = func(int, []byte) {}
			ends[0], ends[1] = pair(t, g, configs[0], configs[1])
			first := *ends[0].Session(1)
			lives := 1 - dies
			var stream sync.WaitGroup
			stream.Go(func() {
				err := error(nil)
				for ; err == nil || errors.Is(err, ErrQueue); err = ends[lives].Send(dies, make([]byte, 5000)) {
					runtime.Gosched()
				}
				if !errors.Is(err, ErrDown) {
					t.Error(err)
				}
			})
			if err := ends[dies].Close(); err != nil {
				t.Fatal(err)
			}
			ends[lives].down(t, dies)
			stream.Wait()
			if ends[lives].Up(dies) || ends[lives].Session(dies) != nil {
				t.Error("still up")
			}
			g.listeners[dies] = listen(t, g.peers[dies].Address)
			again := start(t, g.config(dies))
			here, there := ends[lives].up(t, dies), again.up(t, lives)
			if *here != *there {
				t.Error("the ends have different sessions")
			}
			if here.Key == first.Key || here.ID == first.ID {
				t.Error("the session is the old one")
			}
			ends[lives].send(t, dies, []byte("welcome back"))
			if got := next(t, again.frames); string(got.frame) != "welcome back" {
				t.Errorf("received %q", got.frame)
			}
		})
	}
}

// Where the listener still holds a connection that the dialer has given up on, the new one replaces it: not before its last
// frame has been handled, and only once the dialer has answered the welcome.
func TestNewConnectionReplacesStaleOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		events, release := make(chan string, 100), make(chan struct{})
		c := g.config(1)
		c.Handle = func(_ int, frame []byte) {
			<-release
			events <- string(frame)
		}
		b := start(t, c)
		old := manual(t, g, 0, 1)
		first := b.up(t, 0)
		write(t, old, []byte("\x03\x00\x00\x00old"))
		over := make(chan struct{})
		go func() {
			defer close(over)
			io.Copy(io.Discard, old)
		}()
		synctest.Wait() // Handle has the frame and waits

		idle, err := outsider(g.dialPipe(t, 1), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		read(t, idle, headerBytes)
		synctest.Wait()
		select {
		case <-over:
			t.Error("replaced by a connection whose dialer did not answer")
		default:
		}

		fresh := manual(t, g, 0, 1)
		go fresh.Write([]byte("\x05\x00\x00\x00fresh"))
		synctest.Wait()
		select {
		case <-over:
		default:
			t.Error("the old connection is open")
		}
		if b.changes() > 0 || b.Session(0) != first {
			t.Error("replaced while a frame was being handled")
		}
		close(release)
		if got := next(t, events); got != "old" {
			t.Errorf("first frame is %q", got)
		}
		b.down(t, 0)
		second := b.up(t, 0)
		if got := next(t, events); got != "fresh" || *second == *first {
			t.Errorf("then %q in %v after %v", got, second, first)
		}
		b.send(t, 0, []byte("you"))
		if got := read(t, fresh, headerBytes+3); string(got) != "\x03\x00\x00\x00you" {
			t.Errorf("answered %q", got)
		}
	})
}

// Keys that have encrypted as much as they may are replaced, with the connection.
func TestWornKeysAreReplaced(t *testing.T) {
	g := newGroup(t, 2)
	dialer := g.config(0)
	dialer.wear = 1000 // blocks of 16 bytes
	a, b := pair(t, g, dialer, g.config(1))
	first := *a.Session(1)
	for range 3 {
		a.send(t, 1, make([]byte, 5000))
		next(t, b.frames)
	}
	a.send(t, 1, make([]byte, 5000))
	a.down(t, 1)
	a.log.await(t, "link is down", "new keys")
	if again := a.up(t, 1); *again == first {
		t.Error("no new session")
	}
}
