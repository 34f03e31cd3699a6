package sealed

import (
	"fmt"

	"cipherbid/bench/record"
	"cipherbid/loadgen"
)

// Gates of a run.
const (
	gateComplete  = "complete"
	gateAnswers   = "valid_points"  // also that every answer is right
	gateLatencies = "latencies"     // that latencies are of auctions that were decided by all bidders within tmax
	gateLoads     = "loads_decided" // the same of those at saturation
)

// mostFailed is the share of auctions that may fail all the same.
const mostFailed = 1e-3

// gates decide whether the run counts. None of them judges sealed ranking.
func (r *Result) gates(run *record.Run) {
	run.Gate(gateComplete, !r.Cut, fmt.Sprintf("interrupted: %v", r.Cut))
	var points, loads []*loadgen.Result
	for i := range r.Points {
		points = append(points, r.Points[i].Result)
	}
	for i := range r.Loads {
		loads = append(loads, r.Loads[i].Result)
	}
	for i := range r.Parties {
		if p := &r.Parties[i]; p.Kind == "auctioneer" { // those of one market share a result
			loads = append(loads, p.Result)
		}
	}
	ok, reason := valid(append(points, loads...))
	run.Gate(gateAnswers, ok, reason)
	ok, reason = r.decided(points)
	run.Gate(gateLatencies, ok, reason)
	ok, reason = r.decided(loads)
	run.Gate(gateLoads, ok, reason)
}

func valid(all []*loadgen.Result) (ok bool, reason string) {
	bad, checked, first := 0, 0, "all hold"
	for _, x := range all {
		checked += x.Checked
		for _, g := range x.Gates {
			// One repeat need not have enough auctions for high percentiles: repeats are merged.
			if g.OK || g.Name == loadgen.GateSamples {
				continue
			}
			if bad++; bad == 1 {
				first = g.Name + ": " + g.Reason
			}
		}
	}
	return bad == 0 && len(all) > 0, fmt.Sprintf("%d gates fail in %d measurements with %d answers checked; %s", bad, len(all), checked, first)
}

func (r *Result) decided(all []*loadgen.Result) (ok bool, reason string) {
	failed, auctions := 0, 0
	for _, x := range all {
		failed, auctions = failed+x.Queries-x.Good, auctions+x.Queries
	}
	return auctions > 0 && float64(failed) <= mostFailed*float64(auctions),
		fmt.Sprintf("%d of %d auctions failed, took longer than %s, or lacked bidders", failed, auctions, r.Options.tmax)
}
