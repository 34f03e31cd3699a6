package auction

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// bid is one lane of a test's auction.
type bid struct {
	seat     string
	imp      int
	campaign int
	lane     uint32
	cap      int32
}

// terms are second-price terms with one imp for each floor.
func terms(limit float64, floors ...float64) *message.Terms {
	t := &message.Terms{PriceRule: message.SecondPrice, Cap: limit}
	for i, f := range floors {
		t.Imps = append(t.Imps, message.Imp{ID: string(rune('1' + i)), Floor: f})
	}
	return t
}

// laneOf is the lane of a CPM bid under a request's cap.
func laneOf(cpm, limit float64) uint32 { return scheme.Lane(math.Log(cpm) - math.Log(limit) + 16) }

// entriesOf lists bids by seat, in the order in which seats first bid, each with its lanes in the manifest's order.
func entriesOf(request message.Digest, bids []bid) (*message.Manifest, [][]uint32) {
	m := &message.Manifest{Request: request}
	var lanes [][]uint32
	bids = slices.Clone(bids)
	at := map[string]int{}
	for _, b := range bids {
		if _, ok := at[b.seat]; !ok {
			at[b.seat] = len(m.Entries)
			m.Entries = append(m.Entries, message.Entry{Bid: message.Bid{Seat: b.seat}})
			lanes = append(lanes, []uint32{})
		}
	}
	slices.SortStableFunc(bids, func(a, b bid) int {
		return cmp.Or(cmp.Compare(a.imp, b.imp), cmp.Compare(a.campaign, b.campaign))
	})
	for _, b := range bids {
		i := at[b.seat]
		m.Entries[i].Lanes = append(m.Entries[i].Lanes, message.Lane{Imp: uint8(b.imp), Campaign: uint16(b.campaign), Cap: b.cap})
		lanes[i] = append(lanes[i], b.lane)
	}
	return m, lanes
}

// rankBids ranks bids; seats in unopened have no lanes.
func rankBids(t *message.Terms, request message.Digest, bids []bid, unopened ...string) []Outcome {
	m, lanes := entriesOf(request, bids)
	for i := range m.Entries {
		if slices.Contains(unopened, m.Entries[i].Seat) {
			lanes[i] = nil
		}
	}
	return Rank(t, m, lanes)
}

// digestOf is the n-th of many digests that look random.
func digestOf(n uint64) (d message.Digest) {
	rng := rand.New(rand.NewPCG(n, 7))
	for i := range d {
		d[i] = byte(rng.Uint32())
	}
	return d
}

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
}
