package utility

import (
	"fmt"
	"io"

	"cipherbid/bench/econ"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Print shows the headline numbers as tables: every system's difference from its reference, with the interval.
func (r *Result) Print(w io.Writer) {
	for _, m := range r.Markets {
		fmt.Fprintf(w, "\n%s, %d rows, %d repeats\n", m.Log.Name, len(m.Log.Rows), r.Options.Repeats)
		t := table.NewWriter()
		t.SetOutputMirror(w)
		t.SetStyle(table.StyleLight)
		t.AppendHeader(table.Row{"gap", "system", "same winner", "price error", "revenue, ratio", "clicks at 1/8, ratio", "AUC", "AUC, change", "entropy, change"})
		for _, c := range m.Comparisons {
			find := func(name string) econ.Estimate { return econ.Find(c.Estimates, name) }
			t.AppendRow(table.Row{
				c.Gap, c.System,
				fmt.Sprintf("%.2f %%", 100*find("winner_agreement").Value.Estimate),
				fmt.Sprintf("%.2g", find("price_error_mean").Value.Estimate),
				econ.Show("%.4f", find("revenue_cpm").Ratio),
				econ.Show("%.3f", find("clicks_tuned_b8").Ratio),
				fmt.Sprintf("%.4f", find("auc").Value.Estimate),
				econ.Show("%+.4f", find("auc").Delta),
				econ.Show("%+.4f", find("normalised_entropy").Delta),
			})
		}
		t.Render()
		for _, l := range m.Lanes {
			fmt.Fprintf(w, "%s moves log-bids by %.2g (std), %.2g at most; bound %.2g\n", l.Gap, l.Std, l.Max, l.Bound)
		}
	}
}
