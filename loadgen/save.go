package loadgen

import (
	"fmt"
	"strings"
	"time"

	"cipherbid/bench/record"
)

// suite is the folder of load runs below the results.
const suite = "load"

// Save writes the report into the results folder root and returns the run's own folder: headline values, gates, histograms of
// every stage of every load, one sample for each query, and the tables loads, stages and parties. Results that are cut short
// are written as well; their gates say so.
func (r *Report) Save(root string, command []string) (dir string, err error) {
	run, err := record.Open(root, record.Manifest{
		Suite: suite, Command: command, Scenario: r.Scenario, Params: r.Params, Data: r.Data, Seeds: r.Seeds,
	})
	if err != nil {
		return "", err
	}
	offset := time.Duration(0)
	for i, res := range r.Results {
		r.saveResult(run, i, res, offset)
		offset += res.Options.Warmup + res.Measured
	}
	r.saveHeadline(run)
	how := "all of them"
	if r.Cut {
		how = "interrupted"
	}
	run.Gate("loads", !r.Cut && len(r.Results) > 0, fmt.Sprintf("%d loads, %s", len(r.Results), how))
	return run.Close()
}

// saveResult writes one load. Samples of several loads follow one another in time.
func (r *Report) saveResult(run *record.Run, i int, res *Result, offset time.Duration) {
	name := r.name(i)
	for _, s := range res.stages() {
		run.Histogram(name + "." + s.name).Merge(s.hist)
		row := []any{name, s.name, s.exact, s.hist.TotalCount()}
		for _, p := range percentiles() {
			row = append(row, percentile(s.hist, p.at))
		}
		run.Table("stages", "load", "stage", "exact", "n", "p50_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns").Append(append(row, s.hist.Max())...)
	}
	for _, s := range res.Samples {
		s.ScheduledNS, s.StartNS, s.DoneNS = s.ScheduledNS+int64(offset), s.StartNS+int64(offset), s.DoneNS+int64(offset)
		run.Sample(s)
	}
	run.Table("loads", "load", "offered_per_s", "measured_ns", "queries", "good", "late", "partial", "timeouts", "no_bids", "dropped", "errors",
		"goodput_per_s", "p50_ns", "p95_ns", "p99_ns", "p999_ns", "bidders_heard", "queries_per_core_s", "checked", "wrong", "short", "valid").Append(
		name, res.Options.Rate, int64(res.Measured), res.Queries, res.Good, res.Late, res.Partial, res.Outcomes[Timeout], res.Outcomes[NoBid],
		res.Outcomes[Dropped], res.errors()-res.Outcomes[Timeout]-res.Outcomes[Dropped], res.Goodput(),
		res.Percentile(StageLatency, 50), res.Percentile(StageLatency, 95), res.Percentile(StageLatency, 99), res.Percentile(StageLatency, 99.9),
		res.Participation(), res.PerCoreSecond(), res.Checked, res.Wrong, res.Short, res.Valid())
	for _, outcome := range names(res.Outcomes) {
		run.Table("outcomes", "load", "outcome", "queries").Append(name, string(outcome), res.Outcomes[outcome])
	}
	if res.Used == nil {
		return
	}
	for _, party := range names(res.Used.CPU) {
		run.Table("cpu", "load", "party", "cpu_ns", "peak_memory_bytes").Append(name, party, int64(res.Used.CPU[party]), res.Used.Memory[party])
	}
	for _, party := range names(res.Used.Traffic) {
		t := res.Used.Traffic[party]
		run.Table("traffic", "load", "party", "in_bytes", "out_bytes").Append(name, party, t.In, t.Out)
	}
}

// saveHeadline writes the summary and the gates of the result that the report is about. A search has no gates for the loads
// that it tried on its way.
func (r *Report) saveHeadline(run *record.Run) {
	if r.Scenario == ScenarioPeak {
		reason := "no load held the goal"
		peak := 0.0
		if r.Peak != nil {
			peak, reason = r.Peak.Options.Rate, "the highest load that held the goal"
		}
		run.Value("peak_per_s", peak, "1/s", len(r.Results), none(), none())
		run.Gate("peak", r.Peak != nil, reason)
	} else {
		for i, res := range r.Results {
			for _, g := range res.Gates {
				run.Gate(gateName(r.name(i), g.Name, len(r.Results) > 1), g.OK, g.Reason)
			}
		}
	}
	for i, res := range r.Results {
		switch {
		case r.Scenario == ScenarioPeak && res == r.Peak:
			for _, g := range res.Gates {
				run.Gate(g.Name, g.OK, g.Reason)
			}
			res.saveValues(run, "")
		case r.Scenario == ScenarioPeak:
		case len(r.Results) > 1:
			res.saveValues(run, r.name(i)+".")
		default:
			res.saveValues(run, "")
		}
	}
}

func gateName(load, gate string, several bool) string {
	if several {
		return load + " " + gate
	}
	return gate
}

func (r *Result) saveValues(run *record.Run, prefix string) {
	value := func(key string, v float64, unit string, n int) {
		if finite(v) != nil {
			run.Value(prefix+key, v, unit, n, none(), none())
		}
	}
	value("goodput_per_s", r.Goodput(), "1/s", r.Queries)
	value("throughput_per_s", r.Throughput(), "1/s", r.Queries)
	value("good_share", r.GoodShare(), "", r.Queries)
	value("bidders_heard", r.Participation(), "", r.Queries)
	value("queries_per_core_s", r.PerCoreSecond(), "1/s", r.Queries)
	for _, s := range r.stages() {
		for _, p := range percentiles() {
			value(strings.Join([]string{s.name, p.name, "ns"}, "_"), percentile(s.hist, p.at), "ns", int(s.hist.TotalCount()))
		}
	}
	if r.Used == nil || r.Queries == 0 {
		return
	}
	in, out := int64(0), int64(0)
	for _, t := range r.Used.Traffic {
		in, out = in+t.In, out+t.Out
	}
	value("cpu_per_query_ns", r.Used.CPUSeconds()*float64(time.Second)/float64(r.Queries), "ns", r.Queries)
	value("traffic_per_query_bytes", float64(in+out)/float64(r.Queries), "bytes", r.Queries)
}
