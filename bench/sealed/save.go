package sealed

import (
	"fmt"

	"cipherbid/bench/record"
	"cipherbid/bench/stat"
)

// Suite is the name of the suite.
const Suite = "sealed"

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
		Suite: Suite, Started: r.Started, Command: command, Seeds: map[string]uint64{"seed": o.Seed}, Gates: []string{gateComplete, gateAnswers, gateLatencies, gateLoads},
		Params: map[string]any{
			"crypto": p.Literal(), "users": o.source(), "campaigns": o.Campaigns, "auctions": o.Auctions, "repeats": o.Repeats, "quick": o.Quick,
			"duration_s": o.Duration.Seconds(), "tmax_ms": o.tmax.Milliseconds(), "in_flight": inFlight, "size": "bidders x campaigns", "confidence": stat.Confidence,
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
