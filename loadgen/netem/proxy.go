package netem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialTimeout bounds the proxy's own connection to the target. Both ends are on one machine.
const dialTimeout = 3 * time.Second

const acceptPause = 10 * time.Millisecond

// Proxy forwards connections to one address over an emulated link. It is safe for concurrent use.
type Proxy struct {
	link   Link
	seed   uint64
	target string
	ln     net.Listener
	up     atomic.Int64
	down   atomic.Int64

	stop  chan struct{}
	alarm *alarm
	wait  sync.WaitGroup
	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
}

// Listen starts a proxy on a free port of the loopback interface before target, an address with port. Callers close it.
func Listen(target string, l Link, seed uint64) (*Proxy, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		return nil, fmt.Errorf("emulated network: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("emulated network: %w", err)
	}
	alarm, err := newAlarm()
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	p := &Proxy{link: l, seed: seed, target: target, ln: ln, alarm: alarm, stop: make(chan struct{}), conns: map[net.Conn]bool{}}
	p.wait.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// Traffic returns the bytes of TCP payload that have come out so far: up to the target and down from it.
func (p *Proxy) Traffic() Traffic { return Traffic{p.up.Load(), p.down.Load()} }

// Traffic counts bytes of both ways.
type Traffic struct {
	Up   int64 `json:"up_bytes"`
	Down int64 `json:"down_bytes"`
}

func (p *Proxy) accept() {
	for number := uint64(0); ; number++ {
		c, err := p.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // this connection came to nothing; where files have run out, the next would too
			select {
			case <-time.After(acceptPause):
			case <-p.stop:
			}
			continue
		}
		if !p.keep(c) {
			c.Close()
			return
		}
		p.wait.Go(func() { p.serve(c, number, time.Now()) })
	}
}

// keep notes a connection, to be cut when the proxy closes; false if it has.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	p.conns[c] = true
	return true
}

// serve carries one connection. Bytes go up once the handshake is over, which costs a round trip.
func (p *Proxy) serve(client net.Conn, number uint64, accepted time.Time) {
	defer p.forget(client)
	server, err := net.DialTimeout("tcp", p.target, dialTimeout)
	if err != nil {
		reset(client)
		return
	}
	if !p.keep(server) {
		server.Close()
		return
	}
	defer p.forget(server)
	way := func(src, dst net.Conn, carried *atomic.Int64, index uint64, free time.Time) {
		l := line{link: p.link, rng: rand.New(rand.NewPCG(p.seed, 2*number+index)), free: free}
		pump := pump{line: l, src: src, dst: dst, carried: carried, stop: p.stop, alarm: p.alarm}
		if pump.run() != nil { // a broken connection is broken both ways
			reset(src)
			reset(dst)
		}
	}
	var down sync.WaitGroup
	down.Go(func() { way(server, client, &p.down, 1, accepted) })
	way(client, server, &p.up, 0, accepted.Add(p.link.RTT))
	down.Wait()
}

// reset cuts a connection without a farewell, so that the other end sees that it broke.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if the other way has closed it already
	}
	c.Close()
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	c.Close()
}

// Close cuts all connections and returns when every goroutine of the proxy has ended.
func (p *Proxy) Close() error {
	p.mu.Lock()
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	if conns == nil {
		return nil
	}
	close(p.stop)
	err := p.ln.Close()
	for c := range conns {
		reset(c)
	}
	p.wait.Wait()
	return errors.Join(err, p.alarm.close())
}
