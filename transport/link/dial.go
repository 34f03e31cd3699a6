package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

var errSlow = fmt.Errorf("handshake took longer than %v", handshakeTimeout)

// keepDialling keeps a link to a peer after the own position until ctx ends.
func (h *Hub) keepDialling(ctx context.Context, p *peer, config *tls.Config) {
	log := h.config.Logger.With("peer", p.Name, "address", p.Address)
	reported := "" // one line for a cause, however often it stops us
	backoff := minBackoff
	for ctx.Err() == nil {
		c, err := h.dial(ctx, p, config)
		switch {
		case err == nil:
			up := time.Now()
			h.serve(ctx, p, c)
			reported = ""
			if time.Since(up) > maxBackoff { // else someone drops us as soon as we are up
				backoff = minBackoff
			}
		case ctx.Err() == nil && kind(err) != reported:
			reported = kind(err)
			log.Warn("cannot link", "reason", err)
		}
		pause(ctx, backoff/2+rand.N(backoff/2))
		backoff = min(2*backoff, maxBackoff)
	}
}

// kind is an error without our port, which is another one in each try.
func kind(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + " " + op.Err.Error()
	}
	return err.Error()
}

// dial connects to a peer. The connection is up when the listener has welcomed us, since in TLS 1.3 a dialer's handshake
// ends before the listener has seen its certificate.
func (h *Hub) dial(ctx context.Context, p *peer, config *tls.Config) (*conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTimeout, errSlow)
	defer cancel()
	socket, err := h.config.dial(ctx, p.Address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	defer closeAtEnd(ctx, socket)()
	w := &wire{Conn: socket, traffic: &p.traffic}
	c, err := h.handshake(tls.Client(w, config), w)
	if err == nil {
		err = c.awaitPing()
	}
	if err == nil {
		err = c.ping()
	}
	if err != nil {
		socket.Close()
		return nil, handshakeError(ctx, err)
	}
	return c, nil
}

// handshake is TLS's.
func (h *Hub) handshake(t *tls.Conn, w *wire) (*conn, error) {
	if err := t.Handshake(); err != nil {
		return nil, err
	}
	return h.newConn(t, w)
}

// closeAtEnd closes a socket when ctx ends, until the function that it returns is called.
func closeAtEnd(ctx context.Context, socket io.Closer) (cancel func()) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		socket.Close()
	})
	return func() {
		if !stop() {
			<-closed
		}
	}
}

// handshakeError names the end of ctx instead of the closed socket that it left.
func handshakeError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("handshake: %w", err)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
