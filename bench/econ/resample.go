package econ

import (
	"math"
	"math/rand/v2"
	"slices"

	"cipherbid/bench/stat"
)

// Resamples returns n+1 resamples of the auctioned rows: the rows themselves, then n bootstrap draws of as many users as the log
// has, with replacement. A row is drawn as often as its user. All splits of a log see the same draws of users for one seed.
func (s *Split) Resamples(n int, seed uint64) [][]uint8 {
	all := make([][]uint8, n+1)
	drawn := make([]uint8, s.Log.Users)
	for b := range all {
		rng := rand.New(rand.NewPCG(seed, uint64(b)))
		clear(drawn)
		for range drawn {
			drawn[rng.IntN(len(drawn))]++ // 255 draws of one user do not happen
		}
		count := make([]uint8, len(s.Test))
		for t, i := range s.Test {
			count[t] = drawn[s.Log.User[i]]
			if b == 0 {
				count[t] = 1
			}
		}
		all[b] = count
	}
	return all
}

// Estimate is one metric of a treatment, and how it compares with the reference. Intervals are NaN where resamples lack a value.
type Estimate struct {
	Metric, Unit     string
	Value, Reference stat.Interval
	Delta            stat.Interval // treatment less reference
	Ratio            stat.Interval // treatment by reference
}

// Combine turns the sheets of a treatment and of the reference, one of each for every repeat of the experiment, into estimates: the
// mean over repeats with a paired percentile bootstrap interval at [stat.Confidence]. A resample draws users, the same in all
// repeats, and repeats as well, so that the interval covers the split, the fit and the treatment's own randomness to the extent
// that a few repeats show it (the pigeonhole bootstrap of Owen, Annals of Applied Statistics 1, 2007). users is the number of
// clusters, for the intervals' N.
func Combine(treatment, reference []*Sheet, users int, seed uint64) []Estimate {
	repeats, draws := len(treatment), len(treatment[0].Values[0])
	chosen := make([][]int, draws)
	rng := rand.New(rand.NewPCG(seed, 0x72657065617473))
	for b := range chosen {
		for r := range repeats {
			if b > 0 {
				r = rng.IntN(repeats)
			}
			chosen[b] = append(chosen[b], r)
		}
	}
	mean := func(sheets []*Sheet, metric int) []float64 {
		out := make([]float64, draws)
		for b := range out {
			for _, r := range chosen[b] {
				out[b] += sheets[r].Values[metric][b] / float64(repeats)
			}
		}
		return out
	}
	var all []Estimate
	for i, m := range treatment[0].Metrics {
		value, ref := mean(treatment, i), mean(reference, i)
		delta, ratio := make([]float64, draws), make([]float64, draws)
		for b := range value {
			delta[b], ratio[b] = value[b]-ref[b], value[b]/ref[b]
		}
		all = append(all, Estimate{m.Name, m.Unit, interval(value, users), interval(ref, users), interval(delta, users), interval(ratio, users)})
	}
	return all
}

// enoughDraws is the least number of resamples with a value that give an interval.
const enoughDraws = 20

// interval takes the first value as the estimate and cuts the tails off the others.
func interval(v []float64, clusters int) stat.Interval {
	none := func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
	i := stat.Interval{Estimate: v[0], Low: math.NaN(), High: math.NaN(), N: clusters}
	draws := slices.DeleteFunc(slices.Clone(v[1:]), none)
	if none(v[0]) {
		i.Estimate = math.NaN()
		return i
	}
	if len(draws) < enoughDraws {
		return i
	}
	slices.Sort(draws)
	tail := int((1 - stat.Confidence) / 2 * float64(len(draws)))
	i.Low, i.High = draws[tail], draws[len(draws)-1-tail]
	return i
}
