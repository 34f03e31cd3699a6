package link

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

const (
	testSenders = 4   // goroutines for each direction of each pair
	testFrames  = 300 // of each
)

// testFrame is frame number n of a sender: what it is, noise of some length, and a digest.
func testFrame(random *rand.Rand, sender, n int) [][]byte {
	size := random.IntN(400)
	if random.IntN(20) == 0 {
		size = random.IntN(300_000)
	}
	head := binary.LittleEndian.AppendUint32([]byte{byte(sender)}, uint32(n))
	body := make([]byte, size)
	rand.NewChaCha8([32]byte(sha256.Sum256(head))).Read(body)
	sum := sha256.Sum256(append(bytes.Clone(head), body...))
	return [][]byte{head, body[:size/2], nil, body[size/2:], sum[:]}
}

// checker checks frames of testFrame from one peer.
type checker struct {
	next [testSenders]uint32
	left int
}

func (c *checker) check(frame []byte) error {
	if len(frame) < 5+sha256.Size {
		return errors.New("too short")
	}
	content, sum := frame[:len(frame)-sha256.Size], frame[len(frame)-sha256.Size:]
	if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) {
		return errors.New("not whole")
	}
	if n := binary.LittleEndian.Uint32(content[1:]); n != c.next[content[0]] {
		return errors.New("out of order")
	}
	c.next[content[0]]++
	c.left--
	return nil
}

func TestFramesArriveWholeAndInOrder(t *testing.T) {
	const parties = 3
	g := newGroup(t, parties)
	ends := make([]*end, parties)
	var arrived sync.WaitGroup
	for i := range ends {
		c := g.config(i)
		c.MaxQueue = 1<<20 + 4 // smaller than what is sent, so that senders meet its limit
		checkers := make([]checker, parties)
		for peer := range checkers {
			checkers[peer].left = testSenders * testFrames
		}
		arrived.Add(parties - 1)
		c.Handle = func(peer int, frame []byte) {
			if err := checkers[peer].check(frame); err != nil {
				t.Errorf("%d received %d bytes from %d: %v", i, len(frame), peer, err)
			}
			if checkers[peer].left == 0 {
				arrived.Done()
			}
		}
		ends[i] = start(t, c)
	}
	var full atomic.Int64
	for i, e := range ends {
		for peer := range parties {
			if peer == i {
				continue
			}
			e.up(t, peer)
			for sender := range testSenders {
				random := rand.New(rand.NewPCG(uint64(i*parties+peer), uint64(sender)))
				arrived.Go(func() {
					for n := range testFrames {
						parts := testFrame(random, sender, n)
						err := e.Send(peer, parts...)
						for ; errors.Is(err, ErrQueue); err = e.Send(peer, parts...) {
							full.Add(1)
							runtime.Gosched()
						}
						if err != nil {
							t.Errorf("%d to %d: %v", i, peer, err)
						}
						for _, part := range parts {
							clear(part) // Send must have copied it
						}
					}
				})
			}
		}
	}
	arrived.Wait()
	for i, e := range ends {
		for peer := range ends {
			if sent, received := e.Traffic(peer); i != peer && (sent < 1<<20 || received < 1<<20) {
				t.Errorf("%d counts %d bytes to %d and %d from it, though there were millions", i, sent, peer, received)
			}
		}
	}
	t.Logf("queues were full %d times", full.Load())
}

// gated counts writes and can hold them.
type gated struct {
	net.Conn
	writes *atomic.Int64
	gate   *sync.RWMutex
}

func (c gated) Write(b []byte) (int, error) {
	c.writes.Add(1)
	c.gate.RLock()
	defer c.gate.RUnlock()
	return c.Conn.Write(b)
}

// What gets queued while a write is under way goes out in few writes: one for each TLS record.
func TestSmallFramesShareWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newPipeGroup(2)
		dialer := g.config(0)
		var writes atomic.Int64
		var gate sync.RWMutex
		dialer.dial = func(ctx context.Context, address string) (net.Conn, error) {
			socket, err := g.dial(ctx, address)
			return gated{socket, &writes, &gate}, err
		}
		a, b := pair(t, g, dialer, g.config(1))
		synctest.Wait()
		before, _ := a.Traffic(1)
		writes.Store(0)
		gate.Lock()
		const frames, size = 1000, 100
		a.send(t, 1, make([]byte, size))
		for writes.Load() == 0 {
			runtime.Gosched() // until the writer is on its way with the first frame
		}
		for range frames - 1 {
			a.send(t, 1, make([]byte, size))
		}
		gate.Unlock()
		for range frames {
			next(t, b.frames)
		}
		const records = 1 + ((frames-1)*(size+headerBytes)+16383)/16384
		if n := writes.Load(); n != records {
			t.Errorf("%d frames took %d writes, want %d", frames, n, records)
		}
		synctest.Wait() // until the last write has returned and been counted
		after, _ := a.Traffic(1)
		if n := int(after - before); n != frames*(size+headerBytes)+records*22 { // header of 5, type, tag of 16
			t.Errorf("%d bytes on the network for %d frames in %d records", n, frames, records)
		}
	})
}

// Queueing and writing reuse memory.
func TestSendingDoesNotAllocate(t *testing.T) {
	q := newQueue(&sync.Pool{New: func() any { return new(block) }}, 1<<20)
	frame := make([]byte, 200)
	var blocks []*block
	if n := testing.AllocsPerRun(1000, func() {
		for range 10 {
			if err := q.push(2*len(frame), [][]byte{frame, frame}); err != nil {
				t.Error(err)
			}
		}
		blocks = q.take(blocks)
		for _, b := range blocks {
			q.giveBack(b)
		}
	}); n >= 1 { // the collector may empty the pool now and then
		t.Errorf("%v allocations", n)
	}
}
