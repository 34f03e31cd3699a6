package target

import (
	"net"
	"sync"
	"sync/atomic"

	"cipherbid/loadgen"
)

// wires counts the bytes that parties receive and send on the connections that they accept: TCP payload, HTTP headers included.
// It is safe for concurrent use.
type wires struct {
	mu    sync.Mutex
	party map[string]*wire
}

type wire struct{ in, out atomic.Int64 }

func newWires() *wires { return &wires{party: map[string]*wire{}} }

// wrap counts what a party's listener carries.
func (w *wires) wrap(party string, ln net.Listener) net.Listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.party[party] == nil {
		w.party[party] = &wire{}
	}
	return &countingListener{ln, w.party[party]}
}

func (w *wires) traffic() map[string]loadgen.Traffic {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]loadgen.Traffic{}
	for party, c := range w.party {
		all[party] = loadgen.Traffic{In: c.in.Load(), Out: c.out.Load()}
	}
	return all
}

type countingListener struct {
	net.Listener
	wire *wire
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{c, l.wire}, nil
}

type countingConn struct {
	net.Conn
	wire *wire
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.in.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.wire.out.Add(int64(n))
	return n, err
}
