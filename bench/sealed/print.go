package sealed

import (
	"fmt"
	"io"
	"time"

	"cipherbid/bench/quantity"
	"cipherbid/bench/stat"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Print shows what was measured as tables, then the aims.
func (r *Result) Print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d repeats; markets are bidders x campaigns\n", r.Options.source(), r.Options.Repeats)
	r.printLatencies(w)
	r.printLoads(w)
	r.printParties(w)
	r.printCosts(w)
	r.printMessages(w)
	r.printAims(w)
}

func show(w io.Writer, title string, header table.Row, rows []table.Row) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(header)
	t.AppendRows(rows)
	t.Render()
}

// number writes an estimate, with its interval if there are several repeats behind it.
func number(i stat.Interval, unit float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, i.Estimate/unit)
	if i.Low < i.High {
		text += fmt.Sprintf(" [%.*f, %.*f]", digits, i.Low/unit, digits, i.High/unit)
	}
	return text
}

// inMillis writes a percentile, if there is one.
func inMillis(i *stat.Interval) string {
	if i == nil {
		return ""
	}
	return number(*i, millisecond, 2)
}

func (r *Result) printLatencies(w io.Writer) {
	var rows []table.Row
	all := r.Latencies() // the clocks of a point follow each other
	for i := 0; i+len(clocks()) <= len(all); i += len(clocks()) {
		row := table.Row{all[i].Size, all[i].RTT, all[i].System}
		for k := range clocks() {
			l := &all[i+k]
			row = append(row, fmt.Sprintf("%.4g", inMS(l.Hops)), inMillis(l.P50))
			if l.Clock == Auctioneer {
				row = append(row, inMillis(l.P95), inMillis(l.P99))
			}
		}
		rows = append(rows, row)
	}
	for _, p := range PublishedNumbers() {
		rows = append(rows, table.Row{fmt.Sprintf("%dx1", p.Bidders), p.RTT, p.System + ", published", "", "", "", "", "", fmt.Sprintf("%.0f", inMS(p.Latency))})
	}
	show(w, "Latency in ms, and hops: until the publisher has the price, until the auctioneer has it, and on the auctioneer's clock alone", table.Row{
		"market", "round trip", "system", "hops", "returned p50", "hops", "priced p50", "hops", "auctioneer p50", "p95", "p99",
	}, rows)
	rows = nil
	for _, x := range r.RoundTrips {
		rows = append(rows, table.Row{x.Asked, fmt.Sprintf("%.3f ms", inMS(x.Median))})
	}
	show(w, "What the emulated network made of round trips", table.Row{"asked for", "median"}, rows)
}

func (r *Result) printLoads(w io.Writer) {
	var rows []table.Row
	for _, s := range r.Options.saturated() {
		for _, system := range loadSystems() {
			rate, ok := r.middle(r.of(system, s, throughput))
			if !ok {
				continue
			}
			row := table.Row{s, system, number(rate, 1, 0)}
			if used, ok := r.middle(r.of(system, s, cpu)); ok {
				row = append(row, inMillis(&used))
			}
			if ratio, ok := r.middle(r.ratios(system, Open, s)); ok && system != Open {
				row = append(row, number(ratio, 1, 2))
			}
			rows = append(rows, row)
		}
	}
	show(w, "At saturation, on loopback", table.Row{"market", "system", "auctions/s", "CPU ms an auction", "against open"}, rows)
}

func (r *Result) printParties(w io.Writer) {
	var rows []table.Row
	for _, p := range r.PartyTimes() {
		rows = append(rows, table.Row{p.Size, p.System, fmt.Sprintf("%s, of %d", p.Kind, p.Number), inMillis(&p.CPU)})
	}
	show(w, "CPU time of a party for an auction, each a process", table.Row{"market", "system", "party", "ms"}, rows)
}

func (r *Result) printCosts(w io.Writer) {
	if len(r.Costs) == 0 {
		return
	}
	header := table.Row{"part", "when", "who"}
	for _, c := range r.Costs {
		header = append(header, c.Size)
	}
	var rows []table.Row
	for i, p := range r.Costs[0].Parts {
		row := table.Row{p.Name, p.When, p.Who}
		for _, c := range r.Costs {
			row = append(row, time.Duration(c.Parts[i].Time.Estimate).Round(100*time.Nanosecond))
		}
		rows = append(rows, row)
	}
	show(w, "A circuit's life, medians in one thread", header, rows)
}

func (r *Result) printMessages(w io.Writer) {
	var rows []table.Row
	for _, m := range r.Messages() {
		if m.System == Sealed || m.What == whatLinks {
			rows = append(rows, table.Row{m.Size, m.What, m.How, quantity.Format(m.Bytes, "bytes"), quantity.Format(m.PerBidder(), "bytes")})
		}
	}
	for _, p := range PublishedNumbers() {
		rows = append(rows, table.Row{fmt.Sprintf("%dx1", p.Bidders), p.System, "published", "", quantity.Format(float64(p.BytesPerBidder), "bytes")})
	}
	show(w, "Bytes of a sealed auction", table.Row{"market", "what", "how known", "an auction", "a bidder"}, rows)
}

func (r *Result) printAims(w io.Writer) {
	aims := r.Aims()
	if len(aims) == 0 {
		return
	}
	fmt.Fprintf(w, "\nAims\n")
	for _, a := range aims {
		bound, verdict := "at most", "met"
		if a.AtLeast {
			bound = "at least"
		}
		if !a.Met() {
			verdict = fmt.Sprintf("missed by %.0f %%; it would take to %s", 100*a.Missed(), a.Takes)
		}
		fmt.Fprintf(w, "  %s: %s, %s %s wanted: %s\n", a.Name, quantity.Format(a.Got.Estimate, a.Unit), bound, quantity.Format(a.Want, a.Unit), verdict)
	}
}
