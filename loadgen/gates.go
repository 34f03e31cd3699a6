package loadgen

import (
	"fmt"
	"time"

	"cipherbid/bench/record"
)

// Gate is a condition on a run, with the reason why it holds or does not. A run counts only if all of them hold.
type Gate = record.Gate

// Names of the gates of a run.
const (
	GateComplete = "complete" // the schedule was not cut short
	GateLag      = "lag"      // the generator kept to its schedule
	GateArrivals = "arrivals" // every arrival was sent
	GateAnswers  = "answers"  // the sampled answers are right
	GateSamples  = "samples"  // there are enough queries for the percentile claimed
	GateCounters = "counters" // what the target was to count was counted
)

// judge adds the gates.
func (r *Result) judge(o *Options, checks bool) {
	gate := func(name string, ok bool, format string, args ...any) {
		r.Gates = append(r.Gates, Gate{Name: name, OK: ok, Reason: fmt.Sprintf(format, args...)})
	}
	total := o.Warmup + o.Duration
	if r.stopped > 0 {
		gate(GateComplete, false, "stopped after %s of %s", r.stopped.Round(time.Millisecond), total)
	} else {
		gate(GateComplete, true, "%s of %s", r.Measured.Round(time.Millisecond), o.Duration)
	}
	if h := r.Stages[StageLag]; h != nil {
		lag := time.Duration(h.ValueAtPercentile(99))
		gate(GateLag, lag <= o.LagLimit, "generator at most %s late in 99 %% of the arrivals, limit %s", lag, o.LagLimit)
	}
	dropped := r.Outcomes[Dropped]
	gate(GateArrivals, dropped == 0, "%d of %d arrivals never sent", dropped, r.Queries)
	switch {
	case !checks:
		gate(GateAnswers, false, "the target cannot check answers")
	case r.Wrong > 0:
		gate(GateAnswers, false, "%d of %d sampled answers wrong, the first: %v", r.Wrong, r.Checked, r.FirstFail)
	default:
		gate(GateAnswers, r.Checked > 0, "0 of %d sampled answers wrong, %d right but for missing bidders", r.Checked, r.Short)
	}
	need := SamplesNeeded(o.Claim, 0)
	gate(GateSamples, r.Queries >= need, "%d queries, percentile %g needs %d at 99 %% confidence", r.Queries, o.Claim, need)
	for i, err := range r.Problems {
		if i == 0 {
			gate(GateCounters, false, "%v", err)
		}
	}
}
