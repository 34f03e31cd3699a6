// Package link keeps one connection between every two parties of a small fixed group, such as a market's trustees: mutually
// authenticated, encrypted, and shared by the messages of all auctions in flight, many of which travel in one packet.
//
// [Start] a [Hub] with the parties in an order that all of them agree on: a hub dials those after itself and is dialled by
// those before. [Hub.Send] queues a frame for a peer, [Config.Handle] receives those of peers, and [Hub.Session] names what the
// two ends of a connection share.
//
// Connections are TLS 1.3 with its default key exchange (hybrid, X25519MLKEM768), so that recorded traffic stays closed to a
// quantum computer. Both ends prove that they hold the Ed25519 key listed for them. Refused are: keys that are not listed,
// parties that dial though they should be dialled, resumed sessions, another protocol, frames above [Config.MaxFrame].
//
// A connection is up once its dialer has answered the listener's welcome, so that both ends mean the same one; a newer one
// replaces it. An end that hears nothing for three seconds drops it (both ends ping after a second of silence), and the dialer
// tries again until [Hub.Close]. A connection is dropped, too, when its keys have encrypted about 256 GB.
//
// What is promised: within a connection frames arrive whole, once, and in the order of Send. Calls of Handle and Changed for one
// peer never overlap, and all frames of a connection come between the Changed that tells it is up and the one that tells it
// is down. What is not: frames on their way when a connection breaks are lost, and nobody is told which; a large frame
// holds up those behind it; sizes and timing are visible to the network; whoever can cut the network or flood the listener
// with handshakes can keep a link down.
package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Errors of Send.
var (
	ErrDown     = errors.New("link is down")                // now; Changed tells when it is up again
	ErrQueue    = errors.New("too much waits for the peer") // it reads too slowly: drop the frame or try later
	ErrTooLarge = errors.New("frame is too large")          // for Config.MaxFrame
)

// Hub is one party's end of the links to all others. It is safe for concurrent use.
type Hub struct {
	config Config
	peers  []*peer // nil at the own position
	lobby  lobby
	pool   sync.Pool // of *block
	wait   sync.WaitGroup
	close  func() error
}

// Start begins to dial and to accept. It returns without waiting for any link. Callers must Close the hub.
func Start(c Config) (*Hub, error) {
	c, err := c.checked()
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	cert, err := certificate(c.Identity)
	if err != nil {
		return nil, fmt.Errorf("link: own certificate: %w", err)
	}
	h := &Hub{config: c, peers: make([]*peer, len(c.Peers)), pool: sync.Pool{New: func() any { return new(block) }}}
	for i, p := range c.Peers {
		if i != c.Self {
			h.peers[i] = &peer{Peer: p, position: i, turn: make(chan struct{}, 1)}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	h.close = sync.OnceValue(func() error { return h.shut(stop) })
	if c.Listener != nil {
		h.wait.Go(func() { h.accept(ctx, listenerConfig(cert, c.Peers, c.Self)) })
	}
	for _, p := range h.peers[c.Self+1:] {
		h.wait.Go(func() { h.keepDialling(ctx, p, dialerConfig(cert, p.Peer)) })
	}
	return h, nil
}

// Close drops all links with what is queued, closes the listener and waits until no goroutine is left, and so for the call of
// Handle or Changed under way: neither may call Close. It may be called more than once and returns the same each time.
func (h *Hub) Close() error {
	err := h.close()
	h.wait.Wait()
	return err
}

func (h *Hub) shut(stop context.CancelFunc) error {
	stop()
	for _, p := range h.peers {
		if p != nil {
			p.drop(errClosed)
		}
	}
	if h.config.Listener == nil {
		return nil
	}
	if err := h.config.Listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("link: close listener: %w", err)
	}
	return nil
}

// Send queues one frame for a peer, the concatenated parts, of 1 to MaxFrame bytes. It copies them and never waits for the
// network. Errors are [ErrDown], [ErrQueue], [ErrTooLarge], or that there is no such peer. Frames sent by one goroutine arrive
// in order. A nil error does not mean that the frame arrives.
func (h *Hub) Send(peer int, parts ...[]byte) error {
	p := h.at(peer)
	if p == nil {
		return fmt.Errorf("link: no peer at position %d", peer)
	}
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	switch {
	case size > h.config.MaxFrame:
		return fmt.Errorf("%w: %d bytes of at most %d", ErrTooLarge, size, h.config.MaxFrame)
	case size == 0:
		return errors.New("link: frame is empty")
	}
	l := p.current.Load()
	if l == nil {
		return ErrDown
	}
	return l.queue.push(size, parts)
}

// Session returns the session of the current connection to a peer, and nil while there is none. Within Handle it is the one
// over which the frame came.
func (h *Hub) Session(peer int) *Session {
	if p := h.at(peer); p != nil {
		if l := p.current.Load(); l != nil {
			return l.session
		}
	}
	return nil
}

// Up tells whether there is a connection to a peer now. While Handle runs, it still tells what was so when Handle began.
func (h *Hub) Up(peer int) bool { return h.Session(peer) != nil }

// Traffic returns how many bytes connections with a peer have carried since Start, with TLS's own and its handshakes.
func (h *Hub) Traffic(peer int) (sent, received uint64) {
	if p := h.at(peer); p != nil {
		return p.traffic.sent.Load(), p.traffic.received.Load()
	}
	return 0, 0
}

// at returns the peer at a position, or nil if that is the own one or none.
func (h *Hub) at(position int) *peer {
	if position < 0 || position >= len(h.peers) {
		return nil
	}
	return h.peers[position]
}
