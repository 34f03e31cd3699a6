package trustee

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// Limits of a stock.
const (
	stockBytes  = 64 << 20 // of tables in one pool, at most
	stockStep   = 4        // circuits made for one that an auction asks for, until the pool is full
	stockKeeps  = 2 * time.Minute
	stockOrders = 4096      // circuits that a garbler may have on order with its checker, or held by its evaluator
	stockHolds  = 512 << 20 // bytes of tables that an evaluator holds
	idlePoll    = 200 * time.Microsecond
)

var errStock = errors.New("no such circuit in stock")

// stock holds circuits that were garbled in idle time. Whose they are follows from the ring of trustees: with evaluator e, e+1 is
// the garbler and e+2 the checker. It is safe for concurrent use.
type stock struct {
	*Trustee
	size int          // circuits in a pool
	busy atomic.Int32 // auctions that want the processors now

	mu      sync.Mutex
	number  uint64
	pools   map[string]int // shape -> circuits that this garbler has made and no auction has used
	own     map[message.Ticket]*circuit
	held    map[message.Ticket]*tables
	bytes   int // of tables held
	fresh   map[string]*message.Ready
	jobs    []message.Ticket // circuits of own that are yet to be made
	last    message.Ticket   // that the one garbler whose checker this is has ordered: numbers ascend
	working bool
}

// circuit is a circuit as its garbler or checker knows it.
type circuit struct {
	shape   sealed.Shape
	key     string
	garbler bool
	seed    garble.Seed
	since   time.Time
	stocked *sealed.Stocked // nil until made
}

// tables are a circuit as its evaluator knows it.
type tables struct {
	*sealed.Tables
	key   string
	since time.Time
}

func newStock(t *Trustee, size int) *stock {
	return &stock{Trustee: t, size: size, pools: map[string]int{}, own: map[message.Ticket]*circuit{}, held: map[message.Ticket]*tables{}, fresh: map[string]*message.Ready{}}
}

// evaluatorOf and checkerOf are the other parts of circuits that a trustee garbles for a stock.
func evaluatorOf(garbler int) int { return (garbler + scheme.Trustees - 1) % scheme.Trustees }
func checkerOf(garbler int) int   { return (garbler + 1) % scheme.Trustees }

// want has circuits of a shape made, after an auction has used one or would have.
func (s *stock) want(shape *sealed.Shape, tableBytes int, now time.Time) {
	secret, name, up := s.ranking.links.Session(checkerOf(s.index))
	key := shape.Key()
	if !up || len(key) > message.MaxShape {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(name, now)
	for range min(stockStep, min(s.size, stockBytes/max(tableBytes, 1))-s.pools[key]) {
		s.number++
		s.order(message.Ticket{Session: name, Number: s.number}, &circuit{shape: *shape, key: key, garbler: true, seed: secret.StockSeed(key, s.number), since: now})
		s.pools[key]++
	}
}

// order puts a circuit on the list of those to make. The caller holds the lock.
func (s *stock) order(t message.Ticket, c *circuit) {
	s.own[t] = c
	s.jobs = append(s.jobs, t)
	if !s.working {
		s.working = true
		go s.work()
	}
}

// work makes circuits while nothing else is to be done, and ends when there are none to make.
func (s *stock) work() {
	var buf []byte // for tables
	for {
		for s.busy.Load() >= int32(runtime.GOMAXPROCS(0)) {
			time.Sleep(idlePoll)
		}
		s.mu.Lock()
		if len(s.jobs) == 0 {
			s.working = false
			s.mu.Unlock()
			return
		}
		ticket := s.jobs[0]
		s.jobs = s.jobs[1:]
		c := s.own[ticket]
		s.mu.Unlock()
		if c == nil { // used or dropped meanwhile
			continue
		}
		var err error
		if buf, err = s.make(ticket, c, buf); err != nil {
			s.drop(ticket)
		}
	}
}

// make makes a circuit: the garbler sends its tables away, the checker keeps only their digest. It returns buf, grown if it was too
// small.
func (s *stock) make(ticket message.Ticket, c *circuit, buf []byte) ([]byte, error) {
	ranking, err := s.ranking.circuits.Ranking(&c.shape)
	if err != nil {
		return buf, err
	}
	made, buf := sealed.MakeStocked(ranking, &c.seed, buf)
	s.mu.Lock()
	c.stocked = made
	s.mu.Unlock()
	if !c.garbler {
		return buf, nil
	}
	m := message.Stock{Shape: c.key, Session: ticket.Session, Number: ticket.Number}
	if err := s.ranking.links.Send(checkerOf(s.index), s.dir.Epoch().EncodeStock(&m)); err != nil {
		return buf, err
	}
	return buf, s.ranking.links.Send(evaluatorOf(s.index), s.dir.Epoch().EncodeStock(&m), buf)
}

func (s *stock) drop(ticket message.Ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(ticket)
}

// forget takes a circuit out of the stock, and returns it. The caller holds the lock.
func (s *stock) forget(ticket message.Ticket) *circuit {
	c := s.own[ticket]
	if c == nil {
		return nil
	}
	delete(s.own, ticket)
	if c.garbler {
		s.pools[c.key]--
	}
	return c
}

// sweep drops what belongs to another session of the link between garblers, or has been in stock for too long. The caller holds
// the lock.
func (s *stock) sweep(session [8]byte, now time.Time) {
	for ticket, c := range s.own {
		if c.garbler && ticket.Session != session || now.Sub(c.since) > stockKeeps {
			s.forget(ticket)
		}
	}
}

// receive takes a stock message from another trustee.
func (s *stock) receive(peer int, m *message.Stock, tables []byte, now time.Time) error {
	shape, err := sealed.ParseShape(m.Shape)
	if err != nil {
		return err
	}
	ticket := message.Ticket{Session: m.Session, Number: m.Number}
	switch {
	case len(tables) == 0 && checkerOf(peer) == s.index:
		return s.check(peer, ticket, &shape, m.Shape, now)
	case len(tables) > 0 && evaluatorOf(peer) == s.index:
		return s.hold(ticket, m, tables, now)
	}
	return fmt.Errorf("trustee %d: stock that is not for this trustee", peer)
}

// check has a circuit made that a garbler has announced.
func (s *stock) check(peer int, ticket message.Ticket, shape *sealed.Shape, key string, now time.Time) error {
	secret, name, up := s.ranking.links.Session(peer)
	if !up || name != ticket.Session {
		return fmt.Errorf("trustee %d: stock of another session", peer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ticket.Session == s.last.Session && ticket.Number <= s.last.Number {
		return fmt.Errorf("trustee %d: this circuit was ordered before", peer) // and may have been used
	}
	s.last = ticket
	if len(s.own) >= stockOrders {
		return fmt.Errorf("trustee %d: too many circuits are on order", peer)
	}
	s.order(ticket, &circuit{shape: *shape, key: key, seed: secret.StockSeed(key, ticket.Number), since: now})
	return nil
}

// hold keeps tables for when their circuit is asked for.
func (s *stock) hold(ticket message.Ticket, m *message.Stock, b []byte, now time.Time) error {
	t := &tables{sealed.NewTables(b), m.Shape, now}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, old := range s.held {
		if other.Session != ticket.Session || now.Sub(old.since) > stockKeeps {
			s.bytes -= len(old.Bytes)
			delete(s.held, other)
		}
	}
	if _, known := s.held[ticket]; known || s.bytes+len(b) > stockHolds || len(s.held) >= stockOrders || len(s.fresh) >= stockOrders {
		return errors.New("stock is known or too large")
	}
	s.held[ticket] = t
	s.bytes += len(b)
	ready := s.fresh[m.Shape]
	if ready == nil || ready.Session != m.Session {
		ready = &message.Ready{Shape: m.Shape, Session: m.Session}
		s.fresh[m.Shape] = ready
	}
	if len(ready.Numbers) < message.MaxReadyEach {
		ready.Numbers = append(ready.Numbers, m.Number)
	}
	return nil
}

// announce lists circuits that the auctioneer has not been told of.
func (s *stock) announce() (all []message.Ready) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for shape, ready := range s.fresh {
		if len(all) == message.MaxReady {
			break
		}
		all = append(all, *ready)
		delete(s.fresh, shape)
	}
	return all
}

// take takes a circuit out of the stock, for good: it serves one auction.
func (s *stock) take(run *sealed.Run) (*sealed.Made, error) {
	s.mu.Lock()
	c := s.forget(run.Ticket)
	var stocked *sealed.Stocked
	if c != nil {
		stocked = c.stocked
	}
	s.mu.Unlock()
	switch {
	case c == nil || c.key != run.Plan.Shape.Key():
		return nil, fmt.Errorf("%w: %w", ErrPeer, errStock)
	case stocked == nil: // the checker has not come to it yet
		return sealed.Make(run.Circuit, &c.seed), nil
	}
	return stocked.Take(run.Circuit), nil
}

// takeTables takes the tables of a circuit out of the stock.
func (s *stock) takeTables(run *sealed.Run) (*sealed.Tables, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.held[run.Ticket]
	if t == nil || t.key != run.Plan.Shape.Key() {
		return nil, fmt.Errorf("%w: %w", ErrPeer, errStock)
	}
	delete(s.held, run.Ticket)
	s.bytes -= len(t.Bytes)
	return t.Tables, nil
}
