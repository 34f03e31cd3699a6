package utility

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"cipherbid/bench/econ"
	"cipherbid/bench/record"
)

// TestRun measures all gaps on a small market, with and without a tag, and holds them to what must be so on any.
func TestRun(t *testing.T) {
	steps := 0
	r, err := Run(context.Background(), Options{
		Rows: 1500, Without: "10063", Seed: 1, Repeats: 1, Draws: 40, Dim: 64, Progress: func(done, total int) { steps = done },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Markets) != 2 || r.Markets[1].Log.Name != "built-in-without-10063" || steps != 2*len(systems()) {
		t.Fatalf("%d markets, %d steps", len(r.Markets), steps)
	}
	for _, m := range r.Markets {
		by := map[string]Comparison{}
		for _, c := range m.Comparisons {
			by[c.Gap] = c
		}
		value := func(gap, metric string) econ.Estimate { return econ.Find(by[gap].Estimates, metric) }
		if e := value("none", "auc"); e.Delta.Estimate != 0 || e.Delta.High != 0 || e.Value.Estimate < .6 {
			t.Errorf("%s: float differs from itself: %+v", m.Log.Name, e)
		}
		for _, gap := range []string{"quantisation", "encryption", "quantisation+encryption"} {
			if got := value(gap, "winner_agreement").Value.Estimate; got < .999 {
				t.Errorf("%s, %s: %g of the winners are the same", m.Log.Name, gap, got)
			}
			if got := value(gap, "price_error_mean").Value.Estimate; got > 1e-3 {
				t.Errorf("%s, %s: prices off by %g", m.Log.Name, gap, got)
			}
			if got := value(gap, "auc").Delta.Estimate; math.Abs(got) > 1e-3 {
				t.Errorf("%s, %s: AUC moves by %g", m.Log.Name, gap, got)
			}
		}
		if got := value("restriction-odds", "auc").Delta.Estimate; got != 0 {
			t.Errorf("%s: bidding by probability moves AUC by %g", m.Log.Name, got)
		}
		if got := value("restriction-trees", "winner_agreement").Value.Estimate; got > .99 {
			t.Errorf("%s: trees agree with log-linear bids in %g of the winners", m.Log.Name, got)
		}
		for _, l := range m.Lanes {
			if !(l.Max > 0 && l.Std > 0 && l.Max <= l.Bound && l.Std <= l.Max) || l.N < 3000 {
				t.Errorf("%s: %+v", m.Log.Name, l)
			}
		}
		if len(m.Calibration) != len(systems()) {
			t.Errorf("%s: %d calibration curves", m.Log.Name, len(m.Calibration))
		}
	}
	recorded(t, r)
}

func recorded(t *testing.T, r *Result) {
	t.Helper()
	dir, err := r.Record(t.TempDir(), []string{"test"})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := record.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range saved.Validity.Gates {
		if !g.OK && g.Name != gateClicks { // few rows have few clicks
			t.Errorf("gate %s: %s", g.Name, g.Reason)
		}
	}
	for name, rows := range map[string]int{
		"utility": 2 * len(comparisons()) * len(r.Markets[0].Comparisons[0].Estimates), "lanes": 4, "calibration": 2 * len(systems()) * econ.Deciles,
	} {
		if _, got, err := saved.Table(name); err != nil || len(got) != rows {
			t.Errorf("table %s has %d rows, want %d, %v", name, len(got), rows, err)
		}
	}
	if v, ok := saved.Values["built-in.restriction-trees.auc.delta"]; !ok || v.Low == nil {
		t.Errorf("summary lacks the trees: %+v", saved.Values)
	}
	var b bytes.Buffer
	r.Print(&b)
	for _, want := range []string{"restriction-crosses", "built-in-without-10063", "encryption moves log-bids"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("printed without %q", want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"negative": {Draws: -1}, "dim": {Rows: 100, Dim: 100}, "absent log": {Data: "absent.csv"},
	} {
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Rows: 300, Dim: 64}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, but %v", err)
	}
}
