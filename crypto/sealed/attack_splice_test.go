package sealed

import (
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// ticket names the one circuit of these tests' stock.
var ticket = message.Ticket{Session: [8]byte{1}, Number: 1}

// stocked plays a run with a circuit from the stock, as garblers that hold this auction would.
func (q *trio) stocked(t *testing.T, c *message.Call, imp int, number uint64) *play {
	t.Helper()
	c.Tickets[imp] = message.Ticket{Session: ticket.Session, Number: number}
	p := &play{Run: q.run(t, c, imp), trio: q, imp: imp}
	for part, trustee := range p.Roles {
		p.by[part] = q.holdings[trustee]
	}
	seed := q.secret.StockSeed(p.Circuit.Key(), number)
	garblers, tables := MakeStocked(p.Circuit, &seed, nil)
	checkers, _ := MakeStocked(p.Circuit, &seed, nil)
	p.made = garblers.Take(p.Circuit)
	p.legs[message.Garbler], p.said[message.Garbler] = p.Garble(&q.secret, p.made, p.by[message.Garbler])
	p.legs[message.Checker], p.said[message.Checker] = p.Check(&q.secret, checkers.Take(p.Circuit), p.by[message.Checker])
	if len(p.legs[message.Garbler].Tables) != 0 {
		t.Fatal("the leg has the tables of a circuit in stock")
	}
	p.legs[message.Garbler].Tables = tables // where finish takes them from
	return p
}

// twoImps is an auction of two imps of one shape on which the same seats bid.
func twoImps(seed uint64) *trio {
	rng := rngOf(seed)
	s := newSale(message.SecondPrice, 7, 100, 0, 0)
	for k := range uint32(4) {
		s.enter(rng, bid{sum: 500_000 * (k + 1), imp: 0, cap: message.NoCap}, bid{sum: 500_000 * (5 - k), imp: 1, cap: message.NoCap})
	}
	return newTrio(rng, s, stageCircuits)
}

// spliced is the run of one play with the garbler's leg of another.
func (p *play) spliced(garbler *play) *play {
	c := p.copy()
	c.legs[message.Garbler], c.said[message.Garbler] = garbler.legs[message.Garbler], garbler.said[message.Garbler]
	return c
}

// A circuit from the stock does not depend on the auction: the labels of any two auctions that take it fit its tables. That its
// key comes out only of two legs of one run is what keeps an evaluator from reading a mixture of two auctions.
func TestSplicingWithOneCircuit(t *testing.T) {
	q := twoImps(31)
	base := q.stocked(t, q.call(0), 0, 1)
	if got, err := base.finish(); err != nil || !got.is(q.expected(&base.Roles, 0)) {
		t.Fatalf("honest run: %+v, %v", got, err)
	}
	other := twoImps(31)
	other.digest[0] ^= 1
	shares := twoImps(32) // other bids
	shares.digest, shares.secret, shares.manifest.Request = q.digest, q.secret, q.manifest.Request
	shares.digest[5] ^= 1
	for name, garbler := range map[string]*play{
		"of another auction with the same bids": other.stocked(t, other.call(0), 0, 1),
		"of another auction":                    shares.stocked(t, shares.call(0), 0, 1),
		"of the other imp":                      q.stocked(t, q.call(0), 1, 1),
		"of an attempt with the same parts":     q.stocked(t, q.call(3), 0, 1),
		"for when one is absent":                q.stocked(t, &message.Call{Absent: 1, Tickets: make([]message.Ticket, 2)}, 0, 1),
	} {
		c := base.spliced(garbler)
		// With the key, and an evaluator that is in the plot, the mixture would be read. The garbler's shares against this
		// auction's x_0 are somebody's bids plus noise: any outcome will do, as long as its labels are the circuit's.
		outputs, _, err := c.Circuit.Evaluate(&base.made.Kappa, c.inputs(), c.legs[0].Tables, c.legs[0].Reveal)
		if err != nil || !c.genuine(outputs) {
			t.Errorf("%s: the attack that the key prevents does not work: %v", name, err)
		}
		kappa := garble.Key(xor16(c.legs[0].Share, c.legs[1].Share))
		if kappa == base.made.Kappa {
			t.Errorf("%s: the key comes out", name)
		}
		outputs, _, err = c.Circuit.Evaluate(&kappa, c.inputs(), c.legs[0].Tables, c.legs[0].Reveal)
		if err != nil || c.genuine(outputs) {
			t.Errorf("%s: the mixture is read without the key: %v", name, err)
		}
		if got, err := c.finish(); err == nil {
			t.Errorf("leg %s: %+v", name, got)
		}
	}
}

// genuine reports whether labels are those of the circuit's outputs.
func (p *play) genuine(outputs []garble.Label) bool {
	for i, l := range outputs {
		if l != p.made.OutputLabel(i, 0) && l != p.made.OutputLabel(i, 1) {
			return false
		}
	}
	return true
}

// Legs of circuits that were made on the spot fit no other run at all.
func TestLegsOfOtherRuns(t *testing.T) {
	q := twoImps(33)
	p := q.play(t, q.call(0), 0)
	elsewhere := twoImps(33)
	elsewhere.digest[31] ^= 0x80
	reconnected := twoImps(33)
	reconnected.secret[9]++
	for name, other := range map[string]*play{
		"another manifest":    elsewhere.play(t, q.call(0), 0),
		"another session":     reconnected.play(t, q.call(0), 0),
		"another attempt":     q.play(t, q.call(1), 0),
		"a later turn":        q.play(t, q.call(3), 0),
		"the other imp":       q.play(t, q.call(0), 1),
		"a circuit in stock":  q.stocked(t, q.call(0), 0, 1),
		"the same, from both": p,
	} {
		for part := range p.legs {
			c := p.copy()
			c.legs[part], c.said[part] = other.legs[part], other.said[part]
			if got, err := c.finish(); (err == nil) != (other == p) {
				t.Errorf("%s leg of %s: %+v, %v", message.Part(part), name, got, err)
			}
		}
		if other == p {
			continue
		}
		both := p.copy()
		both.legs = other.legs
		if got, err := both.finish(); err == nil {
			t.Errorf("both legs of %s are read as of this run: %+v", name, got)
		}
	}
	swapped := p.copy()
	swapped.legs[0], swapped.legs[1] = p.legs[1], p.legs[0]
	swapped.refused(t, "legs in the wrong order", ErrContradiction)
}

// What is put in, once with one input and once with another, shows both labels of a wire and so Delta, which opens everything.
// Nothing but the names of runs prevents it: each differs in its circuit.
func TestEveryRunHasItsOwnCircuit(t *testing.T) {
	q := twoImps(34)
	seen := map[garble.Label]string{}
	note := func(name string, p *play) {
		t.Helper()
		if other, ok := seen[p.made.Delta]; ok {
			t.Errorf("%s and %s have one circuit", name, other)
		}
		seen[p.made.Delta] = name
		if p.legs[0].Share == p.made.Kappa || p.legs[1].Share == p.made.Kappa || p.legs[1].Share == [16]byte{} {
			t.Errorf("%s: one leg has the key", name)
		}
	}
	for attempt := range uint8(message.MaxAttempts) {
		for imp := range 2 {
			note("attempt", q.play(t, q.call(attempt), imp))
		}
	}
	for absent := range uint8(3) {
		c := q.call(0)
		c.Absent = absent
		note("with one absent", q.play(t, c, 0))
	}
	for number := range uint64(3) {
		note("from the stock", q.stocked(t, q.call(0), 0, number))
	}
	other := twoImps(34)
	other.secret[0]++
	note("another session", other.play(t, other.call(0), 0))
	note("another session's stock", other.stocked(t, other.call(0), 0, 1))
	other = twoImps(34)
	other.digest[0]++
	note("another manifest", other.play(t, other.call(0), 0))
	shape := message.SecondPrice
	other = twoImps(34)
	other.terms.PriceRule = 3 - shape
	note("another shape", other.play(t, other.call(0), 0))
}
