package market

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
)

// ledger remembers who took part in which auction.
type ledger struct {
	mu      sync.Mutex
	records map[message.Digest]*auction.Record
}

func (l *ledger) add(r *auction.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records == nil {
		l.records = map[message.Digest]*auction.Record{}
	}
	l.records[r.Request] = r
}

// answered lists the seats that took part in an auction.
func (l *ledger) answered(request message.Digest) (seats []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for seat, o := range l.records[request].Bidders {
		if o == auction.Answered {
			seats = append(seats, seat)
		}
	}
	slices.Sort(seats)
	return seats
}

// outcome is one auction as its publisher saw it.
type outcome struct {
	user    *agent.Opportunity
	request message.Digest
	result  *auction.Result
	err     error
}

// keepAuctioning runs auctions from four goroutines and hands on every outcome, one at a time, until told to stop. It fails
// the test if an auction does not end.
func keepAuctioning(t *testing.T, m *Market, w *world, each func(n int, o outcome) (goOn bool)) {
	t.Helper()
	outcomes, stop := make(chan outcome), make(chan struct{})
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				u := w.users[int(next.Add(1))%len(w.users)]
				got, digest, err := m.Auction(u)
				select {
				case outcomes <- outcome{u, digest, got, err}:
				case <-stop:
					return
				}
			}
		})
	}
	for n := 1; ; n++ {
		select {
		case o := <-outcomes:
			if each(n, o) {
				continue
			}
		case <-time.After(patience):
			t.Error("auctions hang")
		}
		break
	}
	close(stop)
	wg.Wait()
}

// TestPartiesComeAndGo stops and restarts parties while auctions go on. Every auction ends, none fails as long as two trustees
// are up, and each sells to the best of those that took part.
func TestPartiesComeAndGo(t *testing.T) {
	w := newWorld(5, 6, 40)
	var l ledger
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Seats: w.seats, Auction: auction.Config{Observe: l.add}})
	stop := func(name string) func() error { return func() error { return m.Stop(name) } }
	restart := func(i int) func() error { return func() error { return m.Restart(i) } }
	const pause = 15 // auctions between two events
	events := []func() error{
		stop("trustee-1"), restart(1), stop("seat-2"), stop("trustee-0"), stop("seat-5"), restart(0), stop("trustee-2"), restart(2),
	}
	took := map[int]int{} // number of seats that took part -> auctions
	keepAuctioning(t, m, w, func(n int, o outcome) bool {
		if o.err != nil {
			t.Errorf("auction %d: %v", n, o.err)
			return false
		}
		seats := l.answered(o.request)
		took[len(seats)]++
		w.check(t, o.user, o.result.Imps, seats)
		if n%pause == 0 && n/pause <= len(events) {
			if err := events[n/pause-1](); err != nil {
				t.Error(err)
			}
		}
		return n < pause*(len(events)+1) && !t.Failed()
	})
	if took[6] == 0 || took[5] == 0 || took[4] == 0 {
		t.Errorf("auctions by number of bidders: %v", took)
	}
}

// Without two trustees nothing is sold, at once and not after a timeout; with two, auctions go on.
func TestNothingIsSoldWithoutTwoTrustees(t *testing.T) {
	w := newWorld(6, 4, 40)
	var l ledger
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Seats: w.seats, Auction: auction.Config{Observe: l.add}})
	for _, name := range []string{"trustee-0", "trustee-2"} {
		if err := m.Stop(name); err != nil {
			t.Fatal(err)
		}
	}
	keepAuctioning(t, m, w, func(n int, o outcome) bool {
		if o.err == nil {
			t.Errorf("one trustee sold %+v", o.result)
		}
		return n < 20
	})
	if err := m.Restart(2); err != nil {
		t.Fatal(err)
	}
	keepAuctioning(t, m, w, func(n int, o outcome) bool {
		if o.err != nil {
			t.Errorf("two trustees: %v", o.err)
			return false
		}
		w.check(t, o.user, o.result.Imps, l.answered(o.request))
		return n < 20
	})
}

// TestCutConnections cuts one party's connections again and again, in the middle of whatever they carry.
func TestCutConnections(t *testing.T) {
	w := newWorld(7, 5, 40)
	var l ledger
	cutters := map[string]*cutter{}
	m := start(t, Config{
		Params: bothKinds(t)["encrypted"], Seats: w.seats, Auction: auction.Config{Observe: l.add},
		Listener: func(party string, ln net.Listener) net.Listener {
			cutters[party] = &cutter{Listener: ln}
			return cutters[party]
		},
	})
	victims := []string{"trustee-0", "seat-0", "trustee-1", "seat-3", "trustee-2", "seat-4"}
	auctions, cut := 120, 0
	if testing.Short() {
		auctions = 40
	}
	keepAuctioning(t, m, w, func(n int, o outcome) bool {
		if o.err != nil {
			t.Errorf("auction %d: %v", n, o.err)
			return false
		}
		w.check(t, o.user, o.result.Imps, l.answered(o.request))
		cut += cutters[victims[n%len(victims)]].cut()
		return n < auctions && !t.Failed()
	})
	if cut < auctions/2 {
		t.Errorf("cut %d connections in %d auctions", cut, auctions)
	}
}

// cutter is a listener whose connections can be cut.
type cutter struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

// cut cuts all connections and returns their number.
func (c *cutter) cut() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.conns)
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
	return n
}
