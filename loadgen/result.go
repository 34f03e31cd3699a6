package loadgen

import (
	"errors"
	"math"
	"time"

	"cipherbid/bench/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what one run has measured. Counts are of queries that were due after the warm-up.
type Result struct {
	Options  Options
	Measured time.Duration // of the schedule
	Queries  int
	Outcomes map[Outcome]int
	Good     int // decided within tmax of the scheduled arrival, by all bidders as far as is known
	Late     int // decided, but later
	Partial  int // decided in time, known to lack bidders that were not heard

	Checked   int   // answers of the sample
	Wrong     int   // of them
	Short     int   // of them right only without some bidders
	FirstFail error // about the first wrong one

	Stages   map[string]*hdrhistogram.Histogram // nanoseconds
	Coarse   map[string]*hdrhistogram.Histogram // stages that a party publishes in buckets: upper bounds, not exact
	Used     *Counters                          // nil if the target does not say
	Samples  []record.Sample
	Problems []error // what else went wrong, such as counters that could not be read
	Gates    []Gate
	stopped  time.Duration // of the schedule, if it was cut short
}

// Valid reports whether all gates hold.
func (r *Result) Valid() bool {
	for _, g := range r.Gates {
		if !g.OK {
			return false
		}
	}
	return len(r.Gates) > 0
}

// Goodput is the number of good answers per second.
func (r *Result) Goodput() float64 { return r.perSecond(r.Good) }

// Throughput is the number of decisions per second, good, late or partial.
func (r *Result) Throughput() float64 { return r.perSecond(r.Good + r.Late + r.Partial) }

func (r *Result) perSecond(n int) float64 {
	if r.Measured <= 0 {
		return 0
	}
	return float64(n) / r.Measured.Seconds()
}

// GoodShare is the share of queries that were answered well.
func (r *Result) GoodShare() float64 {
	if r.Queries == 0 {
		return 0
	}
	return float64(r.Good) / float64(r.Queries)
}

// PerCoreSecond is the number of decisions for each second of CPU time of all parties together, NaN if that is not known.
func (r *Result) PerCoreSecond() float64 {
	if r.Used == nil || r.Used.CPUSeconds() == 0 {
		return math.NaN()
	}
	return float64(r.Good+r.Late+r.Partial) / r.Used.CPUSeconds()
}

// Participation is the share of bidders' answers that came, over all auctions; NaN if it is not known.
func (r *Result) Participation() float64 {
	if r.Used == nil {
		return math.NaN()
	}
	return r.Used.Participation()
}

// Assured reports whether the run shows with 99 % confidence that the percentile of all queries is good.
func (r *Result) Assured(percentile float64) bool {
	bad := r.Queries - r.Good
	return float64(bad) < (1-percentile/100)*float64(r.Queries) && r.Queries >= SamplesNeeded(percentile, bad)
}

// Percentile of a stage in nanoseconds, NaN if there are too few values to support it.
func (r *Result) Percentile(stage string, p float64) float64 { return percentile(r.Stages[stage], p) }

func percentile(h *hdrhistogram.Histogram, p float64) float64 {
	if h == nil || h.TotalCount() == 0 || p > 95 && h.TotalCount() < int64(SamplesNeeded(p, 0)) {
		return math.NaN()
	}
	return float64(h.ValueAtPercentile(p))
}

func (r *Result) note(err error) {
	r.Checked++
	switch {
	case err == nil:
	case errors.Is(err, ErrPartial):
		r.Short++
	default:
		r.Wrong++
		if r.FirstFail == nil {
			r.FirstFail = err
		}
	}
}

// coarse turns published buckets into histograms in which every duration stands at the upper bound of its bucket; what is
// beyond the last bound stands at twice that.
func coarse(stages map[string]Buckets) map[string]*hdrhistogram.Histogram {
	all := map[string]*hdrhistogram.Histogram{}
	for name, b := range stages {
		h := record.NewHistogram()
		for i, n := range b.Count {
			if n <= 0 || len(b.Upper) == 0 {
				continue
			}
			upper := 2 * b.Upper[len(b.Upper)-1]
			if i < len(b.Upper) {
				upper = b.Upper[i]
			}
			_ = h.RecordValues(int64(min(upper, time.Hour-1)), n) // in range
		}
		all[name] = h
	}
	return all
}
