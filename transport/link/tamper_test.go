package link

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// meddler is a TCP proxy that can damage what it forwards and records what dialers send.
type meddler struct {
	address  string
	flip     [2]atomic.Bool // for each way, towards the listener first: flip a bit in the next packet, once
	mu       sync.Mutex
	recorded bytes.Buffer
}

func meddle(t *testing.T, target string) *meddler {
	t.Helper()
	ln := listen(t, "127.0.0.1:0")
	m := &meddler{address: ln.Addr().String()}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				near.Close()
				continue
			}
			wait.Go(func() { m.forward(far, near, 0) })
			wait.Go(func() { m.forward(near, far, 1) })
		}
	})
	t.Cleanup(func() { ln.Close(); wait.Wait() }) // after the hubs, which have been started later
	return m
}

func (m *meddler) forward(to, from net.Conn, way int) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if m.flip[way].CompareAndSwap(true, false) {
			b[n-1] ^= 1
		}
		if way == 0 {
			m.mu.Lock()
			m.recorded.Write(b[:n])
			m.mu.Unlock()
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func numbered(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

// A changed bit breaks the link. What was delivered is the beginning of what was sent.
func TestDamageBreaksTheLink(t *testing.T) {
	for way, name := range []string{"towards the listener", "towards the dialer"} {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, 2)
			m := meddle(t, g.peers[1].Address)
			dialer := g.config(0)
			dialer.Peers = append([]Peer{}, g.peers...)
			dialer.Peers[1].Address = m.address
			a, b := pair(t, g, dialer, g.config(1))
			first := a.Session(1)
			from, to, peer := a, b, 1
			if way == 1 {
				from, to, peer = b, a, 0
			}
			const good, all = 100, 200
			for n := range good {
				from.send(t, peer, numbered(n))
			}
			for n := range good {
				if got := next(t, to.frames).frame; !bytes.Equal(got, numbered(n)) {
					t.Fatalf("frame %d is %x", n, got)
				}
			}
			m.flip[way].Store(true)
			for n := good; n < all && from.Send(peer, numbered(n)) == nil; n++ {
			}
			to.down(t, 1-peer)
			if len(to.frames) >= all-good {
				t.Error("nothing was lost")
			}
			for n := good; len(to.frames) > 0; n++ {
				if got := next(t, to.frames).frame; !bytes.Equal(got, numbered(n)) {
					t.Errorf("frame %d became %x", n, got)
				}
			}
			to.log.await(t, "link is down", "bad record MAC")
			if again := a.up(t, 1); *again == *first || *again != *b.up(t, 0) {
				t.Error("no new session")
			}
		})
	}
}

func TestDamagedHandshakeIsTriedAgain(t *testing.T) {
	for way, name := range []string{"towards the listener", "towards the dialer"} {
		t.Run(name, func(t *testing.T) {
			g := newGroup(t, 2)
			m := meddle(t, g.peers[1].Address)
			m.flip[way].Store(true)
			dialer := g.config(0)
			dialer.Peers = append([]Peer{}, g.peers...)
			dialer.Peers[1].Address = m.address
			a, _ := pair(t, g, dialer, g.config(1))
			a.log.await(t, "cannot link", "handshake")
		})
	}
}

// What somebody has recorded opens no link, delivers nothing and does not disturb the link that is up.
func TestRecordedBytesAreWorthless(t *testing.T) {
	g := newGroup(t, 2)
	m := meddle(t, g.peers[1].Address)
	dialer := g.config(0)
	dialer.Peers = append([]Peer{}, g.peers...)
	dialer.Peers[1].Address = m.address
	a, b := pair(t, g, dialer, g.config(1))
	session := b.Session(0)
	a.send(t, 1, []byte("pay"))
	next(t, b.frames)
	m.mu.Lock()
	recorded := bytes.Clone(m.recorded.Bytes())
	m.mu.Unlock()
	socket := dialTCP(t, g.peers[1].Address)
	write(t, socket, recorded)
	b.log.await(t, "ended before it was up", "reason")
	a.send(t, 1, []byte("once"))
	if got := next(t, b.frames).frame; string(got) != "once" || len(b.frames) > 0 || b.changes() > 0 || b.Session(0) != session {
		t.Errorf("after a replay: frame %q, %d more, %d changes", got, len(b.frames), b.changes())
	}
}
