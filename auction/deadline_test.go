package auction

import (
	"errors"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

// within fails the test if f does not return: a bound for hangs, not a measurement.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("hangs")
	}
}

func TestAuctionEndsWithTheAnswersThatAreIn(t *testing.T) {
	hang := func(c *call) { <-c.house.over }
	h := open(t, nil, fake{seat: "never", bid: hang}, fake{seat: "a", bid: bids(2)}, fake{seat: "b", bid: bids(3)}, fake{seat: "neither", bid: hang})
	within(t, func() {
		got, rec := h.auction(func(t *message.Terms) { t.TMax = 1000 })
		if o := got.Imps[0]; o.Seat != "b" || !near(o.Price, 2, 1e-7) {
			t.Errorf("%+v, want b at 2", o)
		}
		if rec.Bidders["never"] != Late || rec.Bidders["neither"] != Late {
			t.Errorf("outcomes %v", rec.Bidders)
		}
	})
}

// Somebody who answers after the end spoils neither this auction nor the next.
func TestLateAnswerIsDropped(t *testing.T) {
	const hurry = 1000 // ms
	release, answered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h := open(t, nil, fake{seat: "a", bid: bids(2)}, fake{seat: "slow", bid: func(c *call) {
		once.Do(func() {
			select {
			case <-release:
			case <-c.house.over:
			}
			defer close(answered)
		})
		bids(9)(c)
	}})
	got, rec := h.auction(func(t *message.Terms) { t.TMax = hurry })
	if got.Imps[0].Seat != "a" || rec.Bidders["slow"] != Late {
		t.Fatalf("%+v, %v", got.Imps[0], rec.Bidders)
	}
	close(release)
	within(t, func() { <-answered })
	if got, rec = h.auction(nil); got.Imps[0].Seat != "slow" || rec.Bidders["slow"] != Answered {
		t.Errorf("next auction: %+v, %v", got.Imps[0], rec.Bidders)
	}
}

func TestAllLateSellsNothing(t *testing.T) {
	h := open(t, nil, fake{seat: "a", bid: func(c *call) { <-c.house.over }})
	within(t, func() {
		got, _ := h.auction(func(t *message.Terms) { t.TMax = 100 })
		if got.NoBid != NoBidNoAnswer || len(got.Imps) != 1 || got.Imps[0].Sold || got.Imps[0].Imp != "1" {
			t.Errorf("%+v", got)
		}
	})
}

// The reserves leave nothing of a tmax of 22 ms, and of one that has passed before the request was read.
func TestTooLittleTimeIsRefused(t *testing.T) {
	asked := make(chan struct{}, 100)
	h := open(t, nil, fake{seat: "a", bid: func(c *call) { asked <- struct{}{}; bids(2)(c) }})
	for _, tc := range []struct {
		tmax uint16
		age  time.Duration
	}{{1, 0}, {22, 0}, {100, 100 * time.Millisecond}, {100, 79 * time.Millisecond}} {
		raw := h.dir.Epoch().EncodeRequest(h.build(func(t *message.Terms) { t.TMax = tc.tmax }))
		if _, err := h.Run(raw, time.Now().Add(-tc.age)); !errors.Is(err, ErrTooLate) {
			t.Errorf("tmax %d, %s old: %v", tc.tmax, tc.age, err)
		}
	}
	if len(asked) != 0 {
		t.Errorf("bidders were asked %d times", len(asked))
	}
}
