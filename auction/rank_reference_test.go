package auction

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cipherbid/crypto/message"
)

// verdict is what a naive auctioneer with bids in the clear finds: who may win an imp, tied seats included, and what each of
// them would pay.
type verdict map[string]float64 // seat -> price

// naive decides one imp with prices instead of lanes, and by looking at everything instead of sorting.
func naive(t *message.Terms, imp int, bids []bid) (winners verdict, campaigns map[string][]int) {
	type priced struct {
		bid
		cpm float64
	}
	var counting []priced
	for _, b := range bids {
		lane := float64(b.lane)
		if lane >= 1<<31 {
			lane -= 1 << 32
		}
		price := t.Cap * math.Exp(lane/(1<<26)-16)
		if b.imp == imp && lane >= -(1<<30) && lane < 1<<30 && lane <= float64(b.cap) && price >= t.Imps[imp].Floor {
			counting = append(counting, priced{b, price})
		}
	}
	best := 0.0
	for _, b := range counting {
		best = max(best, b.cpm)
	}
	winners, campaigns = verdict{}, map[string][]int{}
	for _, w := range counting {
		if w.cpm != best {
			continue
		}
		price := t.Imps[imp].Floor
		for _, other := range counting {
			if other.seat != w.seat {
				price = max(price, other.cpm)
			}
		}
		if t.PriceRule == message.FirstPrice {
			price = best
		}
		winners[w.seat] = price
		campaigns[w.seat] = append(campaigns[w.seat], w.campaign)
	}
	return winners, campaigns
}

// randomAuction draws terms and bids that often tie and often lie at an edge.
func randomAuction(rng *rand.Rand) (*message.Terms, []bid) {
	var floors []float64
	limit := math.Exp(rng.Float64()*20 - 6)
	pool := []int64{rng.Int64N(1 << 30), rng.Int64N(1 << 30), rng.Int64N(1 << 30), -rng.Int64N(1 << 30)}
	for range 1 + rng.IntN(3) {
		floor := 0.0
		if rng.IntN(3) > 0 {
			// Half a lane above or below one that is bid, so that neither way to compute can mistake its side.
			beside := float64(pool[rng.IntN(len(pool))]) + float64(rng.IntN(2)) - 0.5
			floor = limit * math.Exp(beside/(1<<26)-16)
		}
		floors = append(floors, floor)
	}
	t := terms(limit, floors...)
	if rng.IntN(3) == 0 {
		t.PriceRule = message.FirstPrice
	}
	edges := []int64{-1 << 30, -1<<30 - 1, 1<<30 - 1, 1 << 30, -1 << 31, 1<<31 - 1, 0, -1}
	var bids []bid
	for s := range rng.IntN(8) {
		for imp := range t.Imps {
			for campaign := range rng.IntN(4) {
				lane := pool[rng.IntN(len(pool))]
				switch rng.IntN(8) {
				case 0:
					lane = edges[rng.IntN(len(edges))]
				case 1:
					lane = int64(rng.Uint32())
				case 2:
					lane++
				}
				b := bid{fmt.Sprint("seat-", s), imp, campaign, uint32(lane), message.NoCap}
				if rng.IntN(4) == 0 {
					b.cap = int32(b.lane) + int32(rng.IntN(3)-1)
				}
				bids = append(bids, b)
			}
		}
	}
	return t, bids
}

func TestRankIsTheNaiveAuction(t *testing.T) {
	auctions, unsold, ties := uint64(5000), 0, 0
	for n := range auctions {
		terms, bids := randomAuction(rand.New(rand.NewPCG(n, 1)))
		for i, got := range rankBids(terms, digestOf(n), bids) {
			winners, campaigns := naive(terms, i, bids)
			if len(winners) == 0 {
				unsold++
			}
			if len(winners) > 1 {
				ties++
			}
			price, mayWin := winners[got.Seat]
			if got.Sold != (len(winners) > 0) || got.Sold && !mayWin {
				t.Fatalf("auction %d, imp %d: %+v, may win: %v", n, i, got, winners)
			}
			if !near(got.Price, price, 1e-9) {
				t.Fatalf("auction %d, imp %d: price %g, want %g", n, i, got.Price, price)
			}
			if got.Sold && !slices.Contains(campaigns[got.Seat], got.Campaign) {
				t.Fatalf("auction %d, imp %d: campaign %d, may win: %v", n, i, got.Campaign, campaigns[got.Seat])
			}
		}
	}
	if unsold < 500 || ties < 500 {
		t.Errorf("%d unsold imps and %d ties: the test does not reach enough of both", unsold, ties)
	}
}
