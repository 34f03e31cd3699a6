package sealed

import (
	"fmt"
	"math"
	"strings"
	"time"

	"cipherbid/bench/record"
	"cipherbid/bench/stat"
	"cipherbid/loadgen"
)

// cellsOf an interval, in a unit of so many of its own; empty where there is none.
func cellsOf(i *stat.Interval, unit float64) []any {
	if i == nil {
		return []any{math.NaN(), math.NaN(), math.NaN()}
	}
	return []any{i.Estimate / unit, i.Low / unit, i.High / unit}
}

const millisecond = float64(time.Millisecond)

func (r *Result) saveLatencies(run *record.Run) {
	t := run.Table("rtt", "system", "bidders", "campaigns", "rtt_ms", "clock", "hops_ms", "p50_ms", "p50_low_ms", "p50_high_ms",
		"p95_ms", "p95_low_ms", "p95_high_ms", "p99_ms", "p99_low_ms", "p99_high_ms", "auctions", "source")
	row := func(system string, s Size, rtt time.Duration, c Clock, hops float64, n int, source string, percentiles ...*stat.Interval) {
		cells := []any{system, s.Bidders, s.Campaigns, inMS(rtt), string(c), hops}
		for _, i := range percentiles {
			cells = append(cells, cellsOf(i, millisecond)...)
		}
		t.Append(append(cells, n, source)...)
	}
	for _, l := range r.Latencies() {
		row(string(l.System), l.Size, l.RTT, l.Clock, inMS(l.Hops), l.N, "measured", l.P50, l.P95, l.P99)
		for q, i := range map[string]*stat.Interval{"p50": l.P50, "p95": l.P95, "p99": l.P99} {
			if i != nil {
				run.Value(l.key()+"_"+q+"_ns", i.Estimate, "ns", i.N, i.Low, i.High)
			}
		}
		if l.System == Sealed && l.Hops > 0 {
			row("sealed, hops alone", l.Size, l.RTT, l.Clock, inMS(l.Hops), 0, "computed", alone(l.Hops), nil, nil)
		}
		if l.Clock != Returned {
			run.Histogram(fmt.Sprintf("%s_rtt_%dms.%s_%s", l.Size, l.RTT.Milliseconds(), l.System, l.Clock)).Merge(l.histogram)
		}
	}
	for _, p := range PublishedNumbers() {
		row(p.System+", published", Size{p.Bidders, 1}, p.RTT, Auctioneer, math.NaN(), 0, p.Source, alone(p.Latency), nil, nil)
	}
	stages := run.Table("rtt_stages", "system", "bidders", "campaigns", "rtt_ms", "stage", "hops_ms", "median_ms", "low_ms", "high_ms", "auctions")
	for _, s := range r.StageTimes() {
		cells := []any{string(s.System), s.Size.Bidders, s.Size.Campaigns, inMS(s.RTT), s.Stage, inMS(s.Hops)}
		stages.Append(append(append(cells, cellsOf(&s.Median, millisecond)...), s.Median.N)...)
	}
	trips := run.Table("round_trips", "asked_ms", "median_ms", "n")
	for _, x := range r.RoundTrips {
		trips.Append(inMS(x.Asked), inMS(x.Median), x.N)
	}
}

// alone is a time without an interval.
func alone(d time.Duration) *stat.Interval {
	return &stat.Interval{Estimate: float64(d), Low: math.NaN(), High: math.NaN()}
}

func inMS(d time.Duration) float64 { return float64(d) / millisecond }

func (r *Result) saveLoads(run *record.Run) {
	t := run.Table("saturation", "system", "bidders", "campaigns", "repeat", "decisions_per_s", "cpu_ms", "p50_ms", "p99_ms", "auctions")
	for i := range r.Loads {
		l := &r.Loads[i]
		t.Append(string(l.System), l.Size.Bidders, l.Size.Campaigns, l.Repeat, throughput(l), cpu(l)/millisecond,
			l.Result.Percentile(loadgen.StageLatency, 50)/millisecond, l.Result.Percentile(loadgen.StageLatency, 99)/millisecond, l.Result.Queries)
	}
	value := func(key, unit string, v []float64) {
		if i, ok := r.middle(v); ok {
			run.Value(key, i.Estimate, unit, i.N, i.Low, i.High)
		}
	}
	for _, s := range r.Options.saturated() {
		for _, system := range loadSystems() {
			value(fmt.Sprintf("throughput_%s_%s_per_s", system, s), "1/s", r.of(system, s, throughput))
			value(fmt.Sprintf("cpu_%s_%s_ns", system, s), "ns", r.of(system, s, cpu))
		}
		for _, pair := range [][2]System{{Sealed, Open}, {Unstocked, Open}, {Sealed, Plaintext}, {Open, Plaintext}} {
			value(ratioKey(pair[0], pair[1], s), "ratio", r.ratios(pair[0], pair[1], s))
		}
	}
}

func (r *Result) saveParties(run *record.Run) {
	t := run.Table("party_cpu", "system", "bidders", "campaigns", "repeat", "party", "parties", "cpu_ms", "auctions")
	for _, p := range r.Parties {
		t.Append(string(p.System), p.Size.Bidders, p.Size.Campaigns, p.Repeat, p.Kind, p.Number, inMS(p.CPU), p.Result.Queries)
	}
	for _, c := range r.PartyTimes() {
		run.Value(fmt.Sprintf("party_cpu_%s_%s_%s_ns", c.System, c.Size, c.Kind), c.CPU.Estimate, "ns", c.CPU.N, c.CPU.Low, c.CPU.High)
	}
}

func (r *Result) saveMessages(run *record.Run) {
	t := run.Table("message_bytes", "system", "bidders", "campaigns", "what", "how", "auction_bytes", "bidder_bytes")
	for _, m := range r.Messages() {
		t.Append(string(m.System), m.Size.Bidders, m.Size.Campaigns, m.What, m.How, m.Bytes, m.PerBidder())
		if m.What != whatRequest {
			run.Value(m.key(), m.PerBidder(), "bytes", m.Size.Bidders, math.NaN(), math.NaN())
		}
	}
	for _, p := range PublishedNumbers() {
		t.Append(p.System, p.Bidders, 1, "published, a bidder", p.Source, float64(p.BytesPerBidder*p.Bidders), float64(p.BytesPerBidder))
	}
}

func (r *Result) saveCosts(run *record.Run) {
	t := run.Table("circuit_costs", "bidders", "campaigns", "shape", "part", "when", "who", "median_us", "low_us", "high_us", "rounds")
	for _, c := range r.Costs {
		for _, p := range c.Parts {
			row := []any{c.Size.Bidders, c.Size.Campaigns, c.Shape, p.Name, p.When, p.Who}
			t.Append(append(append(row, cellsOf(&p.Time, 1e3)...), p.Time.N)...)
			run.Value(fmt.Sprintf("circuit_%s_%s_ns", strings.ReplaceAll(p.Name, " ", "_"), c.Size), p.Time.Estimate, "ns", p.Time.N, p.Time.Low, p.Time.High)
		}
		run.Value(fmt.Sprintf("circuit_tables_%s_bytes", c.Size), float64(c.TableBytes), "bytes", 1, math.NaN(), math.NaN())
	}
}
