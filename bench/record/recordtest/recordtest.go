// Package recordtest makes up runs for tests of the report and the verifier. They go into folders of tests, never into results.
package recordtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cipherbid/bench/record"
)

// Write makes up a run of every kind of suite below root, and returns their folders by suite and scenario: latency/server,
// latency/peak, utility/, scaling/.
func Write(tb testing.TB, root string) map[string]string {
	tb.Helper()
	dirs := map[string]string{}
	for name, fill := range map[string]func(*record.Run, *rand.Rand){
		"latency/server": latency, "latency/peak": peak, "utility/": utility, "scaling/": scaling,
	} {
		suite, scenario := filepath.Split(name)
		dirs[name] = Run(tb, root, suite[:len(suite)-1], scenario, fill)
	}
	return dirs
}

// Run makes up one run.
func Run(tb testing.TB, root, suite, scenario string, fill func(*record.Run, *rand.Rand)) (dir string) {
	tb.Helper()
	r, err := record.Open(root, record.Manifest{
		Suite: suite, Scenario: scenario, Command: []string{"cipherbid", "bench", suite, "-seed=7"},
		Params: map[string]any{"n": 2048, "primes": []uint64{1125899906826241}, "tmax_ms": 100}, Seeds: map[string]uint64{"schedule": 7},
	})
	if err != nil {
		tb.Fatal(err)
	}
	fill(r, rand.New(rand.NewPCG(7, 7)))
	if dir, err = r.Close(); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// CopySchema copies the project's schema below root. project is the path to the repository.
func CopySchema(tb testing.TB, project, root string) {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(project, "results/schema/run.v1.json"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "schema"), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "schema/run.v1.json"), b, 0o644); err != nil {
		tb.Fatal(err)
	}
}

func latency(r *record.Run, random *rand.Rand) {
	r.Value("latency_p50_ns", 1.912e6, "ns", 5000, 1.88e6, 1.95e6)
	r.Value("latency_p99_ns", 4.25e6, "ns", 5000, 4.1e6, 4.62e6)
	r.Value("goodput_per_s", 812.4, "per_s", 5000, 800.1, 820.9)
	r.Value("request_bytes", 25600, "bytes", 5000, math.NaN(), math.NaN())
	r.Value("winner_agreement", 0.9994, "", 5000, 0.998, 0.9999)
	r.Gate("arrivals", true, "0 of 5000 arrivals dropped")
	r.Gate("answers", true, "0 of 500 sampled answers wrong")
	for i, stage := range []string{"total", "user.encrypt", "bidder.answer", "trustee.open", "rank"} {
		h := r.Histogram("server." + stage)
		for range 5000 {
			v := math.Exp(13.5-float64(i)*0.7+random.NormFloat64()*0.35) + random.ExpFloat64()*1e5
			_ = h.RecordValue(int64(v))
		}
	}
	for i := range int64(50) {
		r.Sample(record.Sample{AuctionID: fmt.Sprint("a", i), ScheduledNS: i * 1e6, StartNS: i*1e6 + 500, DoneNS: i*1e6 + 2e6, Outcome: "sold"})
	}
	t := r.Table("stages", "stage", "party", "wall_ns", "ci_low", "ci_high", "cpu_ns", "sent_bytes")
	t.Append("encrypt", "user agent", 26_100, 25_000, 27_300, 25_900, 25_600)
	t.Append("answer", "bidder", 8_400, 8_100, 9_000, 8_300, 512)
	t.Append("open boxes", "trustee", 53_000, 51_000, 57_500, 52_500, 256)
	t.Append("sum lanes", "trustee", 9_100, 8_800, 9_900, 9_000, 0)
	t.Append("rank", "auctioneer", 121_000, 110_000, 139_000, 35_000, 1024)
	load := r.Table("loads", "offered_per_s", "goodput_per_s", "p50_ns", "p95_ns", "p99_ns", "p999_ns")
	for _, rate := range []float64{50, 100, 200, 400, 600, 800, 1000, 1200} {
		busy := min(rate/1000, 0.99)
		load.Append(rate, min(rate, 830-max(0, rate-900)*0.4), 1.2e6/(1-busy*0.9), 2e6/(1-busy*0.95), 3e6/(1-busy), math.NaN())
	}
}

func peak(r *record.Run, _ *rand.Rand) {
	r.Value("goodput_per_s", 831, "per_s", 9, 815, 846)
	r.Gate("arrivals", true, "0 dropped")
}

func utility(r *record.Run, random *rand.Rand) {
	r.Value("winner_agreement", 0.9994, "", 6000, 0.9981, 0.9999)
	r.Gate("oracle", true, "quantised and encrypted winners differ in 0 of 6000 auctions")
	t := r.Table("utility", "market", "remedy", "parameter", "metric", "value", "ci_low", "ci_high")
	add := func(remedy, parameter string, v float64) {
		v += random.NormFloat64() * 0.004
		t.Append("built-in", remedy, parameter, "winner_agreement", min(v, 1), v-0.015, min(v+0.015, 1))
		t.Append("built-in", remedy, parameter, "value_regret", 1-min(v, 1), max(0, 0.985-v), 1.015-v)
	}
	add("plaintext", "", 1)
	add("encrypted", "", 0.9994)
	add("contextual only", "", 0.61)
	add("random", "", 0.11)
	for _, k := range []float64{2, 5, 10, 20, 50} {
		add("k-anonymity", fmt.Sprintf("k=%g", k), 0.97-0.08*math.Log(k))
	}
	for _, e := range []float64{0.1, 0.3, 1, 3, 10} {
		add("local differential privacy", fmt.Sprintf("epsilon=%g", e), 0.3+0.65/(1+1/e))
	}
}

func scaling(r *record.Run, random *rand.Rand) {
	r.Value("answer_exponent", 1.02, "", 6, 0.98, 1.05)
	r.Gate("points", true, "6 sizes")
	t := r.Table("scaling", "quantity", "size", "variant", "metric", "value", "ci_low", "ci_high")
	for _, n := range []float64{16, 32, 64, 128, 256, 512} {
		for variant, exponent := range map[string]float64{"coefficient encoding": 1, "textbook slots": 1.5} {
			v := 900 * math.Pow(n, exponent) * (1 + 0.05*random.NormFloat64())
			t.Append("features", n, variant, "answer_ns", v, v*0.93, v*1.08)
		}
	}
}
