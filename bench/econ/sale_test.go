package econ

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"cipherbid/auction"
	"cipherbid/bench/replay"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

func logs(bids ...float64) []float64 {
	out := make([]float64, len(bids))
	for i, b := range bids {
		out[i] = math.Log(b)
	}
	return out
}

func TestDecide(t *testing.T) {
	for name, tt := range map[string]struct {
		bids  []float64
		floor float64
		want  Sale
	}{
		"second price":  {logs(10, 30, 20), 5, Sale{1, 20}},
		"floor":         {logs(10, 30, 20), 25, Sale{1, 25}},
		"below floor":   {logs(10, 30, 20), 31, Sale{Unsold, 0}},
		"lone bid":      {logs(0, 30, 0), 0, Sale{1, 0}},
		"tie":           {logs(30, 30), 0, Sale{0, 30}},
		"nobody":        {logs(0, 0), 0, Sale{Unsold, 0}},
		"void at cap":   {logs(replay.Cap*1.01, 30, 20), 0, Sale{1, 20}},
		"floor as bids": {logs(10), 9.99, Sale{0, 9.99}},
	} {
		got := Decide(tt.bids, tt.floor)
		if got.Seat != tt.want.Seat || math.Abs(got.Price-tt.want.Price) > 1e-9 {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}

// Decide and the protocol's ranking agree on bids that lanes can hold.
func TestDecideIsRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 500 {
		terms := &message.Terms{PriceRule: message.SecondPrice, Cap: replay.Cap, Imps: []message.Imp{{ID: "1", Floor: float64(rng.IntN(100))}}}
		m := &message.Manifest{Request: message.Digest{byte(n), byte(n >> 8)}}
		var lanes [][]uint32
		var bids []float64
		for k := range 1 + rng.IntN(6) {
			lane := scheme.Lane(16 * (rng.Float64() - .9)) // up to 5 CPM above what is usual, and many below the floor
			bids = append(bids, scheme.LogBid(lane)+terms.LogCap()-params.BidRange)
			lanes = append(lanes, []uint32{lane})
			m.Entries = append(m.Entries, message.Entry{Bid: message.Bid{Seat: strconv.Itoa(k), Lanes: []message.Lane{{Cap: message.NoCap}}}})
		}
		want := auction.Rank(terms, m, lanes)[0]
		got := Decide(bids, terms.Imps[0].Floor)
		if want.Sold != (got.Seat != Unsold) || want.Sold && (want.Seat != strconv.Itoa(got.Seat) || math.Abs(want.Price-got.Price) > 1e-9*want.Price) {
			t.Fatalf("auction %d: decided %+v, ranked %+v", n, got, want)
		}
	}
}

func TestAgree(t *testing.T) {
	near := math.Log(30) - TieTolerance/2
	for name, tt := range map[string]struct {
		sale, reference int
		bids            []float64
		floor           float64
		strict, tied    bool
	}{
		"same":               {0, 0, logs(30, 20), 0, true, true},
		"both unsold":        {Unsold, Unsold, logs(30, 20), 40, true, true},
		"other":              {1, 0, logs(30, 20), 0, false, false},
		"tied":               {1, 0, []float64{math.Log(30), near}, 0, false, true},
		"sold at the floor":  {Unsold, 0, []float64{near}, 30, false, true},
		"sold above":         {Unsold, 0, logs(40), 30, false, false},
		"unsold without bid": {Unsold, 0, logs(40), 0, false, false},
	} {
		strict, tied := agree(Sale{Seat: tt.sale}, Sale{Seat: tt.reference}, tt.bids, tt.floor)
		if strict != tt.strict || tied != tt.tied {
			t.Errorf("%s: strict %v, but for ties %v", name, strict, tied)
		}
	}
}
