package market

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/transport"
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
	calm    bool // no party came or went from its start to its end
}

// undecided reports whether an auction failed as it should where trustees do not rank: nothing is sold, and the publisher is told.
func (o *outcome) undecided() bool {
	var status *transport.StatusError
	return errors.As(o.err, &status) && status.Status == http.StatusServiceUnavailable
}

// weather counts the beginnings and ends of events: it is odd while one is under way.
type weather struct{ atomic.Int64 }

func (w *weather) event(f func() error) error {
	w.Add(1)
	defer w.Add(1)
	return f()
}

// keepAuctioning runs auctions from four goroutines and hands on every outcome, one at a time, until told to stop. It fails
// the test if an auction does not end.
func keepAuctioning(t *testing.T, m *Market, w *world, sky *weather, each func(n int, o outcome) (goOn bool)) {
	t.Helper()
	outcomes, stop := make(chan outcome), make(chan struct{})
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				u := w.users[int(next.Add(1))%len(w.users)]
				before := sky.Load()
				got, digest, err := m.Auction(u)
				calm := before%2 == 0 && sky.Load() == before
				select {
				case outcomes <- outcome{u, digest, got, err, calm}:
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
// are up, and each sells to the best of those that took part. With sealed ranking an auction may be undecided if a trustee comes
// or goes while it is under way. A trustee that comes takes until it is linked and the auctioneer has noticed.
func TestPartiesComeAndGo(t *testing.T) {
	eachMode(t, partiesComeAndGo)
}

func partiesComeAndGo(t *testing.T, mode message.Mode) {
	w := newWorld(5, mode, 6, 40)
	var l ledger
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: mode, Seats: w.seats, Auction: auction.Config{Observe: l.add}})
	var sky weather
	stop := func(name string) func() error { return func() error { return m.Stop(name) } }
	restart := func(i int) func() error {
		return func() error { m.restartAndAwait(t, i, mode, w.users[0]); return nil }
	}
	const pause = 15 // auctions between two events
	events := []func() error{
		stop("trustee-1"), restart(1), stop("seat-2"), stop("trustee-0"), stop("seat-5"), restart(0), stop("trustee-2"), restart(2),
	}
	took, undecided := map[int]int{}, 0 // number of seats that took part -> auctions
	keepAuctioning(t, m, w, &sky, func(n int, o outcome) bool {
		if n%pause == 0 && n/pause <= len(events) {
			if err := sky.event(events[n/pause-1]); err != nil {
				t.Error(err)
			}
		}
		goOn := n < pause*(len(events)+1) && !t.Failed()
		if mode == message.Sealed && !o.calm && o.undecided() {
			undecided++
			return goOn
		}
		if o.err != nil {
			t.Errorf("auction %d: %v", n, o.err)
			return false
		}
		seats := l.answered(o.request)
		took[len(seats)]++
		w.check(t, o.user, o.result.Imps, seats)
		return goOn
	})
	t.Logf("%d auctions were undecided", undecided)
	if took[6] == 0 || took[5] == 0 || took[4] == 0 {
		t.Errorf("auctions by number of bidders: %v", took)
	}
}

// restartAndAwait restarts a trustee. Sealed auctions are held until one is decided with all trustees.
func (m *Market) restartAndAwait(t *testing.T, i int, mode message.Mode, user *agent.Opportunity) {
	t.Helper()
	if err := m.Restart(i); err != nil {
		t.Fatal(err)
	}
	if mode == message.Open {
		return
	}
	if err := m.waitLinked(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; {
		_, _, err := m.Auction(user)
		if err == nil {
			return
		}
		if o := (outcome{err: err}); !o.undecided() || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// Without two trustees nothing is sold, at once and not after a timeout; with two, auctions go on. Sealed ranking needs the third
// if one of the two has lost what the third had dealt it.
func TestNothingIsSoldWithoutTwoTrustees(t *testing.T) {
	eachMode(t, nothingIsSoldWithoutTwoTrustees)
}

func nothingIsSoldWithoutTwoTrustees(t *testing.T, mode message.Mode) {
	w := newWorld(6, mode, 4, 40)
	var l ledger
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: mode, Seats: w.seats, Auction: auction.Config{Observe: l.add}})
	var sky weather
	for _, name := range []string{"trustee-0", "trustee-2"} {
		if err := m.Stop(name); err != nil {
			t.Fatal(err)
		}
	}
	keepAuctioning(t, m, w, &sky, func(n int, o outcome) bool {
		if !o.undecided() {
			t.Errorf("one trustee: %+v, %v", o.result, o.err)
		}
		return n < 20
	})
	if err := m.Restart(2); err != nil {
		t.Fatal(err)
	}
	if mode == message.Sealed {
		keepAuctioning(t, m, w, &sky, func(n int, o outcome) bool {
			if o.err == nil {
				w.check(t, o.user, o.result.Imps, l.answered(o.request))
			} else if !o.undecided() {
				t.Error(o.err)
			}
			return n < 20
		})
		m.restartAndAwait(t, 0, mode, w.users[0])
	}
	keepAuctioning(t, m, w, &sky, func(n int, o outcome) bool {
		if o.err != nil {
			t.Errorf("enough trustees: %v", o.err)
			return false
		}
		w.check(t, o.user, o.result.Imps, l.answered(o.request))
		return n < 20
	})
}

// TestCutConnections cuts one party's connections again and again, in the middle of whatever they carry.
func TestCutConnections(t *testing.T) {
	eachMode(t, cutConnections)
}

func cutConnections(t *testing.T, mode message.Mode) {
	w := newWorld(7, mode, 5, 40)
	var l ledger
	cutters := map[string]*cutter{}
	m := start(t, Config{
		Params: bothKinds(t)["encrypted"], Mode: mode, Seats: w.seats, Auction: auction.Config{Observe: l.add},
		Listener: func(party string, ln net.Listener) net.Listener {
			cutters[party] = &cutter{Listener: ln}
			return cutters[party]
		},
	})
	victims := []string{"trustee-0", "seat-0", "trustee-1", "seat-3", "trustee-2", "seat-4"}
	if mode == message.Sealed {
		victims = append(victims, "trustee-1/link", "seat-1", "trustee-2/link", "seat-2")
	}
	auctions, cut, undecided := 120, 0, 0
	if testing.Short() {
		auctions = 40
	}
	keepAuctioning(t, m, w, &weather{}, func(n int, o outcome) bool {
		if mode == message.Sealed && o.undecided() {
			undecided++
			return n < auctions
		}
		if o.err != nil {
			t.Errorf("auction %d: %v", n, o.err)
			return false
		}
		w.check(t, o.user, o.result.Imps, l.answered(o.request))
		cut += cutters[victims[n%len(victims)]].cut()
		return n < auctions && !t.Failed()
	})
	if cut < auctions/2 || undecided > auctions*3/4 {
		t.Errorf("cut %d connections in %d auctions, %d of which were undecided", cut, auctions, undecided)
	}
	t.Logf("%d of %d auctions were undecided", undecided, auctions)
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
