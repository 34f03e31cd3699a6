package link

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// peer is what a hub knows about another party.
type peer struct {
	Peer
	position int
	traffic  traffic
	current  atomic.Pointer[conn] // the one that is up, or nil
	turn     chan struct{}        // has a token while a connection is served: one at a time, also when a newer one waits

	mu     sync.Mutex
	newest *conn
}

// renew makes c the newest connection and ends the one before.
func (p *peer) renew(c *conn) {
	p.mu.Lock()
	before := p.newest
	p.newest = c
	p.mu.Unlock()
	if before != nil {
		before.end(errReplaced)
	}
}

// forget lets go of a connection that has ended.
func (p *peer) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.newest == c {
		p.newest = nil
	}
}

// drop ends the newest connection, if there is one.
func (p *peer) drop(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.newest != nil {
		p.newest.end(cause)
	}
}

// serve keeps a connection up until it ends. The one before is ended first, and its last frame handled.
func (h *Hub) serve(ctx context.Context, p *peer, c *conn) {
	p.renew(c)
	defer p.forget(c)
	if ctx.Err() != nil { // Close may have looked for the newest connection before renew
		c.end(errClosed)
	}
	select {
	case <-c.done:
		return
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	}
	if c.ended() {
		return
	}
	c.wire.patience = maxSilence
	p.current.Store(c)
	h.config.Logger.Info("link is up", "peer", p.Name, "session", c.session)
	h.config.Changed(p.position)
	var writer sync.WaitGroup
	writer.Go(c.writeQueued)
	c.read(func(frame []byte) { h.config.Handle(p.position, frame) })
	writer.Wait()
	p.current.Store(nil)
	level := slog.LevelWarn
	if c.cause == errClosed {
		level = slog.LevelInfo
	}
	h.config.Logger.Log(ctx, level, "link is down", "peer", p.Name, "session", c.session, "reason", c.cause)
	h.config.Changed(p.position)
}
