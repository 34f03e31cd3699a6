// Package stat holds the statistics of the benchmarks that no library has in this form: bootstrap intervals over runs, a paired
// bootstrap that resamples whole clusters, and fits of how a cost grows.
//
// Start at [Bootstrap] with [Median]. Nothing is trimmed. The same seed gives the same answer. Every function is safe for
// concurrent use and leaves its arguments alone.
package stat

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/montanaflynn/stats"
)

// Confidence is the level of the intervals in results.
const Confidence = 0.95

// Resamples is how many resamples an interval in results rests on.
const Resamples = 2000

// Interval is an estimate with its confidence interval.
type Interval struct {
	Estimate, Low, High float64
	N                   int // observations, or clusters
}

// ErrEmpty is wrapped where there is nothing to take a statistic of.
var ErrEmpty = errors.New("no observations")

// Statistic is a number computed from observations: [Median], [Mean] or one's own. It gets at least one observation, and may
// reorder but not keep them.
type Statistic func(v []float64) float64

// Median of v, which is not empty; the mean of the two in the middle if their number is even.
func Median(v []float64) float64 {
	m, err := stats.Median(v)
	if err != nil {
		panic(err) // a Statistic gets at least one observation
	}
	return m
}

// Mean of v, which is not empty.
func Mean(v []float64) float64 {
	m, err := stats.Mean(v)
	if err != nil {
		panic(err) // a Statistic gets at least one observation
	}
	return m
}

// Bootstrap estimates s with a percentile bootstrap interval at [Confidence] over [Resamples] resamples (Efron and Tibshirani,
// An Introduction to the Bootstrap, chapter 13). v holds one number for each independent repetition: runs, not requests. With
// fewer than about five runs the interval is little more than their range.
func Bootstrap(v []float64, s Statistic, seed uint64) (Interval, error) {
	if len(v) == 0 {
		return Interval{}, fmt.Errorf("bootstrap: %w", ErrEmpty)
	}
	random := source(seed)
	resample := make([]float64, len(v))
	return interval(s(slices.Clone(v)), len(v), func() float64 {
		for i := range resample {
			resample[i] = v[random.IntN(len(v))]
		}
		return s(resample)
	})
}

// Pair is one auction under two treatments. Pairs of one cluster, such as a user, are not independent.
type Pair struct {
	Cluster string
	A, B    float64
}

// PairedStatistic is a number computed from paired observations, such as [MeanDifference]. It gets at least one pair, and may
// neither change nor keep them.
type PairedStatistic func(pairs []Pair) float64

// MeanDifference is the mean of A - B.
func MeanDifference(pairs []Pair) float64 {
	sum := 0.0
	for _, p := range pairs {
		sum += p.A - p.B
	}
	return sum / float64(len(pairs))
}

// RatioOfSums is the sum of A divided by that of B, such as revenue against revenue. It is not finite if the sum of B is 0.
func RatioOfSums(pairs []Pair) float64 {
	a, b := 0.0, 0.0
	for _, p := range pairs {
		a, b = a+p.A, b+p.B
	}
	return a / b
}

// PairedBootstrap estimates s like [Bootstrap], drawing whole clusters with replacement (Field and Welsh, Bootstrapping
// clustered data, 2007, the cluster bootstrap). N counts clusters. The order of pairs does not matter.
func PairedBootstrap(pairs []Pair, s PairedStatistic, seed uint64) (Interval, error) {
	if len(pairs) == 0 {
		return Interval{}, fmt.Errorf("paired bootstrap: %w", ErrEmpty)
	}
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	var clusters [][]Pair
	for i := 0; i < len(sorted); {
		end := i + 1
		for end < len(sorted) && sorted[end].Cluster == sorted[i].Cluster {
			end++
		}
		clusters = append(clusters, sorted[i:end])
		i = end
	}
	random := source(seed)
	var resample []Pair
	return interval(s(sorted), len(clusters), func() float64 {
		resample = resample[:0]
		for range clusters {
			resample = append(resample, clusters[random.IntN(len(clusters))]...)
		}
		return s(resample)
	})
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x62656e6368)) }

// interval draws from the bootstrap distribution and cuts off its tails.
func interval(estimate float64, n int, draw func() float64) (Interval, error) {
	all := make([]float64, Resamples)
	for i := range all {
		all[i] = draw()
	}
	slices.Sort(all) // NaN sorts first, and so shows in the lower bound
	tail := (1 - Confidence) / 2
	low := all[int(tail*Resamples)]
	high := all[Resamples-1-int(tail*Resamples)]
	if !finite(estimate) || !finite(low) || !finite(high) {
		return Interval{}, fmt.Errorf("bootstrap: estimate %g in [%g, %g] is not finite", estimate, low, high)
	}
	return Interval{estimate, low, high, n}, nil
}
