package link

import (
	"net"
	"sync/atomic"
	"time"
)

// traffic counts bytes on the network.
type traffic struct{ sent, received atomic.Uint64 }

// wire is the connection below TLS: it counts, and once patience is set it gives up on an end that shows no sign of life.
// A timer below TLS sees every packet, where one above would only see whole records.
type wire struct {
	net.Conn // TCP, with TCP_NODELAY, which is Go's default
	traffic  *traffic
	patience time.Duration // set before reads and writes run at the same time
}

func (w *wire) Read(b []byte) (int, error) {
	if w.patience > 0 {
		if err := w.SetReadDeadline(time.Now().Add(w.patience)); err != nil {
			return 0, err
		}
	}
	n, err := w.Conn.Read(b)
	w.traffic.received.Add(uint64(n))
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	if w.patience > 0 {
		if err := w.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
			return 0, err
		}
	}
	n, err := w.Conn.Write(b)
	w.traffic.sent.Add(uint64(n))
	return n, err
}
