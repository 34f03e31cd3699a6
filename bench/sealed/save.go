package sealed

import (
	"fmt"

	"cipherbid/bench/record"
	"cipherbid/bench/stat"
	"cipherbid/loadgen"
)

// Suite is the name of the suite.
const Suite = "sealed"

// Gates of a run.
const (
	gateComplete = "complete"
	gateAnswers  = "valid_points" // also that every answer is right
)

func (l *Latency) key() string {
	return fmt.Sprintf("latency_%s_%s_rtt_%dms_%s", l.System, l.Size, l.RTT.Milliseconds(), l.Clock)
}

func ratioKey(a, b System, s Size) string { return fmt.Sprintf("throughput_%s_%s_%s_ratio", a, b, s) }

// source says where users come from without naming a folder.
func (o *Options) source() string {
	if o.Source == "" {
		return "built-in market"
	}
	return "iPinYou-format log"
}

// Record writes the result as a run below the results folder root and returns the run's folder. command is how the process was
// called.
func (r *Result) Record(root string, command []string) (string, error) {
	o := &r.Options
	p, err := Sealed.params()
	if err != nil {
		return "", err
	}
	run, err := record.Open(root, record.Manifest{
		Suite: Suite, Started: r.Started, Command: command, Seeds: map[string]uint64{"seed": o.Seed}, Gates: []string{gateComplete, gateAnswers},
		Params: map[string]any{
			"crypto": p.Literal(), "users": o.source(), "campaigns": o.Campaigns, "auctions": o.Auctions, "repeats": o.Repeats, "quick": o.Quick,
			"duration_s": o.Duration.Seconds(), "tmax_ms": tmax.Milliseconds(), "in_flight": inFlight, "size": "bidders x campaigns", "confidence": stat.Confidence,
		},
	})
	if err != nil {
		return "", err
	}
	r.saveLatencies(run)
	r.saveLoads(run)
	r.saveParties(run)
	r.saveMessages(run)
	r.saveCosts(run)
	r.saveAims(run)
	r.gates(run)
	return run.Close()
}

// gates decide whether the run counts. None of them judges sealed ranking.
func (r *Result) gates(run *record.Run) {
	run.Gate(gateComplete, !r.Cut, fmt.Sprintf("interrupted: %v", r.Cut))
	var all []*loadgen.Result
	for i := range r.Points {
		all = append(all, r.Points[i].Result)
	}
	for i := range r.Loads {
		all = append(all, r.Loads[i].Result)
	}
	for i := range r.Parties {
		if p := &r.Parties[i]; p.Kind == "auctioneer" { // those of one market share a result
			all = append(all, p.Result)
		}
	}
	bad, checked, first := 0, 0, "all hold"
	for _, x := range all {
		checked += x.Checked
		for _, g := range x.Gates {
			// One repeat need not have enough auctions for high percentiles: repeats are merged.
			if !g.OK && g.Name != loadgen.GateSamples {
				if bad++; bad == 1 {
					first = g.Name + ": " + g.Reason
				}
			}
		}
	}
	run.Gate(gateAnswers, bad == 0 && len(all) > 0, fmt.Sprintf("%d gates fail in %d measurements with %d answers checked; %s", bad, len(all), checked, first))
}

func (r *Result) saveAims(run *record.Run) {
	t := run.Table("aims", "aim", "key", "unit", "wanted", "measured", "low", "high", "met", "missed_by", "would_take")
	for _, a := range r.Aims() {
		takes := a.Takes
		if a.Met() {
			takes = ""
		}
		t.Append(a.Name, a.Key, a.Unit, a.Want, a.Got.Estimate, a.Got.Low, a.Got.High, a.Met(), a.Missed(), takes)
	}
}
