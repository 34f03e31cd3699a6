package replay

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// shownDisagreements is how many disagreements the table lists; the JSON has all.
const shownDisagreements = 10

// Print writes the summary as a table.
func (s *Summary) Print(w io.Writer) {
	fmt.Fprintf(w, "\n%d auctions, %d bidders, %s ranking, %s\n", s.Auctions, s.Bidders, s.Ranking, s.Data)
	fmt.Fprintf(w, "CKKS N = %d, %d features, boxes in sessions opened with %s\n", s.Parameters.N, s.Parameters.Dim, s.Parameters.Suite)
	sealed := s.PriceGrid > 0
	if sealed {
		fmt.Fprintf(w, "prices are rounded down to a grid with steps of %.2f %%, never below the floor\n", 100*s.PriceGrid)
	}
	fmt.Fprintln(w)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "encrypted", "plaintext", ""})
	auc := func(v *float64) string {
		if v == nil {
			return "no clicks"
		}
		return fmt.Sprintf("%.4f", *v)
	}
	aucEncrypted, priceError := auc(s.AUCEncrypted), "price error, mean"
	if sealed {
		aucEncrypted, priceError = "not opened", "price error with grid, mean"
	}
	latency := func(p Percentiles) string { return fmt.Sprintf("%.1f / %.1f / %.1f", p.P50, p.P95, p.P99) }
	t.AppendRows([]table.Row{
		{"same winner", fmt.Sprintf("%.3f %%", 100*s.WinnerAgreement), "", fmt.Sprintf("%d differ", len(s.Disagreements))},
		{priceError, fmt.Sprintf("%.5f %%", 100*s.PriceErrorMean), "", fmt.Sprintf("worst %.5f %%", 100*s.PriceErrorMax)},
		{"revenue", fmt.Sprintf("%.6f", s.RevenueRatio), "1", "ratio"},
		{"AUC of click predictions", aucEncrypted, auc(s.AUCPlain), "from bids"},
		{"latency p50 / p95 / p99", latency(s.LatencyMS), latency(s.PlainLatencyMS), "ms, from encryption to price"},
	})
	t.AppendSeparator()
	for _, stage := range []string{"encrypt", "validate", "bidders", "ranking"} {
		t.AppendRow(table.Row{"  " + stage, fmt.Sprintf("%.2f", s.StageMS[stage]), "", "ms, median"})
	}
	t.AppendSeparator()
	t.AppendRows([]table.Row{
		{"request", s.Bytes.Request, "", "bytes"},
		{"one bidder's answer", s.Bytes.Response, "", "bytes"},
		{"auctioneer and trustees", s.Bytes.Ranking, "", "bytes"},
	})
	if sealed {
		t.AppendRow(table.Row{"among trustees", s.Bytes.Links, "", "bytes, mean, with stocked circuits"})
	}
	t.AppendRow(table.Row{"hint, once a period", s.Bytes.Hint, "", "bytes for each bidder and trustee"})
	t.Render()
	for i, d := range s.Disagreements {
		if i == shownDisagreements {
			fmt.Fprintf(w, "... and %d more\n", len(s.Disagreements)-i)
			break
		}
		fmt.Fprintf(w, "auction %s: encrypted winner %q, plaintext winner %q, bids %.2g apart (relative)\n", d.Auction, d.Winner, d.PlainWinner, d.Gap)
	}
}
