package link

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Why a connection ends.
var (
	errClosed   = errors.New("closed")
	errReplaced = errors.New("the peer has dialled anew")
	errWorn     = errors.New("time for new keys")
	errSilent   = fmt.Errorf("no sign of life for %v", maxSilence)
)

// conn is one connection whose handshake is done.
type conn struct {
	tls     *tls.Conn
	wire    *wire
	session *Session
	frames  *frames
	queue   *queue
	wear    int // cipher blocks that may still be encrypted

	once  sync.Once
	done  chan struct{} // closed by end
	cause error         // set by end
}

func (h *Hub) newConn(t *tls.Conn, w *wire) (*conn, error) {
	session, err := newSession(t.ConnectionState())
	if err != nil {
		return nil, err
	}
	return &conn{
		tls: t, wire: w, session: session,
		frames: newFrames(t, h.config.MaxFrame),
		queue:  newQueue(&h.pool, h.config.MaxQueue),
		wear:   h.config.wear,
		done:   make(chan struct{}),
	}, nil
}

// end closes the connection. The first cause counts. TLS's goodbye is left out: it could block, and an end without one is no
// different to the peer, to which every end means that frames may be lost.
func (c *conn) end(cause error) {
	c.once.Do(func() {
		if timeout, ok := errors.AsType[net.Error](cause); ok && timeout.Timeout() {
			cause = errSilent
		}
		c.cause = cause
		close(c.done)
		c.queue.close()
		c.wire.Close()
	})
}

// ended tells whether end has been called.
func (c *conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// ping sends a frame without body.
func (c *conn) ping() error { return c.write(make([]byte, headerBytes)) }

// awaitPing reads a frame that must be a ping.
func (c *conn) awaitPing() error {
	frame, err := c.frames.next()
	if err == nil && frame != nil {
		err = errors.New("frame before the connection is up")
	}
	return err
}

// read passes frames on until the connection ends.
func (c *conn) read(handle func(frame []byte)) {
	for {
		frame, err := c.frames.next()
		if err != nil {
			c.end(err)
			return
		}
		if frame != nil {
			handle(frame)
		}
	}
}

// writeQueued writes what gets queued, and a ping after each second of silence, until the connection ends.
func (c *conn) writeQueued() {
	silence := time.NewTimer(pingInterval)
	defer silence.Stop()
	var blocks []*block
	for {
		select {
		case <-c.done:
			return
		case <-silence.C:
			if err := c.ping(); err != nil {
				c.end(err)
				return
			}
		case <-c.queue.wake:
			blocks = c.queue.take(blocks)
			for _, b := range blocks {
				if err := c.write(b.bytes[:b.used]); err != nil {
					c.end(err)
					return
				}
				c.queue.giveBack(b)
			}
		}
		silence.Reset(pingInterval)
	}
}

// write encrypts and sends, and counts the wear of the keys: blocks of 16 bytes and one for each record.
func (c *conn) write(b []byte) error {
	const block, record = 16, 16 << 10
	if c.wear -= (len(b)+block-1)/block + (len(b)+record-1)/record; c.wear < 0 {
		return errWorn
	}
	_, err := c.tls.Write(b)
	return err
}
