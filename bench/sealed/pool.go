package sealed

import (
	"cmp"
	"math"
	"slices"

	"cipherbid/bench/stat"
	"cipherbid/loadgen"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// pool are the latencies of all repeats of a point, put together: percentiles are taken of merged repeats, never averaged.
type pool struct {
	values  []pooled // ascending
	repeats int
	n       int
}

// pooled is a value that came several times in a repeat.
type pooled struct {
	value  float64
	repeat int
	n      int
}

// newPool takes one histogram for each repeat; nil ones are left out.
func newPool(repeats []*hdrhistogram.Histogram) *pool {
	p := &pool{}
	for _, h := range repeats {
		if h == nil || h.TotalCount() == 0 {
			continue
		}
		for _, bar := range h.Distribution() {
			if bar.Count > 0 {
				p.values = append(p.values, pooled{float64(bar.To), p.repeats, int(bar.Count)})
				p.n += int(bar.Count)
			}
		}
		p.repeats++
	}
	slices.SortFunc(p.values, func(a, b pooled) int { return cmp.Compare(a.value, b.value) })
	return p
}

// percentile is that of the merged repeats, with a bootstrap interval over repeats; nil if there are too few values for it.
func (p *pool) percentile(q float64, seed uint64) *stat.Interval {
	if p.n == 0 || q > 95 && p.n < loadgen.SamplesNeeded(q, 0) {
		return nil
	}
	repeats := make([]float64, p.repeats)
	for k := range repeats {
		repeats[k] = float64(k)
	}
	weight := make([]int, p.repeats)
	i, err := stat.Bootstrap(repeats, func(drawn []float64) float64 {
		clear(weight)
		for _, k := range drawn {
			weight[int(k)]++
		}
		return p.weighted(q, weight)
	}, seed)
	if err != nil {
		return nil
	}
	i.N = p.n
	return &i
}

// weighted is a percentile by nearest rank, where every value counts as often as its repeat was drawn.
func (p *pool) weighted(q float64, weight []int) float64 {
	total := 0
	for _, v := range p.values {
		total += v.n * weight[v.repeat]
	}
	rank := max(1, int(math.Ceil(q/100*float64(total))))
	for _, v := range p.values {
		if rank -= v.n * weight[v.repeat]; rank <= 0 {
			return v.value
		}
	}
	return math.NaN() // without values
}
