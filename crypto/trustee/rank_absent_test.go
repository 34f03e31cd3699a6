package trustee

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// dealt is a wired market in which all have dealt base transfers.
func (w *wired) dealt() *wired {
	w.tb.Helper()
	for _, t := range w.trustees {
		if err := t.Deal(); err != nil {
			w.tb.Fatal(err)
		}
	}
	return w
}

// leaves takes a trustee off the network.
func (w *wired) leaves(absent int) {
	for _, other := range scheme.SubKeysOf(absent) {
		w.cut(absent, other)
	}
}

func (w *wired) returns(absent int) {
	for _, other := range scheme.SubKeysOf(absent) {
		w.connect(absent, other)
	}
}

func (c *closed) without(absent int, attempt uint8, wait time.Duration) *message.Call {
	call := c.call(attempt, wait)
	call.Absent = uint8(absent)
	return call
}

// With one trustee gone the other two decide the auction, either way round, also if all three have tried before.
func TestTwoTrusteesRank(t *testing.T) {
	w := newWired(t).dealt()
	for absent := range scheme.Trustees {
		w.leaves(absent)
		for attempt := range uint8(2) {
			c := w.sealedSale()
			w.ranks(c, c.without(absent, attempt, patience))
		}
		c := w.sealedSale()
		if _, err := w.rank(c, c.call(0, shortly)); !errors.Is(err, ErrPeer) {
			t.Errorf("all three, without trustee %d: %v", absent, err)
		}
		w.ranks(c, c.without(absent, 1, patience))
		w.returns(absent)
		w.ranks(c, c.call(2, patience))
	}
}

// An auctioneer's word that a trustee is absent is not enough, since nobody checks the garbler then, and an operator may forbid it.
func TestTrusteeThatIsNotAbsent(t *testing.T) {
	w := newWired(t).dealt()
	for absent := range scheme.Trustees {
		others := scheme.SubKeysOf(absent)
		c := w.sealedSale()
		_, errs := w.answersOf(c, c.without(absent, 0, shortly), others[0], others[1])
		w.cut(absent, others[0]) // only one of them has lost it
		_, more := w.answersOf(c, c.without(absent, 1, shortly), others[0], others[1])
		w.connect(absent, others[0])
		for _, i := range others {
			if !errors.Is(errs[i], ErrPresent) {
				t.Errorf("trustee %d without %d, which is there: %v", i, absent, errs[i])
			}
		}
		if !errors.Is(more[others[0]], ErrPeer) || !errors.Is(more[others[1]], ErrPresent) {
			t.Errorf("without trustee %d, which %d has lost: %v", absent, others[0], more)
		}
	}
	strict := newMarket(t, keys.X25519).wire(RankConfig{RequireAll: true}).dealt()
	c := strict.sealedSale()
	strict.leaves(1)
	_, errs := strict.answersOf(c, c.without(1, 0, shortly), 0, 2)
	if errs[0] == nil || errs[2] == nil {
		t.Errorf("trustees that must not rank alone do: %v", errs)
	}
	strict.returns(1)
	strict.ranks(c, c.call(1, patience))
}

// Without base transfers, or with halves that do not fit, two cannot rank alone, and say so.
func TestTwoWithoutDeals(t *testing.T) {
	w := newWired(t)
	w.leaves(2)
	c := w.sealedSale()
	_, errs := w.answersOf(c, c.without(2, 0, shortly), 0, 1)
	for i := range 2 {
		if !errors.Is(errs[i], ErrPeer) {
			t.Errorf("trustee %d without a base: %v", i, errs[i])
		}
	}
	if err := w.trustees[0].Deal(); !errors.Is(err, ErrPeer) {
		t.Errorf("dealt over a link that is down: %v", err)
	}
	w.returns(2)
	// The second half of what trustee 2 deals does not arrive.
	n := 0
	w.passing(func(from, _ int, frame []byte) [][]byte {
		if from == 2 {
			if n++; n%2 == 0 {
				return nil
			}
		}
		return [][]byte{frame}
	})
	w.dealt()
	w.passing(nil)
	w.leaves(2)
	c = w.sealedSale()
	if got, err := w.rank(c, c.without(2, 0, shortly)); !errors.Is(err, ErrPeer) {
		t.Errorf("with half a deal: %+v, %v", got, err)
	}
	w.returns(2)
	w.dealt() // anew
	w.leaves(2)
	w.ranks(c, c.without(2, 1, patience))
}

// A peer that keeps dealing fills a few places, and deals that make no sense none.
func TestDealsAreBounded(t *testing.T) {
	w := newWired(t)
	t0 := w.trustees[0]
	sender, receiver := ot.Deal()
	deal := func(id byte, d message.Deal) error {
		d.ID[0] = id
		return t0.Receive(1, w.dir.Epoch().EncodeDeal(&d), time.Now())
	}
	for n := range byte(20) {
		if err := errors.Join(deal(n, message.Deal{Sender: true, Half: sender[:]}), deal(n, message.Deal{Half: receiver[:]})); err != nil {
			t.Fatal(err)
		}
	}
	for peer := range scheme.Trustees {
		kept := fmt.Sprint(len(t0.ranking.bases.senders[peer]), len(t0.ranking.bases.receivers[peer]))
		if want := map[bool]string{true: "4 4", false: "0 0"}[peer == 2]; kept != want { // what 1 deals is for use with 2
			t.Errorf("bases with trustee %d: %s, want %s", peer, kept, want)
		}
	}
	for name, d := range map[string]message.Deal{
		"empty":                  {Sender: true},
		"short":                  {Sender: true, Half: sender[1:]},
		"a receiver's as sender": {Sender: true, Half: receiver[:]},
		"a sender's as receiver": {Half: sender[:]},
	} {
		if err := deal(99, d); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
}

// One of two that dies, or damages what it sends, leaves the other with an error in time.
func TestOneOfTwoDies(t *testing.T) {
	w := newWired(t).dealt()
	w.leaves(0)
	flipped := func(change func(l *message.LegImp)) func([]byte) [][]byte {
		return func(frame []byte) [][]byte {
			return [][]byte{w.relegged(frame, func(l *message.Leg) { change(&l.Imps[0]) })}
		}
	}
	for _, tc := range []struct {
		name string
		part message.Part
		pass func([]byte) [][]byte
	}{
		{"the evaluator dies at once", message.Evaluator, func([]byte) [][]byte { return nil }},
		{"the garbler dies with its leg", message.Garbler, func([]byte) [][]byte { return nil }},
		{"the garbler's labels are damaged", message.Garbler, flipped(func(l *message.LegImp) { shake(l.Labels) })},
		{"the garbler's transfer is damaged", message.Garbler, flipped(func(l *message.LegImp) { shake(l.Transfer) })},
		{"the garbler's tables are missing", message.Garbler, flipped(func(l *message.LegImp) { l.Tables = nil })},
		{"the evaluator's choice is missing", message.Evaluator, flipped(func(l *message.LegImp) { l.Transfer = nil })},
	} {
		c := w.sealedSale()
		call := c.without(0, 0, shortly)
		roles := c.rolesOf(call)
		w.passing(func(from, _ int, frame []byte) [][]byte {
			if from == roles[tc.part] {
				return tc.pass(frame)
			}
			return [][]byte{frame}
		})
		got, err := w.rank(c, call)
		if err == nil || !errors.Is(err, ErrPeer) && !errors.Is(err, sealed.ErrContradiction) {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
		w.passing(nil)
		w.ranks(c, c.without(0, 1, patience))
	}
}

// Whoever cheats in a transfer, or seems to, is not trusted again until there is a new base.
func TestSpentBase(t *testing.T) {
	w := newWired(t).dealt()
	w.leaves(0)
	c := w.sealedSale()
	w.passing(func(_, _ int, frame []byte) [][]byte {
		return [][]byte{w.relegged(frame, func(l *message.Leg) { shake(l.Imps[0].Transfer) })}
	})
	for _, attempt := range []uint8{0, 2, 4} { // with the same parts
		roles := c.rolesOf(c.without(0, attempt, 0))
		if _, err := w.rankAt(c, c.without(0, attempt, shortly), roles[message.Evaluator]); !errors.Is(err, ErrPeer) {
			t.Fatal(err)
		}
		if _, err := w.rankAt(c, c.without(0, attempt, patience), roles[message.Garbler]); !errors.Is(err, ot.ErrCheat) || !errors.Is(err, sealed.ErrContradiction) {
			t.Errorf("attempt %d: %v", attempt, err)
		}
		w.passing(nil) // from now on the evaluator is honest
	}
	w.returns(0)
	w.dealt()
	w.leaves(0)
	w.ranks(c, c.without(0, 6, patience))
}

func shake(b []byte) {
	for at := 0; at < len(b); at += 1 + len(b)/100 {
		b[at] ^= 4
	}
}

// An evaluator that puts its own share in could complain, and see in another attempt who wins without the winner. So each of the
// two garbles once.
func TestGarblesAloneOnce(t *testing.T) {
	w := newWired(t).dealt()
	w.leaves(2)
	c := w.sealedSale()
	for attempt := range uint8(2) {
		call := c.without(2, attempt, patience)
		w.ranks(c, call)
		again := c.without(2, attempt+2, shortly)
		roles := c.rolesOf(again)
		if roles != c.rolesOf(call) {
			t.Fatalf("parts %v, then %v", c.rolesOf(call), roles)
		}
		_, errs := w.answersOf(c, again, 0, 1)
		if !errors.Is(errs[roles[message.Garbler]], ErrAttempt) || errs[roles[message.Evaluator]] == nil {
			t.Errorf("trustee %d garbles alone again: %v", roles[message.Garbler], errs)
		}
	}
	w.returns(2)
	w.ranks(c, c.call(5, patience))
}

// Nothing but the auction's outcome leaves the two.
func TestTwoTellTheAuctioneerNoMore(t *testing.T) {
	w := newWired(t).dealt()
	w.leaves(1)
	c := w.sealedSale()
	answers, errs := w.answersOf(c, c.without(1, 0, patience), 0, 2)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	roles := c.rolesOf(c.without(1, 0, 0))
	for i := range answers[0].Imps {
		garbled, evaluated := answers[roles[message.Garbler]].Imps[i], answers[roles[message.Evaluator]].Imps[i]
		if len(garbled.Labels) > 0 || len(evaluated.Table) > 0 || !slices.Equal(evaluated.TableDigest[:], make([]byte, 32)) {
			t.Errorf("imp %d: the garbler tells %d bytes of labels, the evaluator %d of tables", i, len(garbled.Labels), len(evaluated.Table))
		}
	}
}
