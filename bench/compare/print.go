package compare

import (
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"slices"

	"cipherbid/bench/quantity"
	"cipherbid/bench/record"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Print writes what differs between the runs' circumstances and a table of their values. A and B are folders of runs.
func Print(w io.Writer, dirA, dirB string) error {
	a, err := record.Load(dirA)
	if err != nil {
		return fmt.Errorf("compare: A: %w", err)
	}
	b, err := record.Load(dirB)
	if err != nil {
		return fmt.Errorf("compare: B: %w", err)
	}
	for i, s := range []*record.Saved{a, b} {
		if _, err := fmt.Fprintf(w, "%c  %s/%s\n", 'A'+i, s.Manifest.Suite, filepath.Base(s.Dir)); err != nil {
			return fmt.Errorf("compare: %w", err)
		}
	}
	for _, line := range circumstances(a, b) {
		if _, err := fmt.Fprintln(w, "!  "+line); err != nil {
			return fmt.Errorf("compare: %w", err)
		}
	}
	rows := Compare(a, b)
	_, err = fmt.Fprintln(w, "\n"+render(rows)+"\n"+verdict(rows))
	return err
}

// circumstances says what else differs, and may explain a change.
func circumstances(a, b *record.Saved) []string {
	var lines []string
	for i, s := range []*record.Saved{a, b} {
		if !s.Validity.Valid {
			lines = append(lines, fmt.Sprintf("%c is not valid", 'A'+i))
		}
		if s.Manifest.Dirty {
			lines = append(lines, fmt.Sprintf("%c ran with local changes to its commit", 'A'+i))
		}
	}
	x, y := &a.Manifest, &b.Manifest
	differs := func(what string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			lines = append(lines, fmt.Sprintf("%s: %v, then %v", what, a, b))
		}
	}
	differs("suite", x.Suite, y.Suite)
	differs("scenario", x.Scenario, y.Scenario)
	differs("system", x.System, y.System)
	differs("Go", x.GoVersion, y.GoVersion)
	differs("GOMAXPROCS", x.GOMAXPROCS, y.GOMAXPROCS)
	differs("GOGC", x.GOGC, y.GOGC)
	differs("build", x.Build, y.Build)
	if (x.Data == nil) != (y.Data == nil) || x.Data != nil && *x.Data != *y.Data {
		lines = append(lines, "the data differ")
	}
	names := maps.Clone(x.Params)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, y.Params)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		differs("parameter "+name, x.Params[name], y.Params[name])
	}
	return lines
}

func render(rows []Row) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.DrawBorder = false
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"value", "A", "B", "B / A", "95 % interval", ""})
	for _, r := range rows {
		ratio, interval := "", ""
		if !math.IsNaN(r.Ratio) {
			ratio = fmt.Sprintf("%.3f", r.Ratio)
			interval = fmt.Sprintf("%.3f to %.3f", r.Low, r.High)
		}
		a, b := quantity.Format(r.A.Value, r.A.Unit), quantity.Format(r.B.Value, r.B.Unit)
		switch r.Change {
		case New:
			a = ""
		case Gone:
			b = ""
		}
		t.AppendRow(table.Row{r.Key, a, b, ratio, interval, string(r.Change)})
	}
	var columns []table.ColumnConfig
	for n := 2; n <= 5; n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	return t.Render()
}

func verdict(rows []Row) string {
	count := map[Change]int{}
	for _, r := range rows {
		count[r.Change]++
	}
	return fmt.Sprintf("%d worse, %d better, %d changed, %d within noise, of %d values", count[Worse], count[Better], count[Changed], count[Same], len(rows))
}
