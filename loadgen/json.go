package loadgen

import (
	"encoding/json"
	"io"
	"math"
)

// The JSON form of a report. Numbers that are not known are null, units stand in the keys.

type reportJSON struct {
	Scenario string            `json:"scenario"`
	Params   map[string]any    `json:"params"`
	Seeds    map[string]uint64 `json:"seeds,omitempty"`
	Results  []resultJSON      `json:"results"`
	PeakRate *float64          `json:"peak_per_s,omitempty"`
}

type resultJSON struct {
	Name          string               `json:"name"`
	Valid         bool                 `json:"valid"`
	Gates         []Gate               `json:"gates"`
	Offered       float64              `json:"offered_per_s,omitempty"`
	MeasuredNS    int64                `json:"measured_ns"`
	TMaxNS        int64                `json:"tmax_ns"`
	Queries       int                  `json:"queries"`
	Good          int                  `json:"good"`
	Late          int                  `json:"late"`
	Partial       int                  `json:"partial"`
	Outcomes      map[Outcome]int      `json:"outcomes"`
	Goodput       float64              `json:"goodput_per_s"`
	Throughput    float64              `json:"throughput_per_s"`
	Assured99     bool                 `json:"p99_within_tmax_assured"`
	Participation *float64             `json:"bidders_heard"`
	PerCoreSecond *float64             `json:"queries_per_core_s"`
	Checked       int                  `json:"checked"`
	Wrong         int                  `json:"wrong"`
	Short         int                  `json:"short"`
	Stages        map[string]stageJSON `json:"stages"`
	CPUNS         map[string]int64     `json:"cpu_ns,omitempty"`
	Traffic       map[string]Traffic   `json:"traffic,omitempty"`
	PeakBytes     map[string]int64     `json:"peak_memory_bytes,omitempty"`
	Bidders       map[string]int64     `json:"bidders,omitempty"`
}

type stageJSON struct {
	N     int64    `json:"n"`
	Exact bool     `json:"exact"` // else upper bounds from buckets
	P50   *float64 `json:"p50_ns"`
	P95   *float64 `json:"p95_ns"`
	P99   *float64 `json:"p99_ns"`
	P999  *float64 `json:"p999_ns"`
	Max   int64    `json:"max_ns"`
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	out := reportJSON{Scenario: r.Scenario, Params: r.Params, Seeds: r.Seeds, Results: []resultJSON{}}
	for i, res := range r.Results {
		out.Results = append(out.Results, res.json(r.name(i)))
	}
	if r.Scenario == ScenarioPeak {
		rate := 0.0
		if r.Peak != nil {
			rate = r.Peak.Options.Rate
		}
		out.PeakRate = &rate
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func (r *Result) json(name string) resultJSON {
	out := resultJSON{
		Name: name, Valid: r.Valid(), Gates: r.Gates, MeasuredNS: int64(r.Measured), TMaxNS: int64(r.Options.TMax), Queries: r.Queries,
		Good: r.Good, Late: r.Late, Partial: r.Partial, Outcomes: r.Outcomes, Goodput: r.Goodput(), Throughput: r.Throughput(),
		Assured99: r.Assured(99), Participation: finite(r.Participation()), PerCoreSecond: finite(r.PerCoreSecond()),
		Checked: r.Checked, Wrong: r.Wrong, Short: r.Short, Stages: map[string]stageJSON{},
	}
	if r.Options.Scenario == Server {
		out.Offered = r.Options.Rate
	}
	for _, s := range r.stages() {
		at := func(p float64) *float64 { return finite(percentile(s.hist, p)) }
		out.Stages[s.name] = stageJSON{s.hist.TotalCount(), s.exact, at(50), at(95), at(99), at(99.9), s.hist.Max()}
	}
	if r.Used != nil {
		out.Traffic, out.PeakBytes, out.Bidders, out.CPUNS = r.Used.Traffic, r.Used.Memory, r.Used.Bidders, map[string]int64{}
		for party, cpu := range r.Used.CPU {
			out.CPUNS[party] = int64(cpu)
		}
	}
	return out
}

// none stands for a confidence interval that a single run cannot give: its queries are correlated.
func none() float64 { return math.NaN() }
