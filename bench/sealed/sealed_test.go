package sealed

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cipherbid/bench/record"
	"cipherbid/bench/report"
)

// smoke measures as little as there is to measure.
func smoke(t *testing.T) *Result {
	t.Helper()
	steps, total := 0, 0
	r, err := Run(t.Context(), Options{
		Quick: true, Auctions: 2, loaded: 40, tmax: 20 * time.Second, Seed: 1, Progress: func(done, of int) { steps, total = done, of },
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps != total || r.Cut {
		t.Errorf("%d of %d steps, cut short: %v", steps, total, r.Cut)
	}
	return r
}

func TestRunMeasuresEverySystemAndIsRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts ten markets")
	}
	r := smoke(t)
	for _, l := range r.Latencies() {
		if l.P50 == nil || l.P50.Estimate < float64(l.Hops) || l.N < r.Options.Auctions {
			t.Errorf("%s, %d auctions: median %v, the hops alone take %s", l.key(), l.N, l.P50, l.Hops)
		}
	}
	for _, x := range r.RoundTrips {
		if x.Median < x.Asked {
			t.Errorf("a round trip of %s took %s", x.Asked, x.Median)
		}
	}
	root := t.TempDir()
	dir, err := r.Record(root, []string{"test"})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := record.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !saved.Validity.Valid {
		t.Errorf("%+v", saved.Validity)
	}
	for _, key := range []string{
		"latency_sealed_10x1_rtt_20ms_priced_p50_ns", "latency_open_10x1_rtt_0ms_auctioneer_p50_ns", "latency_plaintext_10x1_rtt_20ms_returned_p95_ns",
		"throughput_sealed_open_10x1_ratio", "throughput_sealed_unstocked_open_10x1_ratio", "sealed_answers_10x1_bytes", "sealed_trustees_online_100x1_bytes",
		"circuit_evaluate_10x1_ns", "circuit_tables_100x1_bytes",
	} {
		if v, ok := saved.Values[key]; !ok || v.Value <= 0 {
			t.Errorf("%s is %+v", key, v)
		}
	}
	if _, ok := saved.Values["latency_sealed_10x1_rtt_0ms_priced_p99_ns"]; ok {
		t.Error("a percentile 99 of two auctions")
	}
	if got := filepath.Base(filepath.Dir(dir)); got != Suite {
		t.Errorf("recorded as suite %s", got)
	}
	if err := report.Generate(root); err != nil {
		t.Fatal(err)
	}
	for _, plot := range []string{
		"rtt-10-priced-p50_ms", "rtt-10-auctioneer-p50_ms", "rtt_stages-10-20-median_ms", "saturation-decisions_per_s", "message_bytes-10-1-bidder_bytes",
		"circuit_costs-100-1-median_us", "latency-10x1_rtt_20ms",
	} {
		if _, err := os.Stat(filepath.Join(root, report.PlotsDir, Suite+"-"+plot+".svg")); err != nil {
			t.Error(err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(root, report.ReadmeFile)); err != nil || strings.Contains(string(b), "Not drawn") {
		t.Errorf("something is not drawn: %v", err)
	}
	var text strings.Builder
	r.Print(&text)
	for _, want := range []string{"Addax, published", "unstocked", "evaluate", "answers", "Aims"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not said", want)
		}
	}
	for _, m := range r.Messages() {
		if m.System == Sealed && m.What == whatAnswers && (m.PerBidder() < 200 || m.PerBidder() > answerLimit) {
			t.Errorf("an answer of %g bytes", m.PerBidder())
		}
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Run(ctx, Options{Quick: true, Seed: 1, Progress: func(done, _ int) {
		if done == 1 {
			cancel()
		}
	}})
	if err != nil || !r.Cut || len(r.RoundTrips) != 1 || len(r.Points) != 0 {
		t.Fatalf("cut %v, %d round trips, %d points: %v", r.Cut, len(r.RoundTrips), len(r.Points), err)
	}
	dir, err := r.Record(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if saved, err := record.Load(dir); err != nil || saved.Validity.Valid {
		t.Errorf("what was cut short counts: %v", err)
	}
	r.Print(io.Discard)
}

func TestOptions(t *testing.T) {
	o, err := Options{}.withDefaults()
	if err != nil || o.Campaigns != 1 || o.Auctions*o.Repeats < 459 {
		t.Errorf("%+v: %v", o, err) // percentile 99 needs 459 auctions
	}
	if !slices.Contains(o.grid(), Size{100, 1}) || !slices.Contains(o.roundTrips(), 20*time.Millisecond) || len(o.processes()) != 0 {
		t.Error("the aims' market is not measured, or there are processes without a program")
	}
	b := &bench{Options: o}
	if got := b.steps(); got != 4+4+5*(3*4*3+3*4) {
		t.Errorf("%d steps", got)
	}
	for _, bad := range []Options{{Campaigns: -1}, {Campaigns: 1 << 20}, {Auctions: -1}, {Repeats: -1}, {Repeats: 1 << 20}, {Duration: -1}} {
		if _, err := Run(t.Context(), bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}
