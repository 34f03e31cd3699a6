package loadgen

import (
	"math"
	"strconv"
	"strings"
	"time"

	"cipherbid/bench/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is what a command measured: one run, a sweep, or a search for the peak.
type Report struct {
	Scenario string         // single, server, offline or peak
	Params   map[string]any // of market and load, plain JSON values
	Seeds    map[string]uint64
	Data     *record.DataInfo
	Results  []*Result
	Peak     *Result // of scenario peak, nil if no load held
	Cut      bool    // interrupted before everything had run
}

// Headline is the result that the report is about: the peak, or the last one. Nil if there is none.
func (r *Report) Headline() *Result {
	switch {
	case r.Scenario == ScenarioPeak:
		return r.Peak
	case len(r.Results) > 0:
		return r.Results[len(r.Results)-1]
	}
	return nil
}

// ScenarioPeak is the Report.Scenario of [FindPeak], which runs scenario Server many times.
const ScenarioPeak = "peak"

// name tells results of a report apart: the scenario, with the rate where there are several.
func (r *Report) name(i int) string {
	if len(r.Results) == 1 && r.Scenario != ScenarioPeak {
		return r.Scenario
	}
	rate := r.Results[i].Options.Rate
	name := r.Scenario + "-" + strings.ReplaceAll(strconv.FormatFloat(rate, 'f', -1, 64), ".", "_")
	again := 1
	for _, earlier := range r.Results[:i] {
		if earlier.Options.Rate == rate {
			again++
		}
	}
	if again > 1 {
		name += "-" + strconv.Itoa(again)
	}
	return name
}

// percentiles are those that reports show.
func percentiles() []struct {
	name string
	at   float64
} {
	return []struct {
		name string
		at   float64
	}{{"p50", 50}, {"p95", 95}, {"p99", 99}, {"p999", 99.9}}
}

// stage is one stage of a result: exact if the generator or an embedded market has timed it, else from buckets.
type stage struct {
	name  string
	hist  *hdrhistogram.Histogram
	exact bool
}

// stageOrder lists the stages as a query passes them; others follow.
func stageOrder() []string {
	return []string{StageLatency, StageLag, StageWait, StageService, "encrypt", "network", "auction", "validate", "bidders", "ranking"}
}

// stages returns all stages of a result, each once.
func (r *Result) stages() (all []stage) {
	seen := map[string]bool{}
	add := func(name string) {
		if seen[name] {
			return
		}
		if h := r.Stages[name]; h != nil {
			all, seen[name] = append(all, stage{name, h, true}), true
		} else if h := r.Coarse[name]; h != nil {
			all, seen[name] = append(all, stage{name, h, false}), true
		}
	}
	for _, name := range stageOrder() {
		add(name)
	}
	for _, name := range append(names(r.Stages), names(r.Coarse)...) {
		add(name)
	}
	return all
}

// errors is the number of queries without a decision.
func (r *Result) errors() int { return r.Queries - r.Good - r.Late - r.Partial }

func milliseconds(ns float64) float64 { return ns / float64(time.Millisecond) }

// finite returns nil for NaN, which JSON cannot hold.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
