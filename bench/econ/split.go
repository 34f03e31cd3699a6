package econ

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
)

// Split is one division of a log into rows that models are fitted to and rows that are auctioned.
type Split struct {
	Log   *Log
	Seed  uint64
	Train []int    // rows of the log, in log order
	Test  []int    // the others
	Seats []string // the advertisers that Train knows, sorted
	own   []int    // for each row of the log the seat that won it there, -1 if Seats lacks it
}

// Split divides the log by the seed, as package train does.
func (l *Log) Split(seed uint64) (*Split, error) {
	s := &Split{Log: l, Seed: seed}
	learn, _ := train.Split(l.Rows, seed, TrainFraction)
	for i := range l.Rows {
		if len(s.Train) < len(learn) && learn[len(s.Train)].ID == l.Rows[i].ID { // both are in log order
			s.Train = append(s.Train, i)
			s.Seats = append(s.Seats, l.Rows[i].Advertiser)
		} else {
			s.Test = append(s.Test, i)
		}
	}
	slices.Sort(s.Seats)
	s.Seats = slices.Compact(s.Seats)
	if len(s.Train) == 0 || len(s.Test) == 0 {
		return nil, fmt.Errorf("log %s: %d rows to fit on and %d to auction", l.Name, len(s.Train), len(s.Test))
	}
	s.own = make([]int, len(l.Rows))
	for i, r := range l.Rows {
		s.own[i] = -1
		if k, ok := slices.BinarySearch(s.Seats, r.Advertiser); ok {
			s.own[i] = k
		}
	}
	return s, nil
}

// Fit fits the project's models to the training rows of a log whose users may be other than the split's: protected ones. dim and
// maxL1 are train.Options' Dim and MaxL1.
func (s *Split) Fit(rows []ipinyou.Row, dim int, maxL1 float64) (*train.Result, error) {
	f, err := train.Fit(rows, train.Options{
		Dim: dim, MaxL1: maxL1, Seed: s.Seed, TrainFraction: TrainFraction, NonClickRate: s.Log.Rate, Values: s.Log.Values,
	})
	if err != nil {
		return nil, fmt.Errorf("fit on %s: %w", s.Log.Name, err)
	}
	if len(f.Models) != len(s.Seats) {
		return nil, fmt.Errorf("fit on %s: %d models for %d seats", s.Log.Name, len(f.Models), len(s.Seats))
	}
	return f, nil
}

// Bids are what bidders bid in one split under one treatment.
type Bids struct {
	LogBid [][]float64 // [row of Test][seat]: natural logarithm of a CPM bid, -Inf for none
	Eta    []float64   // [row of Test]: log-odds of a click on the true scale, by the seat that won the row in the log; NaN if none
	Fitted []float64   // [row of Train]: log-bid of the seat that won the row in the log, -Inf if none
	Sales  []Sale      // [row of Test]
	Void   int         // bids on Test that the cap voids
}

// Bids lets fitted models bid on rows, which differ from the log's in their users only. Bids are odds times value, as in the
// encrypted auction.
func (s *Split) Bids(f *train.Result, rows []ipinyou.Row) *Bids {
	b := &Bids{}
	x := make([]float64, f.FeatureMap.Dim())
	var attrs []model.Attribute
	encode := func(i int) *model.RowContext {
		attrs = model.Attributes(rows[i].User, attrs[:0])
		x = f.FeatureMap.Encode(attrs, x)
		return model.NewRowContext(rows[i])
	}
	for _, i := range s.Train {
		ctx := encode(i)
		b.Fitted = append(b.Fitted, f.Models[s.own[i]].LogBid(0, x, ctx))
	}
	for _, i := range s.Test {
		ctx := encode(i)
		bids := make([]float64, len(s.Seats))
		for k, m := range f.Models {
			bids[k] = m.LogBid(0, x, ctx)
		}
		b.LogBid = append(b.LogBid, bids)
		b.Eta = append(b.Eta, s.eta(i, bids))
	}
	s.sell(b)
	return b
}

// logValue is the logarithm of a seat's value of a click.
func (s *Split) logValue(seat int) float64 { return math.Log(s.Log.Values[s.Seats[seat]]) }

// eta recovers the log-odds that the own seat's log-bid stands for.
func (s *Split) eta(row int, logBid []float64) float64 {
	k := s.own[row]
	if k < 0 || math.IsInf(logBid[k], -1) {
		return math.NaN()
	}
	return logBid[k] - s.logValue(k)
}

// sell auctions every row.
func (s *Split) sell(b *Bids) {
	limit := logCap()
	for t, i := range s.Test {
		b.Sales = append(b.Sales, Decide(b.LogBid[t], s.Log.Rows[i].Floor))
		for _, v := range b.LogBid[t] {
			if v >= limit {
				b.Void++
			}
		}
	}
}

// Probability returns the same bidders bidding probability times value instead of odds times value.
func (s *Split) Probability(b *Bids) *Bids {
	p := &Bids{Eta: b.Eta}
	for i, v := range b.Fitted {
		k := s.own[s.Train[i]]
		p.Fitted = append(p.Fitted, probabilityBid(v, s.logValue(k)))
	}
	for _, bids := range b.LogBid {
		row := make([]float64, len(bids))
		for k, v := range bids {
			row[k] = probabilityBid(v, s.logValue(k))
		}
		p.LogBid = append(p.LogBid, row)
	}
	s.sell(p)
	return p
}

// probabilityBid turns ln(value odds) into ln(value probability).
func probabilityBid(logBid, logValue float64) float64 {
	if math.IsInf(logBid, -1) {
		return logBid
	}
	return logBid - math.Log1p(math.Exp(logBid-logValue))
}

// Shuffle returns bidders that bid at random: every seat draws its bids without replacement from those of b, on auctioned and on
// fitted rows, so that they have the same distribution and know nothing, not even the context.
func (s *Split) Shuffle(b *Bids, rng *rand.Rand) *Bids {
	r := &Bids{Fitted: slices.Clone(b.Fitted)}
	for range b.LogBid {
		r.LogBid = append(r.LogBid, make([]float64, len(s.Seats)))
	}
	for k := range s.Seats {
		for t, from := range rng.Perm(len(b.LogBid)) {
			r.LogBid[t][k] = b.LogBid[from][k]
		}
		var own []int
		for at, i := range s.Train {
			if s.own[i] == k {
				own = append(own, at)
			}
		}
		for x, y := range rng.Perm(len(own)) {
			r.Fitted[own[x]] = b.Fitted[own[y]]
		}
	}
	for t, i := range s.Test {
		r.Eta = append(r.Eta, s.eta(i, r.LogBid[t]))
	}
	s.sell(r)
	return r
}
