package remedies

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"cipherbid/bench/econ"
	"cipherbid/bench/record"
)

// TestRun measures all remedies on a small market, and holds them to what must be so on any.
func TestRun(t *testing.T) {
	o := Options{Rows: 1500, Seed: 1, Repeats: 1, Draws: 40, Targets: 60, Dim: 128}
	last := 0
	o.Progress = func(done, total int) {
		if done != last+1 || done > total {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	}
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*Treatment{}
	for i := range r.Treatments {
		x := &r.Treatments[i]
		by[x.name()] = x
		if got := econ.Find(x.Estimates, "winner_agreement").Value.Estimate; !(got > 0 && got <= 1) {
			t.Errorf("%s: agreement %g", x.name(), got)
		}
	}
	if len(by) != len(r.Treatments) || r.Treatments[0].Remedy != None || last != len(r.Treatments) {
		t.Errorf("%d treatments, %d names, %d reported", len(r.Treatments), len(by), last)
	}
	value := func(name, metric string) float64 { return econ.Find(by[name].Estimates, metric).Value.Estimate }
	if value(None, "winner_agreement") != 1 || value(Encrypted, "winner_agreement") < .999 {
		t.Error("the reference, or its encryption, has other winners")
	}
	for _, name := range []string{Contextual, Random} {
		if value(name, "welfare_true_cpm") >= value(None, "welfare_true_cpm") {
			t.Errorf("%s bids are worth %g, informed ones %g", name, value(name, "welfare_true_cpm"), value(None, "welfare_true_cpm"))
		}
	}
	for name, k := range map[string]float64{"k-anonymity.k=2": 2, "k-anonymity.k=50": 50, "k-anonymity-workload.k=25": 25} {
		if got := by[name].Risk; got.SmallestClass < k || got.JournalistMax > 1/k {
			t.Errorf("%s: smallest class %g, highest journalist risk %g", name, got.SmallestClass, got.JournalistMax)
		}
	}
	if by[Encrypted].Risk != nil || by[Encrypted].Linkage != nil || by[Encrypted].Epsilon != 0 {
		t.Error("encryption has a measured risk or an epsilon")
	}
	if l := by[Contextual].Linkage[2]; math.Abs(l.Success.Estimate-l.Guess) > 1e-12 {
		t.Errorf("contextual targeting is linked with %g, guesses with %g", l.Success.Estimate, l.Guess)
	}
	// A second run differs in the encryption's noise alone.
	o.Progress = nil
	again, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range r.Treatments {
		if y := again.Treatments[i]; x.Remedy != Encrypted && !sameRows(x.Estimates, y.Estimates) || !reflect.DeepEqual(x.Linkage, y.Linkage) {
			t.Errorf("%s is not the same twice", x.name())
		}
	}
	recorded(t, r)
}

// sameRows compares estimates, in which NaN equals NaN.
func sameRows(a, b []econ.Estimate) bool {
	for i := range a {
		x, y := a[i].Cells(), b[i].Cells()
		for j := range x {
			u, ok := x[j].(float64)
			if v, _ := y[j].(float64); ok && math.IsNaN(u) && math.IsNaN(v) {
				continue
			}
			if x[j] != y[j] {
				return false
			}
		}
	}
	return len(a) == len(b)
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
	for name, least := range map[string]int{"remedies": 30 * len(r.Treatments), "risk": 15 * (len(r.Treatments) - 2), "leakage": 5} {
		header, rows, err := saved.Table(name)
		if err != nil || len(rows) < least {
			t.Errorf("table %s has %d rows below %v, %v", name, len(rows), header, err)
		}
	}
	if v, ok := saved.Values[Headline+"_ratio."+Encrypted]; !ok || math.Abs(v.Value-1) > .01 || v.Low == nil {
		t.Errorf("summary %+v", v)
	}
	if v := saved.Values["linkage_all_ratio.none"]; v.Value != 1 {
		t.Errorf("linkability of the unprotected market is %+v of itself", v)
	}
	var b bytes.Buffer
	r.Print(&b)
	for _, want := range []string{"k=10/l=7", "epsilon=0.5", "two trustees in league"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("printed without %q", want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"negative": {Repeats: -1}, "dim": {Rows: 100, Dim: 100}, "absent log": {Data: "absent.csv"},
	} {
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Rows: 500, Dim: 64}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, but %v", err)
	}
}
