package compare

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"cipherbid/bench/record"
	"cipherbid/bench/record/recordtest"
)

func TestCompare(t *testing.T) {
	value := func(v, low, high float64, unit string) *record.Value {
		x := &record.Value{Value: v, Unit: unit, N: 10}
		if !math.IsNaN(low) {
			x.Low, x.High = &low, &high
		}
		return x
	}
	nan := math.NaN()
	for name, test := range map[string]struct {
		key  string
		a, b *record.Value
		want Change
	}{
		"latency grows":          {"latency_p99_ns", value(100, 95, 105, "ns"), value(120, 115, 125, "ns"), Worse},
		"latency shrinks":        {"latency_p99_ns", value(120, 115, 125, "ns"), value(100, 95, 105, "ns"), Better},
		"within noise":           {"latency_p99_ns", value(100, 90, 115, "ns"), value(110, 95, 125, "ns"), Same},
		"overlap, yet a change":  {"latency_p99_ns", value(100, 90, 110, "ns"), value(119, 109, 129, "ns"), Worse},
		"goodput falls":          {"goodput_per_s", value(800, 790, 810, "per_s"), value(700, 690, 710, "per_s"), Worse},
		"agreement rises":        {"winner_agreement", value(0.9, 0.89, 0.91, ""), value(0.99, 0.985, 0.995, ""), Better},
		"no direction":           {"answer_exponent", value(1, 0.99, 1.01, ""), value(2, 1.9, 2.1, ""), Changed},
		"bytes are exact":        {"request_bytes", value(25600, nan, nan, "bytes"), value(25900, nan, nan, "bytes"), Worse},
		"no interval, small":     {"latency_p50_ns", value(100, nan, nan, "ns"), value(103, nan, nan, "ns"), Same},
		"no interval, large":     {"latency_p50_ns", value(100, nan, nan, "ns"), value(130, nan, nan, "ns"), Worse},
		"first error":            {"answers_wrong", value(0, nan, nan, "count"), value(3, nan, nan, "count"), Worse},
		"zero, noisy difference": {"price_error", value(0, -0.1, 0.1, ""), value(0.05, -0.1, 0.2, ""), Same},
		"equal":                  {"x", value(0, nan, nan, ""), value(0, nan, nan, ""), Same},
		"units":                  {"x", value(1, nan, nan, ""), value(1, nan, nan, "ns"), Mismatch},
		"gone":                   {"x", value(1, nan, nan, ""), nil, Gone},
		"new":                    {"x", nil, value(1, nan, nan, ""), New},
	} {
		a, b := &record.Saved{Values: map[string]record.Value{}}, &record.Saved{Values: map[string]record.Value{}}
		if test.a != nil {
			a.Values[test.key] = *test.a
		}
		if test.b != nil {
			b.Values[test.key] = *test.b
		}
		rows := Compare(a, b)
		if len(rows) != 1 || rows[0].Change != test.want {
			t.Errorf("%s: %+v, want %q", name, rows, test.want)
		}
	}
}

func TestRatioInterval(t *testing.T) {
	low, high := 90.0, 110.0
	a := &record.Saved{Values: map[string]record.Value{"x": {Value: 100, Low: &low, High: &high}}}
	b := &record.Saved{Values: map[string]record.Value{"x": {Value: 200, Low: &low, High: &high}}} // bounds on one side only
	r := Compare(a, b)[0]
	want := 2 * math.Exp(-math.Hypot(math.Log(200.0/90), math.Log(1.1)))
	if r.Ratio != 2 || math.Abs(r.Low-want) > 1e-12 || r.High < 2 {
		t.Errorf("%+v, want low %v", r, want)
	}
}

func TestPrint(t *testing.T) {
	root := t.TempDir()
	run := func(latency float64, ok bool) string {
		return recordtest.Run(t, root, "latency", "server", func(r *record.Run, _ *rand.Rand) {
			r.Value("latency_p99_ns", latency, "ns", 500, latency*0.98, latency*1.02)
			r.Gate("answers", ok, "")
		})
	}
	a, b := run(2e6, true), run(3e6, false)
	var out strings.Builder
	if err := Print(&out, a, b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"B is not valid", "latency_p99_ns", "2 ms", "3 ms", "1.500", "WORSE", "1 worse, 0 better"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "A is not valid") {
		t.Errorf("A is valid:\n%s", out.String())
	}
	if err := Print(&out, a, root); err == nil || !strings.Contains(err.Error(), "compare: B") {
		t.Errorf("no run: %v", err)
	}
}
