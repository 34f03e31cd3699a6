package loadgen

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Print writes the report as tables.
func (r *Report) Print(w io.Writer) {
	r.printLoads(w)
	head := r.Headline()
	switch {
	case head == nil:
		fmt.Fprintln(w, "No load held the goal.")
	case r.Scenario == ScenarioPeak:
		fmt.Fprintf(w, "Peak: %g queries per second offered, goodput %.1f per second.\n", head.Options.Rate, head.Goodput())
	case len(r.Results) > 1:
		fmt.Fprintf(w, "At %g queries per second:\n", head.Options.Rate)
	}
	if head != nil {
		head.printStages(w)
		head.printUse(w)
	}
	for i, res := range r.Results {
		for _, g := range res.Gates {
			if !g.OK {
				fmt.Fprintf(w, "INVALID %s: %s: %s\n", r.name(i), g.Name, g.Reason)
			}
		}
	}
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	var right []table.ColumnConfig
	for i := range header[1:] {
		right = append(right, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	return t
}

func (r *Report) printLoads(w io.Writer) {
	t := newTable(w, "load", "queries", "goodput/s", "good", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "no-bids", "late", "partial", "timeouts", "errors",
		"heard", "per core·s", "")
	for i, res := range r.Results {
		row := table.Row{r.name(i), res.Queries, fmt.Sprintf("%.1f", res.Goodput()), percent(res.GoodShare())}
		for _, p := range percentiles() {
			row = append(row, number(milliseconds(res.Percentile(StageLatency, p.at)), "%.2f"))
		}
		timeouts := res.Outcomes[Timeout]
		row = append(row, res.Outcomes[NoBid], res.Late, res.Partial, timeouts, res.errors()-timeouts, percent(res.Participation()), number(res.PerCoreSecond(), "%.1f"))
		valid := "VALID"
		if !res.Valid() {
			valid = "INVALID"
		}
		t.AppendRow(append(row, valid))
	}
	t.Render()
}

func (r *Result) printStages(w io.Writer) {
	t := newTable(w, "stage", "n", "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "max ms")
	note := ""
	for _, s := range r.stages() {
		name := s.name
		if !s.exact {
			name += " *"
			note = "* upper bounds, from the buckets that the auctioneer publishes\n"
		}
		row := table.Row{name, s.hist.TotalCount()}
		for _, p := range percentiles() {
			row = append(row, number(milliseconds(percentile(s.hist, p.at)), "%.2f"))
		}
		t.AppendRow(append(row, fmt.Sprintf("%.2f", milliseconds(float64(s.hist.Max())))))
	}
	t.Render()
	fmt.Fprint(w, note)
	var errs []string
	for _, o := range names(r.Outcomes) {
		errs = append(errs, fmt.Sprintf("%s %d", o, r.Outcomes[o]))
	}
	fmt.Fprintf(w, "Outcomes: %s. Answers checked: %d, wrong %d, short of bidders %d.\n", strings.Join(errs, ", "), r.Checked, r.Wrong, r.Short)
	if r.Assured(99) {
		fmt.Fprintf(w, "With 99 %% confidence, 99 %% of all queries are answered well within %s.\n", r.Options.TMax)
	}
}

// printUse prints what the parties have used for each query.
func (r *Result) printUse(w io.Writer) {
	if r.Used == nil || len(r.Used.CPU)+len(r.Used.Traffic) == 0 || r.Queries == 0 {
		return
	}
	t := newTable(w, "party or link", "CPU ms/query", "bytes in/query", "bytes out/query", "peak MB")
	n := float64(r.Queries)
	rows := map[string]bool{}
	for _, party := range append(names(r.Used.CPU), names(r.Used.Traffic)...) {
		cpu, b := r.Used.CPU[party], r.Used.Traffic[party]
		if rows[party] || cpu == 0 && b == (Traffic{}) {
			continue
		}
		if rows[party] = true; len(rows) > shownParties {
			continue
		}
		row := table.Row{party, "", "", "", ""}
		if cpu > 0 {
			row[1] = fmt.Sprintf("%.3f", cpu.Seconds()*1000/n)
		}
		if b != (Traffic{}) {
			row[2], row[3] = fmt.Sprintf("%.0f", float64(b.In)/n), fmt.Sprintf("%.0f", float64(b.Out)/n)
		}
		if m := r.Used.Memory[party]; m > 0 {
			row[4] = fmt.Sprintf("%.1f", float64(m)/1e6)
		}
		t.AppendRow(row)
	}
	t.Render()
	if more := len(rows) - shownParties; more > 0 {
		fmt.Fprintf(w, "... and %d more parties and links, in the JSON report\n", more)
	}
}

// shownParties is how many parties and links the table lists.
const shownParties = 32

func number(v float64, format string) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

func percent(share float64) string { return number(100*share, "%.2f %%") }
