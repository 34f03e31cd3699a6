package auction

import (
	"math"
	"testing"

	"cipherbid/crypto/message"
)

const (
	limit  = 1000.0   // CPM cap of these auctions
	lowest = -1 << 30 // lane of limit e^-32
)

// cpm is a bid of a seat's campaign 0 on imp 0.
func cpm(seat string, price float64) bid {
	return bid{seat: seat, lane: laneOf(price, limit), cap: message.NoCap}
}

func (b bid) of(campaign int) bid    { b.campaign = campaign; return b }
func (b bid) on(imp int) bid         { b.imp = imp; return b }
func at(seat string, lane int64) bid { return bid{seat: seat, lane: uint32(lane), cap: message.NoCap} }
func (b bid) upTo(price float64) bid { b.cap = int32(laneOf(price, limit)); return b }
func (b bid) upToLane(cap int64) bid { b.cap = int32(cap); return b }
func sold(seat string, price float64) Outcome {
	return Outcome{Sold: true, Seat: seat, Price: price}
}

// TestRank says what winner and price are.
func TestRank(t *testing.T) {
	none := Outcome{}
	for _, tc := range []struct {
		name     string
		floor    float64
		first    bool // price rule
		bids     []bid
		unopened []string
		want     Outcome
	}{
		{name: "no bids"},
		{name: "one bid without a floor is free", bids: []bid{cpm("a", 2)}, want: sold("a", 0)},
		{name: "one bid pays the floor", floor: 0.5, bids: []bid{cpm("a", 2)}, want: sold("a", 0.5)},
		{name: "one bid, first price", floor: 0.5, first: true, bids: []bid{cpm("a", 2)}, want: sold("a", 2)},
		{name: "second price", bids: []bid{cpm("a", 2), cpm("b", 5), cpm("c", 3)}, want: sold("b", 3)},
		{name: "first price", first: true, bids: []bid{cpm("a", 2), cpm("b", 5), cpm("c", 3)}, want: sold("b", 5)},
		{name: "floor above the second", floor: 4, bids: []bid{cpm("a", 2), cpm("b", 5)}, want: sold("b", 4)},
		{name: "floor below the second", floor: 1, bids: []bid{cpm("a", 2), cpm("b", 5)}, want: sold("b", 2)},
		{name: "floor above all", floor: 6, bids: []bid{cpm("a", 2), cpm("b", 5)}},
		{name: "floor at the cap", floor: limit, bids: []bid{cpm("a", 2), cpm("b", limit*(1-1e-7))}},
		{name: "a seat does not compete with itself", bids: []bid{cpm("a", 2), cpm("b", 5), cpm("b", 4).of(1), cpm("b", 3).of(2)}, want: sold("b", 2)},
		{name: "alone with several campaigns", floor: 0.5, bids: []bid{cpm("b", 5), cpm("b", 4).of(1)}, want: sold("b", 0.5)},
		{name: "the best campaign wins", bids: []bid{cpm("a", 2), cpm("b", 3), cpm("b", 5).of(7)}, want: Outcome{Sold: true, Seat: "b", Campaign: 7, Price: 2}},
		{name: "second price of a seat's second campaign", bids: []bid{cpm("a", 2), cpm("a", 4).of(1), cpm("b", 5)}, want: sold("b", 4)},
		{name: "above the range is void", bids: []bid{cpm("a", 2), at("b", 1<<30)}, want: sold("a", 0)},
		{name: "far above the range is void", bids: []bid{cpm("a", 2), at("b", 1<<31-1)}, want: sold("a", 0)},
		{name: "below the range is void", first: true, bids: []bid{at("b", lowest-1)}},
		{name: "far below the range is void", first: true, bids: []bid{at("b", -1<<31)}},
		{name: "void bids set no price", bids: []bid{cpm("a", 2), at("b", 1<<30), at("c", lowest-1)}, want: sold("a", 0)},
		{name: "highest lane", first: true, bids: []bid{at("b", 1<<30-1)}, want: sold("b", limit)},
		{name: "lowest lane", first: true, bids: []bid{at("b", lowest)}, want: sold("b", limit*math.Exp(-32))},
		{name: "negative lanes are below positive ones", bids: []bid{at("a", -1), at("b", 0)}, want: sold("b", limit*math.Exp(-16))},
		{name: "above its own cap is void", bids: []bid{cpm("a", 2), cpm("b", 5).upTo(4), cpm("c", 1)}, want: sold("a", 1)},
		{name: "at its own cap counts", bids: []bid{cpm("a", 2), cpm("b", 5).upTo(5)}, want: sold("b", 2)},
		{name: "a cap does not lower a bid", first: true, bids: []bid{cpm("b", 3).upTo(4)}, want: sold("b", 3)},
		{name: "a cap below the range voids all", bids: []bid{at("b", lowest).upToLane(-1 << 31)}},
		{name: "another campaign of a capped seat counts", bids: []bid{cpm("a", 2), cpm("b", 5).upTo(4), cpm("b", 3).of(1)}, want: Outcome{Sold: true, Seat: "b", Campaign: 1, Price: 2}},
		{name: "what was not opened does not count", bids: []bid{cpm("a", 2), cpm("b", 5), cpm("c", 1)}, unopened: []string{"b"}, want: sold("a", 1)},
		{name: "nothing was opened", bids: []bid{cpm("a", 2), cpm("b", 5)}, unopened: []string{"a", "b"}},
		{name: "below the floor sets no price", floor: 3, bids: []bid{cpm("a", 2), cpm("b", 5)}, want: sold("b", 3)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			terms := terms(limit, tc.floor)
			if tc.first {
				terms.PriceRule = message.FirstPrice
			}
			got := rankBids(terms, digestOf(1), tc.bids, tc.unopened...)[0]
			price, want := got.Price, tc.want
			got.Price, want.Imp, want.Price = 0, "1", 0
			if got != want || !near(price, tc.want.Price, 2e-8) {
				t.Errorf("%+v at %g, want %+v at %g", got, price, want, tc.want.Price)
			}
			if tc.want == none && price != 0 {
				t.Errorf("nothing sold at %g", price)
			}
		})
	}
}

func TestBidAtTheFloorCounts(t *testing.T) {
	for _, floor := range []float64{limit * math.Exp(-32), 1e-6, 0.01, 0.5, 1, 5, 999} {
		terms := terms(limit, floor)
		lane := int64(floorLane(terms, 0))
		if got := rankBids(terms, digestOf(1), []bid{at("a", lane)})[0]; !got.Sold || got.Price != floor {
			t.Errorf("lowest lane at floor %g: %+v", floor, got)
		}
		if lane == lowest {
			continue
		}
		if got := rankBids(terms, digestOf(1), []bid{at("a", lane-1)})[0]; got.Sold {
			t.Errorf("below floor %g: %+v", floor, got)
		}
	}
}

func TestImpsAreDecidedApart(t *testing.T) {
	terms := terms(limit, 0, 4, 10)
	got := rankBids(terms, digestOf(1), []bid{
		cpm("a", 2), cpm("a", 5).on(1), cpm("a", 9).on(2),
		cpm("b", 3), cpm("b", 1).on(1), cpm("b", 8).of(1),
	})
	want := []Outcome{
		{Imp: "1", Sold: true, Seat: "b", Campaign: 1, Price: 2},
		{Imp: "2", Sold: true, Seat: "a", Price: 4},
		{Imp: "3"},
	}
	for i := range want {
		if !near(got[i].Price, want[i].Price, 2e-8) {
			t.Errorf("imp %d: price %g, want %g", i, got[i].Price, want[i].Price)
		}
		if got[i].Price = want[i].Price; got[i] != want[i] {
			t.Errorf("imp %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// A tie is decided by the request, and its winner pays what it bid.
func TestTiedSeatsPayTheirBid(t *testing.T) {
	for n := range uint64(20) {
		got := rankBids(terms(limit, 0.5), digestOf(n), []bid{cpm("a", 3), cpm("b", 3), cpm("c", 2)})[0]
		if got.Seat == "c" || !near(got.Price, 3, 2e-8) {
			t.Errorf("%+v", got)
		}
	}
	got := rankBids(terms(limit, 0.5), digestOf(1), []bid{cpm("a", 3), cpm("a", 3).of(1), cpm("c", 2)})[0]
	if got.Seat != "a" || !near(got.Price, 2, 2e-8) {
		t.Errorf("campaigns of one seat tie: %+v", got)
	}
}
