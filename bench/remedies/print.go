package remedies

import (
	"fmt"
	"io"

	"cipherbid/bench/econ"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Print shows what is left of the market and of the risk under each remedy, as a table.
func (r *Result) Print(w io.Writer) {
	fmt.Fprintf(w, "\n%s, %d rows, %d tags, %d repeats; clicks are ratios to the unprotected market\n\n", r.Log.Name, len(r.Log.Rows), r.Tags, r.Options.Repeats)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{
		"remedy", "", "same winner", "AUC within", "clicks at 1/2", "clicks at 1/8", "clicks at 1/32", "matched clicks", "unique", "found by 5 facts", "by 10", "by all",
	})
	for i := range r.Treatments {
		x := &r.Treatments[i]
		find := func(name string) econ.Estimate { return econ.Find(x.Estimates, name) }
		row := table.Row{
			x.Remedy, x.Parameter,
			fmt.Sprintf("%.1f %%", 100*find("winner_agreement").Value.Estimate),
			fmt.Sprintf("%.3f", find("auc_within_seat").Value.Estimate),
			econ.Show("%.2f", find("clicks_tuned_b2").Ratio),
			econ.Show("%.2f", find("clicks_tuned_b8").Ratio),
			econ.Show("%.2f", find("clicks_tuned_b32").Ratio),
			econ.Show("%.2f", find("clicks_logged_per_million").Ratio),
		}
		if x.Risk == nil {
			row = append(row, "", "see below", "", "")
			if x.Remedy == Random {
				row[len(row)-3] = ""
			}
		} else {
			row = append(row, fmt.Sprintf("%.1f %%", 100*x.Risk.Unique))
			for _, l := range x.Linkage {
				row = append(row, fmt.Sprintf("%.2f %%", 100*l.Success.Estimate))
			}
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(w, "\nUnder encryption nothing is released that could be linked; who learns what is a matter of keys:\n")
	for _, l := range Leakage() {
		fmt.Fprintf(w, "  %-34s %s\n", l.Who, l.Learn)
	}
}
