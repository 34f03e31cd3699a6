package auction

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/message"
)

// answersOf are answers of seats a, b, c... with the given numbers of lanes.
func answersOf(lanes ...int) []*message.Answer {
	var all []*message.Answer
	for i, n := range lanes {
		all = append(all, &message.Answer{Bid: message.Bid{Seat: string(rune('a' + i)), Lanes: make([]message.Lane, n)}})
	}
	return all
}

func seats(answers []*message.Answer) (all []string) {
	for _, a := range answers {
		all = append(all, a.Seat)
	}
	slices.Sort(all)
	return all
}

// keptOf is what withinLimit keeps of answers in a given order.
func keptOf(request message.Digest, limit uint16, answers []*message.Answer) ([]*message.Answer, *Record) {
	rec := &Record{Bidders: map[string]BidderOutcome{}}
	r := &message.Request{Terms: &message.Terms{MaxLanes: limit}, Digest: request}
	return withinLimit(slices.Clone(answers), r, rec), rec
}

func TestLaneLimitDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range uint64(200) {
		all := answersOf(1+rng.IntN(8), 1+rng.IntN(8), 1+rng.IntN(8), 1+rng.IntN(8), 1+rng.IntN(8))
		limit := uint16(8 + rng.IntN(10))
		first, rec := keptOf(digestOf(n), limit, all)
		total := 0
		for _, a := range first {
			total += len(a.Lanes)
		}
		for _, a := range all {
			kept := slices.Contains(first, a)
			if kept == (rec.Bidders[a.Seat] == Invalid) {
				t.Errorf("auction %d: %s is kept: %v, outcome %v", n, a.Seat, kept, rec.Bidders[a.Seat])
			}
			if !kept && total+len(a.Lanes) <= int(limit) {
				t.Errorf("auction %d: %s is dropped, but there is room", n, a.Seat)
			}
		}
		if total > int(limit) || len(first) == 0 {
			t.Errorf("auction %d: kept %d lanes of at most %d", n, total, limit)
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again, _ := keptOf(digestOf(n), limit, all); !slices.Equal(seats(again), seats(first)) {
			t.Errorf("auction %d: kept %v, in another order %v", n, seats(first), seats(again))
		}
	}
}

func TestLaneLimitDropsEverybodyEquallyOften(t *testing.T) {
	dropped := make([]int, 3)
	for n := range uint64(6000) {
		kept, _ := keptOf(digestOf(n), 5, answersOf(2, 2, 2))
		for i, seat := range []string{"a", "b", "c"} {
			if !slices.Contains(seats(kept), seat) {
				dropped[i]++
			}
		}
	}
	if x := chiSquared(dropped); x > 13.82 { // the 99.9 % quantile at 2 degrees of freedom; the requests are fixed
		t.Errorf("dropped %v: chi-squared %.1f", dropped, x)
	}
}

// Bidders answer one after the other, in either order: the request's digest decides who is left out, and the best of the rest
// wins.
func TestLaneLimitInAnAuction(t *testing.T) {
	prices := map[string]float64{"a": 2, "b": 3, "c": 4}
	for _, order := range []string{"abc", "cba", "bca"} {
		turn := map[string]chan struct{}{"a": make(chan struct{}), "b": make(chan struct{}), "c": make(chan struct{})}
		var bidders []fake
		for seat := range prices {
			bidders = append(bidders, fake{seat: seat, bid: func(c *call) {
				<-turn[seat]
				bids(prices[seat], prices[seat]/2)(c)
				if next := strings.IndexByte(order, seat[0]) + 1; next < len(order) {
					close(turn[order[next:next+1]])
				}
			}})
		}
		close(turn[order[:1]])
		h := open(t, nil, bidders...)
		var request message.Digest
		got, rec := h.auction(func(t *message.Terms) { t.MaxLanes = 5 })
		request = rec.Request
		kept, _ := keptOf(request, 5, answersOf(2, 2, 2))
		best := slices.Max(seats(kept))
		if o := got.Imps[0]; o.Seat != best || len(kept) != 2 {
			t.Errorf("order %s: %+v, kept %v", order, o, seats(kept))
		}
		for seat := range prices {
			if out := rec.Bidders[seat] == Invalid; out == slices.Contains(seats(kept), seat) {
				t.Errorf("order %s: %s is out: %v, kept %v", order, seat, out, seats(kept))
			}
		}
	}
}

func TestOrganisationsCountOnce(t *testing.T) {
	h := open(t, nil,
		fake{seat: "a1", org: "a", bid: bids(2)}, fake{seat: "a2", org: "a", bid: bids(3)}, fake{seat: "b", bid: bids(1)},
		fake{seat: "c", bid: func(c *call) { c.ctx.SetStatusCode(204) }})
	for minOrgs, want := range map[uint8]int{0: 0, 1: 0, 2: 0, 3: NoBidOrgs, 255: NoBidOrgs} {
		got, _ := h.auction(func(t *message.Terms) { t.MinOrgs = minOrgs })
		if got.NoBid != want || got.Imps[0].Sold != (want == 0) || got.Imps[0].Imp != "1" {
			t.Errorf("at least %d organisations: %+v", minOrgs, got)
		}
	}
	if n := h.counters()[fmt.Sprintf("cipherbid_auctions_total{result=%q}", "unsold")]; n != 2 {
		t.Errorf("%g unsold auctions", n)
	}
}

// Seats of one organisation compete: only a seat's own campaigns do not.
func TestSeatsOfOneOrganisationCompete(t *testing.T) {
	h := open(t, nil, fake{seat: "a1", org: "a", bid: bids(2)}, fake{seat: "a2", org: "a", bid: bids(3)})
	if got, _ := h.auction(nil); got.Imps[0].Seat != "a2" || !near(got.Imps[0].Price, 2, 1e-7) {
		t.Errorf("%+v", got.Imps[0])
	}
}

func TestNoBidCounts(t *testing.T) {
	h := open(t, nil, fake{seat: "a", bid: bids(0.4)})
	if got, _ := h.auction(nil); got.NoBid != NoBidBelow || got.Imps[0].Sold {
		t.Errorf("below the floor: %+v", got)
	}
	none := open(t, nil)
	if got, _ := none.auction(nil); got.NoBid != NoBidNoAnswer || len(got.Imps) != 1 {
		t.Errorf("no bidders: %+v", got)
	}
}
