package latency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"cipherbid/bench/stat"
	"cipherbid/crypto/ckks"
	"cipherbid/crypto/textbook"
)

// Answer compares what a bidder computes for one request: ours from packed ciphertext to lanes, and the textbook's slot-packed
// dot products with rescale and rotations.
type Answer struct {
	Campaigns, Dim int
	Ours, Textbook time.Duration // median
	Ratio          float64       // median of the ratios of interleaved rounds
	Rounds         int
}

const (
	answerRounds   = 21
	oursPerRound   = 100
	textbookRounds = 2
)

// answers measures both ways at six and at 64 campaigns of 64 features, round by round in turn. It needs no market.
func answers(ctx context.Context, b *bench) ([]Answer, error) {
	var all []Answer
	for _, campaigns := range []int{6, 32, 64} {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		a, err := measureAnswer(campaigns, 64, b.options.Seed)
		if err != nil {
			return all, err
		}
		b.options.Log("answer of %d campaigns: %v, textbook %v, ratio %.0f", campaigns, a.Ours, a.Textbook, a.Ratio)
		all = append(all, a)
	}
	return all, nil
}

func measureAnswer(campaigns, dim int, seed uint64) (Answer, error) {
	rng := rand.New(rand.NewPCG(seed, uint64(campaigns)))
	weights, x := make([][]float64, campaigns), make([]float64, dim)
	for i := range x {
		x[i] = 2*rng.Float64() - 1
	}
	for k := range weights {
		weights[k] = make([]float64, dim)
		for i := range weights[k] {
			weights[k][i] = rng.NormFloat64() / 8
		}
	}
	ours, err := oursOnce(weights, x, dim)
	if err != nil {
		return Answer{}, err
	}
	theirs, err := textbookOnce(weights, x, dim)
	if err != nil {
		return Answer{}, err
	}
	var a, b, ratios []float64
	for range answerRounds {
		o, err := timed(oursPerRound, ours)
		if err != nil {
			return Answer{}, err
		}
		t, err := timed(textbookRounds, theirs)
		if err != nil {
			return Answer{}, err
		}
		a, b, ratios = append(a, float64(o)), append(b, float64(t)), append(ratios, float64(t)/float64(o))
	}
	return Answer{campaigns, dim, time.Duration(stat.Median(a)), time.Duration(stat.Median(b)), stat.Median(ratios), answerRounds}, nil
}

// timed returns the mean duration of n calls.
func timed(n int, f func() error) (time.Duration, error) {
	start := time.Now()
	for range n {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return time.Since(start) / time.Duration(n), nil
}

func oursOnce(weights [][]float64, x []float64, dim int) (func() error, error) {
	p, err := paramsOf(Encrypted, Size{1, len(weights), dim})
	if err != nil {
		return nil, err
	}
	sch, err := ckks.New(p, [32]byte{'a'})
	if err != nil {
		return nil, err
	}
	scorer, err := sch.Prepare(weights)
	if err != nil {
		return nil, err
	}
	e, err := sch.Encrypt(x)
	if err != nil {
		return nil, err
	}
	lanes := make([]uint32, len(weights))
	return func() error { return scorer.Score(lanes, e.C0, e.B) }, nil
}

// textbookOnce packs the next power of two of campaigns, as slot packing demands.
func textbookOnce(weights [][]float64, x []float64, dim int) (func() error, error) {
	packed := 1
	for packed < len(weights) {
		packed *= 2
	}
	padded := append([][]float64{}, weights...)
	for len(padded) < packed {
		padded = append(padded, make([]float64, dim))
	}
	base, err := textbook.New(dim, packed)
	if err != nil {
		return nil, fmt.Errorf("textbook baseline: %w", err)
	}
	w, err := base.Prepare(padded)
	if err != nil {
		return nil, fmt.Errorf("textbook baseline: %w", err)
	}
	ct, err := base.Encrypt(x)
	if err != nil {
		return nil, fmt.Errorf("textbook baseline: %w", err)
	}
	return func() error { _, err := base.Score(ct, w); return err }, nil
}
