package report

import (
	"slices"
	"strings"
)

// kind is a way to draw a table.
type kind int

const (
	curves kind = iota // y over x
	facets             // remedies over their parameters, see spec.facets
	bars               // a bar for each row
)

// spec says which figures to draw of a table of a run, whatever suite wrote it. It applies to tables that have all the columns it
// names; a column with ? behind it may be missing. Rows that agree in all but the drawn value are repeats: their median is drawn,
// and the range of them where a confidence interval would be.
type spec struct {
	table string
	kind  kind
	where map[string][]string // only rows with one of these values
	split []string            // one figure for each combination of values of these columns
	title string              // {column} stands for the value of a split column
	x     []string            // one column; bars may join several to their label
	y     []string            // several columns make one curve each
	low   string              // bounds of the confidence interval, if y is one column
	high  string
	// series names curves or colours bars. panel names panels of facets.
	series, panel string
	xLabel        string // with unit; empty: made of the column's name
	yLabel        string // without unit; empty: made of the column's name or the metric's
	yUnit         string // empty: that of the column "unit", or of the name of the column or metric
	xLog, yLog    bool
	trend         trend
}

// trend is what is drawn or said beside the data.
type trend int

const (
	noTrend  trend = iota
	power          // the exponent of a power law, in the legend
	linear         // fixed part and slope of a line, in the legend
	identity       // the line y = x
)

// headlines are the metrics of an ad market that are drawn; tables hold many more.
func headlines() map[string][]string {
	return map[string][]string{"metric": {
		"winner_agreement", "value_regret", "price_error_mean", "revenue_cpm", "welfare_true_cpm", "auc", "normalised_entropy", "clicks_tuned_b8",
	}}
}

// specs are the figures we know how to draw.
func specs() []spec {
	return []spec{
		// Protections of users: table "remedies" or "utility".
		{
			table: "remedies", kind: facets, where: headlines(), split: []string{"market?", "metric"}, title: "{metric}, {market}",
			panel: "remedy", x: []string{"parameter"}, y: []string{"value"}, low: "ci_low?", high: "ci_high?", xLog: true,
		},
		{
			table: "utility", kind: facets, where: headlines(), split: []string{"market?", "metric"}, title: "{metric}, {market}",
			panel: "remedy", x: []string{"parameter"}, y: []string{"value"}, low: "ci_low?", high: "ci_high?", xLog: true,
		},
		{
			table: "risk", kind: facets, where: map[string][]string{"risk": {"linkage"}}, split: []string{"market", "risk", "facts"},
			title: "Users found by an attacker who knows {facts} facts, {market}", panel: "remedy", x: []string{"parameter"}, y: []string{"value"},
			low: "ci_low", high: "ci_high", yLabel: "share of users found", yUnit: "share", xLog: true,
		},
		{
			table: "risk", kind: facets, where: map[string][]string{"risk": {"prosecutor_mean", "unique_in_population"}},
			split: []string{"market", "risk"}, title: "{risk}, {market}", panel: "remedy", x: []string{"parameter"}, y: []string{"value"},
			yLabel: "risk", yUnit: "share", xLog: true,
		},
		// Encryption's three gaps.
		{
			table: "utility", kind: facets, where: headlines(), split: []string{"market", "metric"}, title: "{metric}, {market}",
			x: []string{"gap"}, y: []string{"value"}, low: "ci_low", high: "ci_high",
		},
		{
			table: "calibration", split: []string{"market"}, title: "Calibration by decile, {market}", series: "system",
			x: []string{"predicted"}, y: []string{"seen"}, low: "seen_ci_low", high: "seen_ci_high",
			xLabel: "predicted click rate", yLabel: "observed click rate", xLog: true, yLog: true, trend: identity,
		},
		{
			table: "precision", split: []string{"sweep"}, title: "Error of a log-bid by {sweep}", x: []string{"bits"},
			y: []string{"error_std", "error_max", "noise_std"}, xLabel: "{sweep}", yLabel: "error", yUnit: "log-bid", yLog: true,
		},
		// Load: one table of a single market, one of markets beside each other.
		{
			table: "loads", split: []string{"scenario?"}, title: "Latency by offered load", x: []string{"offered_per_s"},
			y: []string{"p50_ns", "p95_ns", "p99_ns", "p999_ns"}, xLabel: "offered load (1/s)", yLabel: "latency", yLog: true,
		},
		{
			table: "loads", title: "Goodput by offered load", x: []string{"offered_per_s"}, y: []string{"goodput_per_s"}, series: "market?",
			xLabel: "offered load (1/s)",
		},
		{
			table: "loads", kind: bars, split: []string{"scenario"}, title: "Median latency, {scenario}, by bidders × campaigns × features", series: "market",
			x: []string{"bidders", "campaigns", "features"}, y: []string{"p50_ms"}, yLabel: "median latency",
		},
		{
			table: "answers", split: []string{"features"}, title: "A bidder's answer, {features} features", x: []string{"campaigns"},
			y: []string{"ours_us", "textbook_us"}, yLabel: "time", xLog: true, yLog: true,
		},
		{
			table: "scaling", split: []string{"sweep"}, title: "Median latency by {sweep}", series: "market", x: []string{"x"}, y: []string{"p50_ms"},
			xLabel: "{sweep}", yLabel: "median latency",
		},
		{
			table: "scaling", split: []string{"sweep"}, title: "CPU time of an auction, all parties, by {sweep}", series: "market", x: []string{"x"},
			y: []string{"cpu_ms"}, xLabel: "{sweep}", yLabel: "CPU time", trend: linear,
		},
		{
			table: "scaling", split: []string{"sweep"}, title: "Decisions by {sweep}", series: "market", x: []string{"x"}, y: []string{"decisions_per_s"},
			xLabel: "{sweep}",
		},
		// Sealed ranking.
		{
			table: "rtt", split: []string{"bidders", "clock"}, title: "Median latency by round trip, {bidders} bidders, clock: {clock}", series: "system",
			x: []string{"rtt_ms"}, y: []string{"p50_ms"}, low: "p50_low_ms", high: "p50_high_ms", xLabel: "round trip (ms)", yLabel: "median latency", yLog: true,
		},
		{
			table: "rtt_stages", kind: bars, split: []string{"bidders", "rtt_ms"}, title: "Median time of stages, {bidders} bidders, {rtt_ms} ms round trip",
			series: "system", x: []string{"stage"}, y: []string{"median_ms"}, low: "low_ms", high: "high_ms", yLabel: "median time",
		},
		{
			table: "saturation", kind: bars, title: "Auctions a second at saturation, by bidders × campaigns", series: "system",
			x: []string{"bidders", "campaigns"}, y: []string{"decisions_per_s"}, yLabel: "auctions a second",
		},
		{
			table: "party_cpu", kind: bars, split: []string{"bidders", "campaigns"}, title: "CPU time of a party for an auction, {bidders} bidders × {campaigns}",
			series: "system", x: []string{"party"}, y: []string{"cpu_ms"}, yLabel: "CPU time",
		},
		{
			table: "message_bytes", kind: bars, split: []string{"bidders", "campaigns"}, title: "Bytes for each bidder, {bidders} bidders × {campaigns}",
			series: "system", x: []string{"what"}, y: []string{"bidder_bytes"}, yLabel: "size",
		},
		{
			table: "circuit_costs", kind: bars, split: []string{"bidders", "campaigns"}, title: "A garbled circuit's life, {bidders} bidders × {campaigns}",
			series: "when", x: []string{"part"}, y: []string{"median_us"}, low: "low_us", high: "high_us", yLabel: "median time",
		},
		// The general form, for suites to come: a quantity that grows, and metrics over its size.
		{
			table: "scaling", split: []string{"quantity", "metric"}, title: "{metric} by {quantity}", series: "variant?",
			x: []string{"size"}, y: []string{"value"}, low: "ci_low?", high: "ci_high?", xLabel: "{quantity}", xLog: true, yLog: true, trend: power,
		},
		{
			table: "stages", kind: bars, title: "Wall time by stage", x: []string{"stage"}, y: []string{"wall_ns"}, yLabel: "wall time", series: "party?",
			low: "ci_low?", high: "ci_high?",
		},
		{table: "stages", kind: bars, title: "CPU time by stage", x: []string{"stage"}, y: []string{"cpu_ns"}, yLabel: "CPU time", series: "party?"},
		{table: "stages", kind: bars, title: "Bytes sent by stage", x: []string{"stage"}, y: []string{"sent_bytes"}, series: "party?"},
	}
}

// fits reports whether the table has the columns that s needs.
func (s *spec) fits(t *table) bool {
	if s.table != t.Name {
		return false
	}
	for _, name := range slices.Concat(s.split, s.x, s.y, []string{s.low, s.high, s.series, s.panel}) {
		if name != "" && !strings.HasSuffix(name, "?") && t.column(name) < 0 {
			return false
		}
	}
	for name := range s.where {
		if t.column(name) < 0 {
			return false
		}
	}
	return true
}

// words turns a key such as latency_p99_ns into "latency p99" and its unit.
func words(key string) (text, unit string) {
	parts := strings.Split(key, "_")
	n := len(parts)
	switch {
	case n > 2 && parts[n-2] == "per":
		unit, parts = "1/"+parts[n-1], parts[:n-2]
	case n > 1 && !slices.Contains(parts, "per") && slices.Contains([]string{"ns", "us", "ms", "s", "bytes", "cpm"}, parts[n-1]):
		unit, parts = parts[n-1], parts[:n-1]
	}
	return strings.Join(parts, " "), unit
}

// capital begins with a capital letter; AUC is one word of them.
func capital(s string) string {
	if s == "" {
		return s
	}
	if rest, ok := strings.CutPrefix(s, "auc"); ok && (rest == "" || rest[0] == ' ' || rest[0] == ',') {
		return "AUC" + rest
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
