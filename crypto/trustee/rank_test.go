package trustee

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Three trustees decide an auction of which none sees a bid, in every attempt alike, whoever takes which part.
func TestThreeTrusteesRank(t *testing.T) {
	w := newWired(t)
	for range 2 {
		c := w.sealedSale()
		evaluators := map[int]bool{}
		for attempt := range uint8(message.MaxAttempts) {
			call := c.call(attempt, patience)
			w.ranks(c, call)
			evaluators[c.rolesOf(call)[message.Evaluator]] = true
		}
		if len(evaluators) != scheme.Trustees {
			t.Errorf("trustees %v have evaluated", evaluators)
		}
	}
	if len(w.refused) > 0 {
		t.Errorf("honest frames were refused: %v", w.refused)
	}
}

// Sub-keys in a publisher's session, or first price, change nothing about it.
func TestRankOfOtherRequests(t *testing.T) {
	w := newWired(t)
	a, _ := w.sessionAgent("news")
	raw, _, err := a.Request(with(func(o *agent.Opportunity) { o.Mode = message.Sealed }))
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	c := w.sell(r)
	w.ranks(c, c.call(0, patience))
}

// An attempt is served once, whatever else a second one says, and of two that race one.
func TestAttemptIsServedOnce(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	again := c.call(0, shortly)
	again.Tickets[0].Number = 7
	_, errs := w.answersOf(c, again, 0, 1, 2)
	for i, err := range errs {
		if !errors.Is(err, ErrAttempt) {
			t.Errorf("trustee %d: %v", i, err)
		}
	}
	w.ranks(c, c.call(1, patience))

	race := c.call(2, patience)
	raw := make([][]byte, scheme.Trustees)
	for i := range raw {
		raw[i] = w.encodedCall(c, message.EncodeCall(race), i)
	}
	const each = 20
	var served [scheme.Trustees]int
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range each {
		for i := range raw {
			wait.Go(func() {
				_, err := w.trustees[i].Rank(raw[i], time.Now())
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					served[i]++
				} else if !errors.Is(err, ErrAttempt) {
					t.Errorf("trustee %d: %v", i, err)
				}
			})
		}
	}
	wait.Wait()
	if served != [3]int{1, 1, 1} {
		t.Errorf("served %v times", served)
	}
}

// A second attempt is for the identical manifest: with a bid less it would open the runner-up.
func TestRankIsForOneManifest(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	shorter := w.shorter(c)
	_, errs := w.answersOf(shorter, shorter.call(1, shortly), 0, 1, 2)
	for i, err := range errs {
		if !errors.Is(err, ErrReplay) {
			t.Errorf("trustee %d on another manifest: %v", i, err)
		}
	}
	w.ranks(c, c.call(2, patience))
}

// Nor may other answers open in a second attempt, as when a bidder's enrolment has arrived meanwhile.
func TestRankOpensTheSameAnswers(t *testing.T) {
	w := newWired(t)
	n := w.insider(outsider, 1)
	r := w.ask(with(func(o *agent.Opportunity) { o.Mode = message.Sealed }))
	c := w.close(r, append(w.answers(r), n.honest(r))...)
	late := len(c.manifest.Entries) - 1
	want := w.sold(c, late)
	name := party{message.RoleBidder, outsider}
	var sessions [scheme.Trustees][]*enrolled
	for i, trustee := range w.trustees {
		sessions[i], trustee.roll.sessions[name] = trustee.roll.sessions[name], nil
	}
	if got, err := w.rank(c, c.call(0, patience)); err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for i, trustee := range w.trustees {
		trustee.roll.sessions[name] = sessions[i]
	}
	_, errs := w.answersOf(c, c.call(1, shortly), 0, 1, 2)
	for i, err := range errs {
		if !errors.Is(err, ErrAttempt) {
			t.Errorf("trustee %d opens other answers: %v", i, err)
		}
	}
	c = w.close(r, c.answers[late], c.answers[0], c.answers[1]) // no other manifest either
	if _, err := w.rank(c, c.call(2, shortly)); !errors.Is(err, ErrReplay) {
		t.Error(err)
	}
}
