package auction

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"cipherbid/crypto/message"

	"pgregory.net/rapid"
)

// drawn is an auction in which nobody is alone at being interesting: few lane values, so that ties and void bids are common.
type drawn struct {
	terms   *message.Terms
	request message.Digest
	bids    []bid
}

func drawAuction(t *rapid.T) drawn {
	imps := rapid.IntRange(1, 3).Draw(t, "imps")
	floors := make([]float64, imps)
	for i := range floors {
		floors[i] = rapid.SampledFrom([]float64{0, 0.01, 1.234, 30}).Draw(t, "floor")
	}
	d := drawn{terms: terms(limit, floors...), request: digestOf(rapid.Uint64().Draw(t, "request"))}
	d.terms.PriceRule = rapid.SampledFrom([]message.PriceRule{message.FirstPrice, message.SecondPrice}).Draw(t, "rule")
	lane := rapid.SampledFrom([]uint32{
		laneOf(0.1, limit), laneOf(2, limit), laneOf(2, limit) + 1, laneOf(40, limit), laneOf(900, limit), 1 << 30, 1<<31 + 5,
	})
	for s := range rapid.IntRange(0, 5).Draw(t, "seats") {
		for imp := range imps {
			for campaign := range rapid.IntRange(0, 3).Draw(t, "campaigns") {
				b := bid{fmt.Sprint("seat-", s), imp, campaign, lane.Draw(t, "lane"), message.NoCap}
				if rapid.IntRange(0, 3).Draw(t, "capped") == 0 {
					b.cap = int32(laneOf(2, limit))
				}
				d.bids = append(d.bids, b)
			}
		}
	}
	return d
}

func mustEqual(t *rapid.T, what string, got, want []Outcome) {
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %+v, want %+v", what, got, want)
	}
}

// The order in which answers and lanes are listed decides nothing, not even a tie.
func TestOrderDecidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawAuction(t)
		m, lanes := entriesOf(d.request, d.bids)
		want := Rank(d.terms, m, lanes)
		order := rapid.Permutation(indices(len(m.Entries))).Draw(t, "entries")
		shuffled, shuffledLanes := &message.Manifest{Request: d.request}, make([][]uint32, len(order))
		for to, from := range order {
			entry := m.Entries[from]
			entry.Lanes = make([]message.Lane, len(lanes[from]))
			shuffledLanes[to] = make([]uint32, len(lanes[from]))
			for k, j := range rapid.Permutation(indices(len(lanes[from]))).Draw(t, "lanes") {
				entry.Lanes[k], shuffledLanes[to][k] = m.Entries[from].Lanes[j], lanes[from][j]
			}
			shuffled.Entries = append(shuffled.Entries, entry)
		}
		mustEqual(t, "permuted", Rank(d.terms, shuffled, shuffledLanes), want)
	})
}

// Who does not count might as well not be there.
func TestVoidBidsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawAuction(t)
		want := rankBids(d.terms, d.request, d.bids)
		more := slices.Clone(d.bids)
		var unopened []string
		for imp := range d.terms.Imps {
			outside := rapid.Uint32Range(1<<30, 1<<32-1<<30-1).Draw(t, "outside")
			more = append(more,
				bid{"void", imp, 0, outside, message.NoCap},
				bid{"capped", imp, 0, laneOf(900, limit), int32(laneOf(900, limit)) - 1},
				bid{"unopened", imp, 0, laneOf(950, limit), message.NoCap})
			unopened = []string{"unopened"}
			if d.terms.Imps[imp].Floor > 0 {
				more = append(more, bid{"below", imp, 0, laneOf(d.terms.Imps[imp].Floor*0.999, limit), message.NoCap})
			}
		}
		mustEqual(t, "with void bids", rankBids(d.terms, d.request, more, unopened...), want)
	})
}

// A seat cannot raise or lower what it pays with more campaigns below its best.
func TestLosingCampaignsOfTheWinnerChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawAuction(t)
		want := rankBids(d.terms, d.request, d.bids)
		more := slices.Clone(d.bids)
		for imp, o := range want {
			best := slices.IndexFunc(d.bids, func(b bid) bool { return b.seat == o.Seat && b.imp == imp && b.campaign == o.Campaign })
			if best < 0 {
				continue
			}
			below := rapid.Uint32Range(1, 1<<20).Draw(t, "below")
			for campaign := range rapid.IntRange(1, 5).Draw(t, "more") {
				more = append(more, bid{o.Seat, imp, 10 + campaign, d.bids[best].lane - below, message.NoCap})
			}
		}
		mustEqual(t, "with more campaigns", rankBids(d.terms, d.request, more), want)
	})
}

// Lanes are relative to the request's cap: another cap with the lanes shifted against it is the same auction.
func TestScalingTheCapKeepsPrices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawAuction(t)
		d.bids = slices.DeleteFunc(d.bids, func(b bid) bool { return b.lane >= 1<<30 }) // which a shift would bring into range
		want := rankBids(d.terms, d.request, d.bids)
		const shift = 3 << 24 // a factor of e^0.75
		scaled := *d.terms
		scaled.Cap *= math.Exp(0.75)
		shifted := slices.Clone(d.bids)
		for i := range shifted {
			shifted[i].lane -= shift
			if shifted[i].cap != message.NoCap {
				shifted[i].cap -= shift
			}
		}
		got := rankBids(&scaled, d.request, shifted)
		for i := range got {
			if !near(got[i].Price, want[i].Price, 1e-9) {
				t.Fatalf("imp %d: price %g under a higher cap, %g before", i, got[i].Price, want[i].Price)
			}
			got[i].Price = want[i].Price
		}
		mustEqual(t, "under a higher cap", got, want)
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
