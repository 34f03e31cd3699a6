// Package compare puts two runs of a suite beside each other and says which values changed beyond noise. [Compare] computes,
// [Print] also writes a table. Runs are read only.
//
// Noise: the intervals of the two values, taken as independent, give one for their ratio (on the scale of logarithms); a value
// has changed if that excludes 1. Values that are not above 0 are compared by their difference. A value without an interval is taken as known to [Exact], so that a byte count that grows by
// a hundredth is a change, and a latency without interval has to grow by more than [Unknown]. Whether a change is for the worse
// follows from unit and key: times, sizes and errors should be small, rates and agreement large; of others only the change is
// reported. Two runs alone cannot show more: repeat them, interleaved, before believing a small difference.
package compare

import (
	"maps"
	"math"
	"slices"
	"strings"

	"cipherbid/bench/record"
)

// Relative noise of values without a confidence interval.
const (
	Exact   = 1e-3 // of sizes and counts
	Unknown = 0.05 // of everything else
)

// Change is what became of a value.
type Change string

// What can become of a value.
const (
	Same     Change = ""        // within noise
	Better   Change = "better"  // beyond noise
	Worse    Change = "WORSE"   // beyond noise
	Changed  Change = "changed" // beyond noise, in no known direction
	Gone     Change = "only A"  // B has no such value
	New      Change = "only B"  // A has no such value
	Mismatch Change = "units"   // the units differ
)

// Row compares one value. Ratio is B / A, with its interval; NaN if there is none.
type Row struct {
	Key              string
	A, B             record.Value
	Ratio, Low, High float64
	Change           Change
}

// Compare compares every value of two runs, sorted by key.
func Compare(a, b *record.Saved) []Row {
	keys := slices.Sorted(maps.Keys(a.Values))
	for key := range b.Values {
		if _, ok := a.Values[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var rows []Row
	for _, key := range keys {
		r := Row{Key: key, Ratio: math.NaN(), Low: math.NaN(), High: math.NaN()}
		var inA, inB bool
		r.A, inA = a.Values[key]
		r.B, inB = b.Values[key]
		switch {
		case !inB:
			r.Change = Gone
		case !inA:
			r.Change = New
		case r.A.Unit != r.B.Unit:
			r.Change = Mismatch
		case r.A.Value == r.B.Value:
			r.Ratio, r.Low, r.High = 1, 1, 1
		case r.A.Value <= 0 || r.B.Value <= 0:
			r.judgeDifference()
		default:
			r.judgeRatio()
		}
		rows = append(rows, r)
	}
	return rows
}

// judgeRatio sets ratio, interval and change of two values above 0.
func (r *Row) judgeRatio() {
	r.Ratio = r.B.Value / r.A.Value
	downA, upA := spread(r.A)
	downB, upB := spread(r.B)
	r.Low = r.Ratio * math.Exp(-math.Hypot(downB, upA))
	r.High = r.Ratio * math.Exp(math.Hypot(upB, downA))
	if r.Low > 1 || r.High < 1 {
		r.Change = r.changed(r.Ratio > 1)
	}
}

// judgeDifference sets the change of values that have no ratio; without an interval a value is taken as exact.
func (r *Row) judgeDifference() {
	width := func(v record.Value) float64 {
		if v.Low == nil || v.High == nil {
			return 0
		}
		return max(*v.High-v.Value, v.Value-*v.Low)
	}
	if d := r.B.Value - r.A.Value; math.Abs(d) > math.Hypot(width(r.A), width(r.B)) {
		r.Change = r.changed(d > 0)
	}
}

func (r *Row) changed(larger bool) Change {
	switch d := direction(r.Key, r.B.Unit); {
	case d == 0:
		return Changed
	case (d > 0) == larger:
		return Better
	default:
		return Worse
	}
}

// spread is how far the interval reaches below and above the value, in logarithms.
func spread(v record.Value) (down, up float64) {
	if v.Low == nil || v.High == nil || *v.Low <= 0 {
		noise := math.Log1p(Unknown)
		if v.Low == nil && (v.Unit == "bytes" || v.Unit == "count") {
			noise = math.Log1p(Exact)
		}
		return noise, noise
	}
	return math.Log(v.Value / min(*v.Low, v.Value)), math.Log(max(*v.High, v.Value) / v.Value)
}

// direction is 1 if a larger value is better, -1 if a smaller one is, 0 if neither unit nor key tell.
func direction(key, unit string) int {
	if slices.Contains([]string{"ns", "us", "ms", "s", "bytes"}, unit) {
		return -1
	}
	words := strings.FieldsFunc(strings.ToLower(key), func(c rune) bool { return strings.ContainsRune("_.:=+/-", c) })
	has := func(any ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(any, w) })
	}
	switch {
	case has("error", "regret", "loss", "entropy", "dropped", "late", "wrong", "void", "allocs"):
		return -1
	case has("goodput", "throughput", "peak", "per", "agreement", "auc", "revenue", "welfare", "surplus", "clicks", "good"):
		return 1
	default:
		return 0
	}
}
