package econ

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"cipherbid/crypto/ckks"
	"cipherbid/crypto/params"
	"cipherbid/crypto/plain"
	"cipherbid/crypto/scheme"
)

func small(t *testing.T) *Split {
	t.Helper()
	s, err := builtIn(1500, 1).Split(1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSplit(t *testing.T) {
	s := small(t)
	seen := make([]int, len(s.Log.Rows))
	for _, i := range append(slices.Clone(s.Train), s.Test...) {
		seen[i]++
	}
	if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) || !slices.IsSorted(s.Train) || !slices.IsSorted(s.Test) {
		t.Error("not a division of the log in its order")
	}
	if share := float64(len(s.Train)) / float64(len(s.Log.Rows)); math.Abs(share-TrainFraction) > .04 {
		t.Errorf("share %g to fit on", share)
	}
}

// Encrypted, quantised and float bids are the same but for rounding, and so are their sales.
func TestLanes(t *testing.T) {
	s := small(t)
	s.Test = s.Test[:60]
	f, err := s.Fit(s.Log.Rows, 64, 16)
	if err != nil {
		t.Fatal(err)
	}
	float := s.Bids(f, s.Log.Rows)
	p, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := params.Plain(p.LogN(), 64)
	if err != nil {
		t.Fatal(err)
	}
	stand, err := plain.New(clear)
	if err != nil {
		t.Fatal(err)
	}
	real, err := ckks.New(p, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	for name, sch := range map[string]scheme.Scheme{"quantised": stand, "encrypted": real} {
		b, err := s.Lanes(context.Background(), f, s.Log.Rows, sch)
		if err != nil {
			t.Fatal(err)
		}
		worst, differ := 0.0, 0
		for i := range b.LogBid {
			for k, v := range b.LogBid[i] {
				worst = max(worst, math.Abs(v-float.LogBid[i][k]))
			}
			if _, tied := agree(b.Sales[i], float.Sales[i], float.LogBid[i], s.Log.Rows[s.Test[i]].Floor); !tied {
				differ++
			}
		}
		if worst == 0 || worst > 64*math.Ldexp(1, -17) || differ > 1 {
			t.Errorf("%s: log-bids differ by up to %g, %d sales of %d", name, worst, differ, len(b.Sales))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Lanes(ctx, f, s.Log.Rows, stand); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, but %v", err)
	}
}

func TestProbability(t *testing.T) {
	s := small(t)
	f, err := s.Fit(s.Log.Rows, 64, 16)
	if err != nil {
		t.Fatal(err)
	}
	odds := s.Bids(f, s.Log.Rows)
	b := s.Probability(odds)
	for i, bids := range b.LogBid {
		for k, v := range bids {
			o := math.Exp(odds.LogBid[i][k] - s.logValue(k))
			if want := s.logValue(k) + math.Log(o/(1+o)); math.Abs(v-want) > 1e-9 {
				t.Fatalf("row %d, seat %d: log-bid %g, want %g", i, k, v, want)
			}
		}
	}
	shuffled := s.Shuffle(odds, rand.New(rand.NewPCG(1, 1)))
	moved := 0
	for k := range s.Seats {
		var before, after []float64
		for i := range odds.LogBid {
			before, after = append(before, odds.LogBid[i][k]), append(after, shuffled.LogBid[i][k])
			if odds.LogBid[i][k] != shuffled.LogBid[i][k] {
				moved++
			}
		}
		slices.Sort(before)
		slices.Sort(after)
		if !slices.Equal(before, after) {
			t.Errorf("seat %d has other bids after shuffling", k)
		}
	}
	if moved == 0 {
		t.Error("shuffling moved nothing")
	}
}

func TestUnrestrictedModels(t *testing.T) {
	s := small(t)
	f, err := s.Fit(s.Log.Rows, 64, 16)
	if err != nil {
		t.Fatal(err)
	}
	linear := s.Bids(f, s.Log.Rows)
	trees, err := s.Trees()
	if err != nil {
		t.Fatal(err)
	}
	stacked, err := s.Stacked(f, 64, 16)
	if err != nil {
		t.Fatal(err)
	}
	auc := func(b *Bids) float64 {
		m := Measure([]Block{s.clickBlock(b)}, [][]uint8{slices.Repeat([]uint8{1}, len(s.Test))})
		return m.Values[0][0]
	}
	for name, b := range map[string]*Bids{"trees": trees, "stacked": stacked} {
		if len(b.LogBid) != len(s.Test) || len(b.Fitted) != len(s.Train) || len(b.Sales) != len(s.Test) {
			t.Fatalf("%s: incomplete bids", name)
		}
		if got, want := auc(b), auc(linear); got < want-.1 || got < .6 {
			t.Errorf("%s: AUC %.3f, log-linear %.3f", name, got, want)
		}
	}
	again, err := s.Trees()
	if err != nil || !slices.Equal(again.Eta, trees.Eta) {
		t.Errorf("trees are not the same twice, %v", err)
	}
}

// The judge of the built-in market prefers what maximises its own values.
func TestOracle(t *testing.T) {
	s := small(t)
	judges := s.Oracle()
	if len(judges) != 1 {
		t.Fatalf("%d judges", len(judges))
	}
	best := &Bids{Fitted: make([]float64, len(s.Train))}
	for i, value := range judges[0].Value {
		best.LogBid = append(best.LogBid, logs(value...))
		best.Eta = append(best.Eta, s.eta(s.Test[i], best.LogBid[i]))
	}
	s.sell(best)
	random := s.Shuffle(best, rand.New(rand.NewPCG(1, 1)))
	welfare := func(b *Bids) float64 {
		block := s.auctionBlock(b, best, judges)
		at := slices.IndexFunc(block.Metrics, func(m Metric) bool { return m.Name == "welfare_true_cpm" })
		return block.Values(slices.Repeat([]uint8{1}, len(s.Test)))[at]
	}
	if welfare(best) < 1.5*welfare(random) {
		t.Errorf("true welfare %g of the best, %g of random bids", welfare(best), welfare(random))
	}
	s.Log.Oracle = nil
	if s.Oracle() != nil {
		t.Error("a log of the real world has a judge")
	}
}

func TestEach(t *testing.T) {
	var n atomic.Int64
	if err := Each(context.Background(), 100, func(int) error { n.Add(1); return nil }); err != nil || n.Load() != 100 {
		t.Errorf("%d calls, %v", n.Load(), err)
	}
	bad := errors.New("bad")
	if err := Each(context.Background(), 100, func(i int) error {
		if i == 3 {
			return bad
		}
		return nil
	}); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Each(ctx, 3, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, but %v", err)
	}
	if err := Each(ctx, 0, nil); err != nil {
		t.Errorf("nothing to do, but %v", err)
	}
}
