package trustee

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// settled waits until nobody makes circuits any more.
func (w *wired) settled() {
	for _, t := range w.trustees {
		for busy := true; busy; runtime.Gosched() {
			t.ranking.stock.mu.Lock()
			busy = t.ranking.stock.working
			t.ranking.stock.mu.Unlock()
		}
	}
}

// newStocked is a wired market in which all have announced circuits for auctions like the harness's.
func newStocked(tb testing.TB) *wired {
	w := newMarket(tb, keys.X25519).wire(RankConfig{Stock: 32})
	for n := range 40 {
		c := w.sealedSale()
		call := c.call(uint8(n%scheme.Trustees), patience)
		w.ranks(c, call)
		w.settled()
		shape := w.plans(c)[0].Shape.Key()
		if least := min(len(w.ready[0][shape]), len(w.ready[1][shape]), len(w.ready[2][shape])); least >= 16 {
			return w
		}
	}
	tb.Fatalf("circuits announced: %v", w.ready)
	return nil
}

// ticketed is a first attempt with circuits out of the stock.
func (w *wired) ticketed(c *closed) *message.Call {
	w.tb.Helper()
	call := c.call(0, patience)
	for i, plan := range w.plans(c) {
		call.Tickets[i] = w.ticket(c.rolesOf(call)[message.Evaluator], plan.Shape.Key())
	}
	return call
}

// ticket takes a ticket of an evaluator's.
func (w *wired) ticket(evaluator int, shape string) message.Ticket {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.ready[evaluator][shape]
	if len(list) == 0 {
		w.tb.Fatalf("trustee %d has announced no more circuits", evaluator)
	}
	w.ready[evaluator][shape] = list[1:]
	return list[0]
}

// Circuits that were made in advance decide an auction as those made on the spot, and leave the stock with it.
func TestRankFromTheStock(t *testing.T) {
	w := newStocked(t)
	for range 3 {
		c := w.sealedSale()
		call := w.ticketed(c)
		w.ranks(c, call)
		roles := c.rolesOf(call)
		for _, ticket := range call.Tickets {
			for part, i := range roles {
				s := w.trustees[i].ranking.stock
				s.mu.Lock()
				if s.own[ticket] != nil || s.held[ticket] != nil {
					t.Errorf("%s keeps a circuit that was used", message.Part(part))
				}
				s.mu.Unlock()
			}
		}
		w.settled()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.refused) > 0 {
		t.Errorf("honest frames were refused: %v", w.refused)
	}
}

// A circuit serves one auction: with two it would show both labels of a wire. Whatever else is wrong with a ticket costs the
// attempt, not the auction.
func TestTicketsThatAreNoGood(t *testing.T) {
	w := newStocked(t)
	used := w.sealedSale()
	first := w.ticketed(used)
	w.ranks(used, first)
	roles, shape := used.rolesOf(first), w.plans(used)[0].Shape.Key()
	like := func() *closed { // an auction with the same parts
		for {
			if c := w.sealedSale(); c.rolesOf(c.call(0, 0)) == roles {
				return c
			}
		}
	}
	for name, spoil := range map[string]func(c *message.Call){
		"used before":                 func(c *message.Call) { c.Tickets = first.Tickets },
		"one circuit for two imps":    func(c *message.Call) { c.Tickets[1] = c.Tickets[0] },
		"never made":                  func(c *message.Call) { c.Tickets[0].Number += 1 << 40 },
		"of another session":          func(c *message.Call) { c.Tickets[0].Session[0]++ },
		"for another evaluator's":     func(c *message.Call) { c.Tickets[0] = w.ticket((roles[message.Evaluator]+1)%3, shape) },
		"one of the stock, one made":  nil,
		"both of them of no use, too": func(c *message.Call) { c.Tickets[0].Number, c.Tickets[1].Number = 1<<50, 1<<51 },
	} {
		c := like()
		call := w.ticketed(c)
		if spoil == nil {
			call.Tickets[1] = message.Ticket{}
			w.ranks(c, call)
			continue
		}
		spoil(call)
		call.Wait = shortly
		if got, err := w.rank(c, call); err == nil {
			t.Errorf("ticket %s: %+v", name, got)
		} else if !errors.Is(err, ErrPeer) && !errors.Is(err, sealed.ErrContradiction) {
			t.Errorf("ticket %s: %v does not make the auctioneer try again", name, err)
		}
		w.ranks(c, c.call(3, patience)) // made on the spot
	}
	// Of a shape that the circuit is not of.
	c := like()
	fewer := w.close(c.request, c.answers[0], c.answers[2])
	call := w.ticketed(c)
	call.Wait = shortly
	if _, err := w.rank(fewer, call); !errors.Is(err, ErrPeer) {
		t.Errorf("ticket of another shape: %v", err)
	}
	// Made, and announced, before the link between the garblers broke.
	c = like()
	call = w.ticketed(c)
	call.Wait = shortly
	w.connect(roles[message.Garbler], roles[message.Checker])
	if _, err := w.rank(c, call); !errors.Is(err, ErrPeer) {
		t.Errorf("ticket of a session that is over: %v", err)
	}
	w.ranks(c, c.call(3, patience))
}

// order is a garbler's message to its checker, or with tables to its evaluator.
func (w *wired) order(shape string, session [8]byte, number uint64, tables int) []byte {
	return append(w.dir.Epoch().EncodeStock(&message.Stock{Shape: shape, Session: session, Number: number}), make([]byte, tables)...)
}

// A garbler that orders a circuit again, after it was used, would have its checker put two inputs into one.
func TestCircuitIsOrderedOnce(t *testing.T) {
	w := newWired(t)
	checker := w.trustees[checkerOf(0)]
	_, name, _ := wireEnd{w, checker.index}.Session(0)
	receive := func(number uint64) error {
		return checker.Receive(0, w.order("1x1 g7 p2", name, number, 0), time.Now())
	}
	for _, number := range []uint64{1, 2, 5} {
		if err := receive(number); err != nil {
			t.Fatal(err)
		}
	}
	w.settled()
	ticket := message.Ticket{Session: name, Number: 2}
	c := checker.ranking.stock
	c.mu.Lock()
	if c.forget(ticket) == nil {
		t.Error("a circuit on order is not there")
	}
	c.mu.Unlock()
	for _, number := range []uint64{0, 1, 2, 3, 5} {
		if err := receive(number); err == nil {
			t.Errorf("circuit %d is ordered again", number)
		}
	}
	if err := receive(6); err != nil {
		t.Error(err)
	}
	w.connect(0, checker.index)
	if err := receive(7); err == nil {
		t.Error("a circuit of a session that is over is ordered")
	}
	_, name, _ = wireEnd{w, checker.index}.Session(0)
	if err := receive(1); err != nil {
		t.Errorf("first of a new session: %v", err)
	}
	w.settled()
}

// Whoever floods another trustee's stock is refused before it takes much memory: by the number of orders, of tables, of shapes,
// and by their bytes.
func TestStockIsBounded(t *testing.T) {
	w := newWired(t)
	now := time.Now()
	evaluator, checker := w.trustees[evaluatorOf(0)], w.trustees[checkerOf(0)]
	for name, frame := range map[string][]byte{
		"malformed":                w.order("1x1 g7 p2", [8]byte{1}, 1, 0)[:20],
		"no shape":                 w.order("1x1", [8]byte{1}, 1, 9),
		"an impossible shape":      w.order("9999x9999 g7 p2", [8]byte{1}, 1, 9),
		"tables for the checker":   nil,
		"no tables for the second": nil,
	} {
		to := evaluator
		if name == "tables for the checker" {
			to, frame = checker, w.order("1x1 g7 p2", [8]byte{1}, 1, 9)
		}
		if name == "no tables for the second" {
			frame = w.order("1x1 g7 p2", [8]byte{1}, 1, 0)
		}
		if err := to.Receive(0, frame, now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	flood := func(to *Trustee, n int, frame func(n int) []byte) (kept int) {
		for k := range n {
			if to.Receive(0, frame(k), now) == nil {
				kept++
			}
		}
		return kept
	}
	s := evaluator.ranking.stock
	if n := flood(evaluator, stockOrders+50, func(n int) []byte { return w.order("1x1 g7 p2", [8]byte{1}, uint64(n), 1) }); n != stockOrders || len(s.held) != n {
		t.Errorf("%d of many small tables are kept, held %d", n, len(s.held))
	}
	if n := flood(evaluator, 34, func(n int) []byte { return w.order("1x1 g7 p2", [8]byte{2}, uint64(n), 16<<20) }); n != stockHolds>>24 || s.bytes != n<<24 {
		t.Errorf("%d of some large tables are kept, %d bytes", n, s.bytes)
	}
	announced := 0
	for session := byte(3); session < 8; session++ { // each time the tables of the session before are dropped
		announced += flood(evaluator, 900, func(n int) []byte {
			return w.order(fmt.Sprintf("%dx%d g7 p2", 1+n%100, 1+int(session)*10+n/100), [8]byte{session}, uint64(n), 1)
		})
	}
	if len(s.fresh) > stockOrders || announced <= stockOrders/2 {
		t.Errorf("%d of %d shapes wait to be announced", len(s.fresh), announced)
	}
	ranked := &message.Ranked{Ready: s.announce()}
	if got, err := w.dir.Epoch().DecodeRanked(w.dir.Epoch().EncodeRanked(ranked)); err != nil || len(got.Ready) != message.MaxReady {
		t.Errorf("what is announced at once does not fit an answer: %v", err)
	}
	_, name, _ := wireEnd{w, checker.index}.Session(0)
	checker.ranking.stock.busy.Add(int32(runtime.GOMAXPROCS(0))) // it is not to make them
	if n := flood(checker, stockOrders+100, func(n int) []byte { return w.order("1x1 g7 p2", name, uint64(n+1), 0) }); n != stockOrders {
		t.Errorf("%d circuits are on order", n)
	}
	c := checker.ranking.stock
	c.mu.Lock()
	c.sweep(name, now.Add(stockKeeps+1))
	if len(c.own) != 0 {
		t.Errorf("%d orders outlive their time", len(c.own))
	}
	c.mu.Unlock()
	c.busy.Add(-int32(runtime.GOMAXPROCS(0)))
	w.settled()
}
