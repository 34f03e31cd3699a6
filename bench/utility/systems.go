package utility

import (
	"context"

	"cipherbid/bench/econ"
	"cipherbid/bidder/train"
	"cipherbid/crypto/ckks"
	"cipherbid/crypto/params"
	"cipherbid/crypto/plain"
)

// Names of the systems.
const (
	Float       = "float"       // the log-linear models in float64
	Quantised   = "quantised"   // the same in the integers of the encrypted auction
	Encrypted   = "encrypted"   // the same encrypted
	Probability = "probability" // float, bidding value times probability instead of odds
	Unbounded   = "unbounded"   // float, with 512 features and weights up to the most that encryption allows
	Stacked     = "stacked"     // boosted trees on top of float: what crosses of features add
	Trees       = "trees"       // boosted trees from scratch
)

// wideDim is room for every attribute value that occurs often enough to be fitted.
const wideDim = 512

// comparisons lists the gaps, and the two systems on either side of each.
func comparisons() []Comparison {
	return []Comparison{
		{Gap: "none", System: Float, Reference: Float},
		{Gap: "quantisation", System: Quantised, Reference: Float},
		{Gap: "encryption", System: Encrypted, Reference: Quantised},
		{Gap: "quantisation+encryption", System: Encrypted, Reference: Float},
		{Gap: "restriction-odds", System: Probability, Reference: Float},
		{Gap: "restriction-bounds", System: Unbounded, Reference: Float},
		{Gap: "restriction-crosses", System: Stacked, Reference: Float},
		{Gap: "restriction-trees", System: Trees, Reference: Float},
	}
}

// trial is one repeat.
type trial struct {
	*econ.Split
	options Options
	params  *params.Params
	n       int
	fit     *train.Result
	bids    map[string]*econ.Bids
}

// system makes bids; those before it in the list are in t.bids, and float's models in t.fit.
type system struct {
	name string
	bid  func(ctx context.Context, t *trial) (*econ.Bids, error)
}

func systems() []system {
	return []system{
		{Float, func(_ context.Context, t *trial) (b *econ.Bids, err error) {
			if t.fit, err = t.Fit(t.Log.Rows, t.options.Dim, t.options.MaxL1); err != nil {
				return nil, err
			}
			return t.Bids(t.fit, t.Log.Rows), nil
		}},
		{Quantised, func(ctx context.Context, t *trial) (*econ.Bids, error) {
			p, err := params.Plain(t.params.LogN(), t.params.Dim())
			if err != nil {
				return nil, err
			}
			sch, err := plain.New(p)
			if err != nil {
				return nil, err
			}
			return t.Lanes(ctx, t.fit, t.Log.Rows, sch)
		}},
		{Encrypted, func(ctx context.Context, t *trial) (*econ.Bids, error) {
			sch, err := ckks.New(t.params, [32]byte{'u', 't', 'i', 'l', 'i', 't', 'y', byte(t.n)})
			if err != nil {
				return nil, err
			}
			return t.Lanes(ctx, t.fit, t.Log.Rows, sch)
		}},
		{Probability, func(_ context.Context, t *trial) (*econ.Bids, error) { return t.Probability(t.bids[Float]), nil }},
		{Unbounded, func(_ context.Context, t *trial) (*econ.Bids, error) {
			f, err := t.Fit(t.Log.Rows, max(wideDim, t.options.Dim), params.MaxWeightNorm)
			if err != nil {
				return nil, err
			}
			return t.Bids(f, t.Log.Rows), nil
		}},
		{Stacked, func(_ context.Context, t *trial) (*econ.Bids, error) {
			return t.Stacked(t.fit, t.options.Dim, t.options.MaxL1)
		}},
		{Trees, func(_ context.Context, t *trial) (*econ.Bids, error) { return t.Trees() }},
	}
}

// tuned gives bids that were made in integers the float models' bids on fitted rows: bidders tune their multipliers in plaintext.
func (t *trial) tuned(b *econ.Bids) *econ.Bids {
	if len(b.Fitted) > 0 {
		return b
	}
	c := *b
	c.Fitted = t.bids[Float].Fitted
	return &c
}
