package loadgen

import (
	"context"
	"time"
)

// Step tells what became of one load of a sweep or a search.
type Step struct {
	Result *Result
	Held   bool
	Why    string // not
}

// Sweep runs scenario Server at each of the rates, in order, and calls report, if there is one, after each. If ctx ends it
// returns what it has; the last result may be incomplete.
func Sweep(ctx context.Context, t Target, o Options, rates []float64, g Goal, report func(Step)) ([]*Result, error) {
	var all []*Result
	for i, rate := range rates {
		if ctx.Err() != nil {
			break
		}
		res, err := runAt(ctx, t, o, rate, i)
		if res != nil {
			all = append(all, res)
			tell(g, res, report)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// FindPeak runs scenario Server at rates that s asks for, until it knows the highest one at which g holds, and calls report, if
// there is one, after each. It returns all results in the order in which they ran, and the one of the peak, nil if none held.
// If ctx ends it returns what it has.
func FindPeak(ctx context.Context, t Target, o Options, g Goal, s *Search, report func(Step)) (all []*Result, peak *Result, err error) {
	for {
		rate, ok := s.Next()
		if !ok || ctx.Err() != nil {
			return all, peak, nil
		}
		res, err := runAt(ctx, t, o, rate, len(all))
		if res == nil {
			return all, peak, err
		}
		all = append(all, res)
		held := tell(g, res, report)
		if err != nil {
			return all, peak, err
		}
		if held || ctx.Err() == nil { // a run cut short says nothing about its rate
			s.Saw(rate, held)
		}
		if held && rate == s.Peak() {
			peak = res
		}
	}
}

// runAt runs step number i at a rate: on a schedule of its own, and long enough for the percentile claimed.
func runAt(ctx context.Context, t Target, o Options, rate float64, i int) (*Result, error) {
	o.Scenario, o.Rate, o.Seed = Server, rate, o.Seed+uint64(i)
	if full, err := o.withDefaults(); err == nil {
		// A tenth more, since the number of Poisson arrivals varies.
		need := 1.1 * float64(SamplesNeeded(full.Claim, 0)) / rate
		o.Duration = max(full.Duration, min(time.Duration(need*float64(time.Second)), longestStep))
	}
	return Run(ctx, t, o)
}

// longestStep bounds how far a step is lengthened for a slow rate.
const longestStep = 2 * time.Minute

func tell(g Goal, res *Result, report func(Step)) (held bool) {
	held, why := g.Holds(res)
	if report != nil {
		report(Step{res, held, why})
	}
	return held
}
