package utility

import (
	"math"

	"cipherbid/bidder/model"
	"cipherbid/crypto/params"
)

// LaneError is how far log-bids move across one gap.
type LaneError struct {
	Gap       string
	N         int // log-bids
	Mean, Std float64
	Max       float64 // largest magnitude
	Bound     float64 // what Max cannot exceed
}

// laneErrors gathers the two gaps that have a bound.
type laneErrors struct {
	gaps    []LaneError
	squares []float64
}

func newLaneErrors() *laneErrors {
	return &laneErrors{gaps: []LaneError{{Gap: "quantisation"}, {Gap: "encryption"}}, squares: make([]float64, 2)}
}

func (e *laneErrors) add(t *trial) {
	e.compare(0, t.bids[Quantised].LogBid, t.bids[Float].LogBid)
	e.compare(1, t.bids[Encrypted].LogBid, t.bids[Quantised].LogBid)
	e.gaps[0].Bound = max(e.gaps[0].Bound, t.quantisationBound())
	e.gaps[1].Bound = max(e.gaps[1].Bound, t.encryptionBound())
}

func (e *laneErrors) compare(gap int, a, b [][]float64) {
	g := &e.gaps[gap]
	for t := range a {
		for k := range a[t] {
			if math.IsInf(a[t][k], -1) || math.IsInf(b[t][k], -1) {
				continue
			}
			d := a[t][k] - b[t][k]
			g.N++
			g.Mean += d
			e.squares[gap] += d * d
			g.Max = max(g.Max, math.Abs(d))
		}
	}
}

func (e *laneErrors) result() []LaneError {
	for i := range e.gaps {
		g := &e.gaps[i]
		n := float64(g.N)
		g.Mean /= n
		g.Std = math.Sqrt(max(0, e.squares[i]/n-g.Mean*g.Mean))
	}
	return e.gaps
}

// quantisationBound is the most that rounding can move a log-bid: half a step of the weights for each feature that a user has (binary
// features are exact), half a step of the lane for the sum and for the bias.
func (t *trial) quantisationBound() float64 {
	most := 0.0
	x := make([]float64, t.fit.FeatureMap.Dim())
	for _, i := range t.Test {
		sum := 0.0
		for _, v := range t.fit.FeatureMap.Encode(model.Attributes(t.Log.Rows[i].User, nil), x) {
			sum += v
		}
		most = max(most, sum)
	}
	return most*math.Ldexp(1, -params.WeightBits-1) + 2*math.Ldexp(1, -params.LaneBits-1) + float64Slack
}

// float64Slack covers the reference's own rounding, of log-bids below 64.
const float64Slack = 1e-12

// encryptionBound is the most that noise can move a lane whatever the randomness, for the error distributions of package lattice:
// |e|, |e1| <= 21, |e'| <= 3*21, |v| <= 1, |s| <= 3. With 44 fractional bits, <w, e> + v e' + e1 s is at most
// 21 |w|_1 + (63 + 63) N; rounding the hint to modulus 2^32 adds half a step times |s|_1 <= 3 N, that of the lanes on both sides a
// step; and q/64 falls short of 2^44 by a factor of 2^-26, on log-bids below 32. Typical noise is forty times smaller.
func (t *trial) encryptionBound() float64 {
	n, norm := float64(t.params.N()), 0.0
	for _, m := range t.fit.Models {
		sum := 0.0
		for _, w := range m.Weights(0) {
			sum += math.Abs(w)
		}
		norm = max(norm, sum)
	}
	const eta = 21
	noise := eta*(math.Ldexp(norm, params.WeightBits)+float64(t.params.Dim())/2) + 2*3*eta*n // weights round up by half at most
	rounding := 3*n/2 + 1
	return math.Ldexp(noise, -params.FeatureBits-params.WeightBits) + math.Ldexp(rounding, -params.LaneBits) + math.Ldexp(32, -26)
}
