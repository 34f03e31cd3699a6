package loadgen

import (
	"fmt"
	"time"
)

// Goal is what a load has to hold. Zero values take the default named with each.
type Goal struct {
	Percentile float64 // of the latency from the scheduled arrival: 99
	Share      float64 // of tmax that it may take: 1
	Good       float64 // least share of good answers: 0.99
	Heard      float64 // least share of bidders that are heard, where the target counts them: 0.99
}

func (g Goal) withDefaults() Goal {
	set(&g.Percentile, 99)
	set(&g.Share, 1)
	set(&g.Good, 0.99)
	set(&g.Heard, 0.99)
	return g
}

// Holds reports whether a run reached the goal, and why not. A run that is not valid has reached nothing.
func (g Goal) Holds(r *Result) (ok bool, why string) {
	g = g.withDefaults()
	for _, gate := range r.Gates {
		if !gate.OK {
			return false, "not valid: " + gate.Name + ": " + gate.Reason
		}
	}
	limit := g.Share * float64(r.Options.TMax)
	switch p := r.Percentile(StageLatency, g.Percentile); {
	case !(p <= limit): // also if there is none
		return false, fmt.Sprintf("percentile %g is %s, limit %s", g.Percentile, duration(p), duration(limit))
	case r.GoodShare() < g.Good:
		return false, fmt.Sprintf("%.2f %% of the answers are good, want %g %%", 100*r.GoodShare(), 100*g.Good)
	case r.Participation() < g.Heard:
		return false, fmt.Sprintf("%.2f %% of the bidders were heard, want %g %%", 100*r.Participation(), 100*g.Heard)
	}
	return true, ""
}

func duration(ns float64) string {
	if ns != ns {
		return "unknown"
	}
	return time.Duration(ns).Round(10 * time.Microsecond).String()
}
