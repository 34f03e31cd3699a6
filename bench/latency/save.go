package latency

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"cipherbid/bench/record"
	"cipherbid/bench/stat"
	"cipherbid/loadgen"
)

// percentiles that tables have.
var percentiles = []float64{50, 95, 99, 99.9}

// open starts a run of a suite with the gates that all points share.
func open(root, suite string, command []string, started time.Time, o Options) (*record.Run, error) {
	source := "built-in market"
	if o.Source != "" {
		source = "iPinYou-format log"
	}
	return record.Open(root, record.Manifest{
		Suite: suite, Started: started, Command: command, Seeds: map[string]uint64{"seed": o.Seed},
		Params: map[string]any{
			"duration_s": o.Duration.Seconds(), "warmup_s": o.Warmup.Seconds(), "repeats": o.Repeats, "tmax_ms": o.TMax.Milliseconds(),
			"headline": headline.String(), "size": "bidders x campaigns x features", "users": source, "ranking": o.Mode.String(), "quick": o.Quick,
		},
		Gates: []string{"complete", "valid_points"},
	})
}

func gates(r *record.Run, cut bool, results []*loadgen.Result) {
	r.Gate("complete", !cut, fmt.Sprintf("interrupted: %v", cut))
	bad := 0
	reason := "all points are valid"
	for _, x := range results {
		for _, g := range x.Gates {
			// A single run of a few seconds cannot support high percentiles by itself; the tables leave them out then.
			if !g.OK && g.Name != loadgen.GateSamples && g.Name != loadgen.GateLag {
				bad++
				reason = fmt.Sprintf("%s: %s", g.Name, g.Reason)
			}
		}
	}
	r.Gate("valid_points", bad == 0, fmt.Sprintf("%d of %d points fail a gate; %s", bad, len(results), reason))
}

// interval is a bootstrap interval of the median over repeats.
func interval(r *record.Run, key, unit string, v []float64, seed uint64) {
	v = slices.DeleteFunc(slices.Clone(v), math.IsNaN)
	if len(v) == 0 {
		return
	}
	if i, err := stat.Bootstrap(v, stat.Median, seed); err == nil {
		r.Value(key, i.Estimate, unit, i.N, i.Low, i.High)
	}
}

// Save records the run.
func (res *Result) Save(root string, command []string) (string, error) {
	r, err := open(root, "latency", command, res.Started, res.Options)
	if err != nil {
		return "", err
	}
	t := r.Table("loads", "market", "scenario", "bidders", "campaigns", "features", "repeat", "offered_per_s",
		"p50_ms", "p95_ms", "p99_ms", "p999_ms", "decisions_per_s", "goodput_per_s", "decisions_per_core_s", "queries", "good_share")
	var all []*loadgen.Result
	for _, p := range res.Points {
		all = append(all, p.Result)
		row := []any{p.Market, p.Scenario, p.Size.Bidders, p.Size.Campaigns, p.Size.Dim, p.Repeat, p.Rate}
		for _, q := range percentiles {
			row = append(row, p.Result.Percentile(loadgen.StageLatency, q)/1e6)
		}
		t.Append(append(row, p.Result.Throughput(), p.Result.Goodput(), p.Result.PerCoreSecond(), p.Result.Queries, p.Result.GoodShare())...)
		if p.Size == headline {
			for _, stage := range slices.Sorted(maps.Keys(p.Result.Stages)) {
				r.Histogram(p.Market + "_" + p.Scenario + "." + stage).Merge(p.Result.Stages[stage])
			}
		}
	}
	gates(r, res.Cut, all)
	res.saveHeadlines(r)
	a := r.Table("answers", "campaigns", "features", "ours_us", "textbook_us", "ratio", "rounds")
	for _, x := range res.Answers {
		a.Append(x.Campaigns, x.Dim, float64(x.Ours.Nanoseconds())/1e3, float64(x.Textbook.Nanoseconds())/1e3, x.Ratio, x.Rounds)
		r.Value(fmt.Sprintf("answer_%d_campaigns_ns", x.Campaigns), float64(x.Ours.Nanoseconds()), "ns", x.Rounds, math.NaN(), math.NaN())
		r.Value(fmt.Sprintf("answer_textbook_%d_campaigns_ns", x.Campaigns), float64(x.Textbook.Nanoseconds()), "ns", x.Rounds, math.NaN(), math.NaN())
		r.Value(fmt.Sprintf("answer_textbook_ratio_%d_campaigns", x.Campaigns), x.Ratio, "ratio", x.Rounds, math.NaN(), math.NaN())
	}
	return r.Close()
}

// saveHeadlines records what the aims are stated for.
func (res *Result) saveHeadlines(r *record.Run) {
	seed := res.Options.Seed
	var ratio []float64
	for i := range min(len(res.Peaks[Encrypted]), len(res.Peaks[Plaintext])) {
		if p := res.Peaks[Plaintext][i]; p > 0 {
			ratio = append(ratio, res.Peaks[Encrypted][i]/p)
		}
	}
	for _, market := range []string{Encrypted, Plaintext} {
		interval(r, market+"_peak_per_s", "1/s", res.Peaks[market], seed)
		for _, q := range []float64{50, 99} {
			interval(r, fmt.Sprintf("%s_half_load_p%.0f_ns", market, q), "ns", res.percentile(market, loadgen.Server, q), seed)
			interval(r, fmt.Sprintf("%s_single_p%.0f_ns", market, q), "ns", res.percentile(market, loadgen.Single, q), seed)
		}
		interval(r, market+"_batch_per_s", "1/s", res.of(market, loadgen.Offline, (*loadgen.Result).Throughput), seed)
		interval(r, market+"_per_core_s", "1/s", res.of(market, loadgen.Offline, (*loadgen.Result).PerCoreSecond), seed)
	}
	interval(r, "peak_ratio", "ratio", ratio, seed)
	interval(r, "batch_ratio", "ratio", quotients(res.of(Encrypted, loadgen.Offline, (*loadgen.Result).Throughput), res.of(Plaintext, loadgen.Offline, (*loadgen.Result).Throughput)), seed)
	a, b := res.percentile(Encrypted, loadgen.Server, 50), res.percentile(Plaintext, loadgen.Server, 50)
	var extra []float64
	for i := range min(len(a), len(b)) {
		extra = append(extra, a[i]-b[i])
	}
	interval(r, "half_load_extra_p50_ns", "ns", extra, seed)
}

func quotients(a, b []float64) (q []float64) {
	for i := range min(len(a), len(b)) {
		q = append(q, a[i]/b[i])
	}
	return q
}

// of collects a number from every repeat of a scenario at the headline size.
func (res *Result) of(market string, scenario loadgen.Scenario, f func(*loadgen.Result) float64) (v []float64) {
	for _, p := range res.Points {
		if p.Market == market && p.Scenario == string(scenario) && p.Size == headline {
			v = append(v, f(p.Result))
		}
	}
	return v
}

func (res *Result) percentile(market string, scenario loadgen.Scenario, q float64) []float64 {
	return res.of(market, scenario, func(r *loadgen.Result) float64 { return r.Percentile(loadgen.StageLatency, q) })
}

// Save records the run.
func (s *Scaling) Save(root string, command []string) (string, error) {
	r, err := open(root, "scaling", command, s.Started, s.Options)
	if err != nil {
		return "", err
	}
	t := r.Table("scaling", "sweep", "x", "market", "repeat", "p50_ms", "cpu_ms", "decisions_per_s")
	var all []*loadgen.Result
	for i := range s.Points {
		p := &s.Points[i]
		all = append(all, p.Result)
		t.Append(p.Sweep, p.X, p.Market, p.Repeat, p.LatencyMS(), p.CPUMS(), p.Result.Throughput())
	}
	gates(r, s.Cut, all)
	g := r.Table("growth", "sweep", "market", "latency_ms_fixed", "latency_ms_each", "latency_r2", "cpu_ms_fixed", "cpu_ms_each", "cpu_r2")
	for _, x := range s.Growth {
		g.Append(x.Sweep, x.Market, x.Latency.Intercept, x.Latency.Slope, x.Latency.R2, x.CPU.Intercept, x.CPU.Slope, x.CPU.R2)
		r.Value(fmt.Sprintf("%s_cpu_each_%s_ms", x.Market, x.Sweep), x.CPU.Slope, "ms", len(s.Points), math.NaN(), math.NaN())
	}
	return r.Close()
}
