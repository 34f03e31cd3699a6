package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/bench/record"
)

// measured runs a fake target that knows and counts everything at some rates.
func measured(t *testing.T, rates ...float64) (r *Report) {
	t.Helper()
	inBubble(t, func(t *testing.T) {
		c := &counted{sliced: sliced{fake: fake{latency: always(10 * ms)}}}
		all, err := Sweep(t.Context(), c, Options{Arrivals: ConstantArrivals, Warmup: time.Second}, rates, Goal{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r = &Report{Scenario: string(Server), Params: map[string]any{"tmax_ns": 3e8}, Seeds: map[string]uint64{"schedule": 1}, Results: all}
	})
	return r
}

func save(t *testing.T, r *Report) (dir string, s *record.Saved) {
	t.Helper()
	dir, err := r.Save(t.TempDir(), []string{"cipherbid", "load"})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = record.Load(dir); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func TestSaveOneLoad(t *testing.T) {
	dir, s := save(t, measured(t, 100))
	if !s.Validity.Valid || s.Manifest.Suite != "load" || s.Manifest.Scenario != "server" || s.Manifest.Seeds["schedule"] != 1 {
		t.Errorf("manifest %+v, validity %+v", s.Manifest, s.Validity)
	}
	for key, want := range map[string]float64{"goodput_per_s": 100, "good_share": 1, "bidders_heard": 0.75} {
		if v, ok := s.Values[key]; !ok || v.Value != want || v.N != 1000 {
			t.Errorf("%s is %+v, want %g of 1000", key, v, want)
		}
	}
	if v := s.Values["latency_p99_ns"]; v.Unit != "ns" || v.Value < 9.9e6 || v.Value > 10.1e6 {
		t.Errorf("percentile 99 is %+v", v)
	}
	if _, ok := s.Values["latency_p999_ns"]; ok {
		t.Error("1000 queries give no percentile 99.9")
	}
	for _, name := range []string{record.LatencyFile, record.SamplesFile, "loads.csv", "stages.csv", "cpu.csv", "traffic.csv", "outcomes.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, record.LatencyFile))
	if err != nil || !strings.Contains(string(log), "Tag=server.latency,") {
		t.Errorf("histograms: %v", err)
	}
}

func TestSaveASweep(t *testing.T) {
	dir, s := save(t, measured(t, 100, 62.5, 100))
	if !s.Validity.Valid {
		t.Errorf("%+v", s.Validity)
	}
	for _, key := range []string{"server-100.goodput_per_s", "server-62_5.goodput_per_s", "server-100-2.goodput_per_s"} {
		if _, ok := s.Values[key]; !ok {
			t.Errorf("there is no %s in %v", key, s.Values)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "loads.csv"))
	if err != nil || bytes.Count(b, []byte("\n")) != 4 {
		t.Errorf("%s, %v", b, err)
	}
	last := int64(0)
	for s, err := range s.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if s.ScheduledNS < last {
			t.Fatal("samples of one load overlap those of another")
		}
		last = s.ScheduledNS
	}
	if last < int64(32*time.Second) {
		t.Errorf("the last sample is at %s", time.Duration(last))
	}
}

func TestSaveAPeak(t *testing.T) {
	r := measured(t, 100, 200, 400)
	r.Scenario, r.Peak = ScenarioPeak, r.Results[1]
	r.Results[2].Gates = []Gate{{Name: GateLag, Reason: "overloaded"}}
	_, s := save(t, r)
	if !s.Validity.Valid {
		t.Errorf("a load that failed on the way makes the search invalid: %+v", s.Validity)
	}
	if v := s.Values["peak_per_s"]; v.Value != 200 {
		t.Errorf("peak %+v", v)
	}
	if v := s.Values["goodput_per_s"]; v.Value != 200 {
		t.Errorf("goodput %+v", v)
	}
	r.Peak = nil
	if _, s := save(t, r); s.Validity.Valid || s.Values["peak_per_s"].Value != 0 {
		t.Error("a search that found nothing is valid")
	}
}

// A cancelled run is written, and is not valid.
func TestSaveWhatACancelledRunHas(t *testing.T) {
	r := &Report{Scenario: string(Single), Cut: true}
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		res, err := Run(ctx, &fake{latency: always(10 * ms)}, Options{Scenario: Single})
		if err != nil {
			t.Fatal(err)
		}
		r.Results = append(r.Results, res)
	})
	_, s := save(t, r)
	if s.Validity.Valid || s.Values["goodput_per_s"].N < 199 {
		t.Errorf("%+v", s)
	}
	var b bytes.Buffer
	r.Print(&b)
	if !strings.Contains(b.String(), "INVALID single: complete: stopped after 2") {
		t.Errorf("printed\n%s", b.String())
	}
	empty := &Report{Scenario: ScenarioPeak, Cut: true}
	if _, s := save(t, empty); s.Validity.Valid {
		t.Error("nothing at all is valid")
	}
}

func TestPrintAndJSON(t *testing.T) {
	r := measured(t, 100)
	r.Results[0].Outcomes["status_503"] = 3
	var printed, encoded bytes.Buffer
	r.Print(&printed)
	for _, want := range []string{"goodput/s", "100.0", "VALID", "ranking *", "upper bounds", "sold 1000, status_503 3", "75.00 %", "CPU ms/query", "99 % of all queries"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("no %q in\n%s", want, printed.String())
		}
	}
	if strings.Contains(printed.String(), "NaN") {
		t.Errorf("unknown numbers are printed:\n%s", printed.String())
	}
	if err := r.WriteJSON(&encoded); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Scenario string
		Results  []struct {
			Name    string
			Valid   bool
			Goodput float64 `json:"goodput_per_s"`
			Stages  map[string]struct {
				N     int
				Exact bool
				P99   *float64 `json:"p99_ns"`
				P999  *float64 `json:"p999_ns"`
			}
			CPU map[string]int64 `json:"cpu_ns"`
		}
	}
	if err := json.Unmarshal(encoded.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	first := back.Results[0]
	if first.Name != "server" || !first.Valid || first.Goodput != 100 || first.CPU["a"] == 0 {
		t.Errorf("%+v", first)
	}
	if s := first.Stages["latency"]; s.N != 1000 || !s.Exact || s.P99 == nil || s.P999 != nil {
		t.Errorf("latency %+v", s)
	}
	if first.Stages["ranking"].Exact {
		t.Error("buckets pass for exact")
	}
	var none bytes.Buffer
	peak := &Report{Scenario: ScenarioPeak, Results: r.Results}
	peak.Print(&none)
	if !strings.Contains(none.String(), "No load held") {
		t.Errorf("printed\n%s", none.String())
	}
}
