package link

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
)

// accept receives peers before the own position until ctx ends.
func (h *Hub) accept(ctx context.Context, config *tls.Config) {
	for {
		socket, err := h.config.Listener.Accept()
		switch {
		case err == nil:
			w := &wire{Conn: socket, traffic: new(traffic)}
			h.lobby.enter(w)
			h.wait.Go(func() { h.receive(ctx, w, config) })
		case ctx.Err() != nil:
			return
		case errors.Is(err, net.ErrClosed):
			h.config.Logger.Error("listener is closed: nobody can dial in any more")
			return
		default:
			h.config.Logger.Warn("cannot accept", "reason", err)
			pause(ctx, acceptPause)
		}
	}
}

func (h *Hub) receive(ctx context.Context, w *wire, config *tls.Config) {
	p, c, err := h.welcome(ctx, w, config)
	h.lobby.leave(w)
	if err != nil {
		level := slog.LevelDebug // anyone can make these
		if errors.Is(err, errRefused) {
			level = slog.LevelWarn
		}
		h.config.Logger.Log(ctx, level, "connection ended before it was up", "from", w.RemoteAddr(), "reason", err)
		w.Close()
		return
	}
	h.serve(ctx, p, c)
}

// welcome finds out who dials. The dialer answers the welcome, which tells that it has not given up on this connection
// in favour of another.
func (h *Hub) welcome(ctx context.Context, w *wire, config *tls.Config) (*peer, *conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTimeout, errSlow)
	defer cancel()
	defer closeAtEnd(ctx, w)()
	c, err := h.handshake(tls.Server(w, config), w)
	if err != nil {
		return nil, nil, handshakeError(ctx, err)
	}
	key, err := leafKey(c.tls.ConnectionState())
	if err != nil {
		return nil, nil, err
	}
	p := h.at(position(h.config.Peers, key)) // listed, as config has verified
	if err := errors.Join(c.ping(), c.awaitPing()); err != nil {
		return nil, nil, handshakeError(ctx, err)
	}
	p.traffic.sent.Add(w.traffic.sent.Load())
	p.traffic.received.Add(w.traffic.received.Load())
	w.traffic = &p.traffic
	return p, c, nil
}

// lobby is where connections are until they have authenticated. When it is full, a newcomer takes the place of one chosen at
// random: silent ones cannot lock peers out, and a flood needs many for each round trip of a handshake.
type lobby struct {
	mu    sync.Mutex
	wires []*wire
}

func (y *lobby) enter(w *wire) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if len(y.wires) == maxHandshakes {
		i := rand.IntN(maxHandshakes)
		y.wires[i].Close()
		y.wires = slices.Delete(y.wires, i, i+1)
	}
	y.wires = append(y.wires, w)
}

func (y *lobby) leave(w *wire) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if i := slices.Index(y.wires, w); i >= 0 {
		y.wires = slices.Delete(y.wires, i, i+1)
	}
}
