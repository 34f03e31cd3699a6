package record

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func open(t *testing.T, root string, m Manifest) *Run {
	t.Helper()
	r, err := Open(root, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func closeAndLoad(t *testing.T, r *Run) *Saved {
	t.Helper()
	dir, err := r.Close()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRoundTrip(t *testing.T) {
	root := t.TempDir()
	r := open(t, root, Manifest{
		Suite: "latency", Command: []string{"/opt/bin/cipherbid", "bench", "-data=/home/someone/log.csv", "/tmp/x.csv", "-n", "5"},
		Scenario: "server", Params: map[string]any{"n": 2048, "primes": []uint64{1125899906826241}},
		Data: &DataInfo{Name: "synthetic", SHA256: strings.Repeat("0", 64), Licence: "CC0-1.0", Rows: 10}, Seeds: map[string]uint64{"schedule": math.MaxUint64},
	})
	r.Value("latency_p99_ns", 1.25e6, "ns", 5000, 1.2e6, 1.3e6)
	r.Value("winner_agreement", 0.999, "", 5000, math.NaN(), math.NaN())
	r.Gate("arrivals", true, "0 of 5000 late")
	h := r.Histogram("server.total")
	for i := range int64(1000) {
		if err := h.RecordValue(i * 1000); err != nil {
			t.Fatal(err)
		}
	}
	if r.Histogram("server.total") != h {
		t.Fatal("one tag has two histograms")
	}
	samples := []Sample{{"a,1", 0, 1, 2, "sold"}, {"", -3, math.MaxInt64, 7, "line\nbreak"}}
	for _, s := range samples {
		r.Sample(s)
	}
	r.Table("stages", "stage", "wall_ns", "share").Append("rank", 12, math.NaN())
	r.Table("stages", "stage", "wall_ns", "share").Append("answer", int64(7), 0.5)
	s := closeAndLoad(t, r)

	if got := strings.Join(s.Manifest.Command, " "); got != "cipherbid bench -data=log.csv x.csv -n 5" {
		t.Errorf("command %q", got)
	}
	if !s.Validity.Valid || len(s.Validity.Gates) != 1 {
		t.Errorf("validity %+v", s.Validity)
	}
	if v := s.Values["latency_p99_ns"]; v.Value != 1.25e6 || v.Unit != "ns" || v.N != 5000 || *v.Low != 1.2e6 || *v.High != 1.3e6 {
		t.Errorf("value %+v", v)
	}
	if v := s.Values["winner_agreement"]; v.Low != nil || v.High != nil {
		t.Errorf("a missing interval came back as %+v", v)
	}
	if s.Manifest.Seeds["schedule"] != math.MaxUint64 {
		t.Errorf("seed %d", s.Manifest.Seeds["schedule"])
	}
	histograms, err := s.Histograms()
	if err != nil || len(histograms) != 1 || !histograms[0].Equals(h) || histograms[0].Tag() != "server.total" {
		t.Errorf("histograms %v, %v", histograms, err)
	}
	var got []Sample
	for sample, err := range s.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sample)
	}
	if !reflect.DeepEqual(got, samples) {
		t.Errorf("samples %v", got)
	}
	header, rows, err := s.Table("stages")
	if err != nil || len(header) != 3 || !reflect.DeepEqual(rows, [][]string{{"rank", "12", ""}, {"answer", "7", "0.5"}}) {
		t.Errorf("table %v %v, %v", header, rows, err)
	}
	if _, _, err := s.Table("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent table: %v", err)
	}
	for file, hash := range s.Manifest.Files {
		b, err := os.ReadFile(filepath.Join(s.Dir, file))
		if err != nil || hexHash(b) != hash {
			t.Errorf("%s does not match its hash: %v", file, err)
		}
	}
	if filepath.Base(s.Dir) != s.Manifest.RunID || !RunIDPattern.MatchString(s.Manifest.RunID) {
		t.Errorf("folder %s, run id %s", s.Dir, s.Manifest.RunID)
	}
	system, err := LoadSystem(root, s.Manifest.System)
	if err != nil || system.Hash() != s.Manifest.System || system.Cores < 1 {
		t.Errorf("system %+v, %v", system, err)
	}
}

func TestNothingNamesTheMachine(t *testing.T) {
	root := t.TempDir()
	s := closeAndLoad(t, open(t, root, Manifest{Suite: "smoke", Command: CommandLine()}))
	host, err := os.Hostname()
	if err != nil {
		t.Skip("no host name")
	}
	system, err := os.ReadFile(filepath.Join(root, "systems", s.Manifest.System+".json"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(s.Dir, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{host, root, os.TempDir() + "/"} {
		if strings.Contains(string(system)+string(manifest), secret) {
			t.Errorf("%q is recorded", secret)
		}
	}
}

func TestEarlyEndIsWrittenButNotValid(t *testing.T) {
	r := open(t, t.TempDir(), Manifest{Suite: "latency", Gates: []string{"arrivals", "correctness"}})
	r.Gate("arrivals", true, "none late")
	s := closeAndLoad(t, r)
	if s.Validity.Valid || len(s.Validity.Gates) != 2 || !s.Validity.Gates[0].OK || s.Validity.Gates[1].OK {
		t.Errorf("validity %+v", s.Validity)
	}
}

func TestRunWithoutGatesIsNotValid(t *testing.T) {
	if s := closeAndLoad(t, open(t, t.TempDir(), Manifest{Suite: "latency"})); s.Validity.Valid {
		t.Error("valid without a gate")
	}
}

func TestMisuse(t *testing.T) {
	tests := map[string]struct {
		do   func(r *Run)
		want string
	}{
		"not a number":   {func(r *Run) { r.Value("x", math.NaN(), "", 1, math.NaN(), math.NaN()) }, "value x is NaN"},
		"twice":          {func(r *Run) { r.Value("x", 1, "", 1, 0, 2); r.Value("x", 1, "", 1, 0, 2) }, "value x was given twice"},
		"half interval":  {func(r *Run) { r.Value("x", 1, "", 1, 0, math.NaN()) }, "interval"},
		"upside down":    {func(r *Run) { r.Value("x", 1, "", 1, 2, 1) }, "interval"},
		"infinite":       {func(r *Run) { r.Value("x", 1, "", 1, 0, math.Inf(1)) }, "interval"},
		"unit":           {func(r *Run) { r.Value("latency_ms", 1, "s", 1, 1, 1) }, "unit s"},
		"key":            {func(r *Run) { r.Value("a b", 1, "", 1, 1, 1) }, "value key"},
		"count":          {func(r *Run) { r.Value("x", 1, "", -1, 1, 1) }, "-1 observations"},
		"gate twice":     {func(r *Run) { r.Gate("ok", true, "again") }, "given twice"},
		"tag":            {func(r *Run) { r.Histogram("a, b") }, "histogram tag"},
		"row":            {func(r *Run) { r.Table("t", "a", "b").Append(1) }, "a row of 1 values for 2 columns"},
		"columns":        {func(r *Run) { r.Table("t", "a"); r.Table("t", "b") }, "was given the columns"},
		"column name":    {func(r *Run) { r.Table("t", "a b") }, "column"},
		"no columns":     {func(r *Run) { r.Table("t") }, "0 columns"},
		"foreign folder": {func(r *Run) { r.Table("../t", "a").Append(1) }, "table"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, t.TempDir(), Manifest{Suite: "latency"})
			r.Gate("ok", true, "")
			r.Value("kept", 3, "", 1, math.NaN(), math.NaN())
			test.do(r)
			dir, err := r.Close()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			s, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if s.Validity.Valid || s.Values["kept"].Value != 3 {
				t.Errorf("valid %v, values %v", s.Validity.Valid, s.Values)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, m := range map[string]Manifest{
		"no suite": {}, "folder": {Suite: "a/b"}, "dots": {Suite: ".."}, "reserved": {Suite: "plots"},
		"params": {Suite: "a", Params: map[string]any{"x": math.NaN()}}, "function": {Suite: "a", Params: map[string]any{"x": func() {}}},
	} {
		if _, err := Open(t.TempDir(), m); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAppendOnly(t *testing.T) {
	root := t.TempDir()
	dirs := map[string]bool{}
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 3 {
		r := open(t, root, Manifest{Suite: "latency", Started: started}) // all in one second
		s := closeAndLoad(t, r)
		dirs[s.Dir] = true
		if s.Manifest.RunID != filepath.Base(s.Dir) {
			t.Errorf("run id %s in folder %s", s.Manifest.RunID, s.Dir)
		}
	}
	if len(dirs) != 3 {
		t.Errorf("three runs in %d folders", len(dirs))
	}
	listed, err := List(root)
	if err != nil || len(listed) != 3 {
		t.Errorf("listed %v, %v", listed, err)
	}
}

func TestInterruptedWriteLeavesNoRun(t *testing.T) {
	root := t.TempDir()
	// What is left when the process dies within Close: a partial folder, no run.
	if err := os.MkdirAll(filepath.Join(root, "latency", partialPrefix+"123"), 0o755); err != nil {
		t.Fatal(err)
	}
	if dirs, err := List(root); err != nil || len(dirs) != 0 {
		t.Errorf("listed %v, %v", dirs, err)
	}
	// A write that fails leaves nothing at all.
	r := open(t, root, Manifest{Suite: "other"})
	if err := os.WriteFile(filepath.Join(root, "systems"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Close(); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(filepath.Join(root, "other")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestCloseTwice(t *testing.T) {
	root := t.TempDir()
	r := open(t, root, Manifest{Suite: "latency"})
	first, err := r.Close()
	second, err2 := r.Close()
	if err != nil || err2 != nil || first != second {
		t.Errorf("%s %v, %s %v", first, err, second, err2)
	}
	if dirs, _ := List(root); len(dirs) != 1 {
		t.Errorf("%d runs", len(dirs))
	}
}

func TestConcurrentRecording(t *testing.T) {
	r := open(t, t.TempDir(), Manifest{Suite: "latency"})
	table := r.Table("t", "i")
	own := make([]*hdrhistogram.Histogram, 8)
	var wg sync.WaitGroup
	for i := range own {
		own[i] = NewHistogram()
		wg.Go(func() {
			for range 100 {
				r.Sample(Sample{AuctionID: "a"})
				table.Append(i)
				if err := own[i].RecordValue(int64(i + 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, h := range own {
		r.Histogram("server.total").Merge(h)
	}
	s := closeAndLoad(t, r)
	n := 0
	for range s.Samples() {
		n++
	}
	_, rows, err := s.Table("t")
	histograms, err2 := s.Histograms()
	if n != 800 || len(rows) != 800 || err != nil || err2 != nil || histograms[0].TotalCount() != 800 {
		t.Errorf("%d samples, %d rows, %v, %v", n, len(rows), err, err2)
	}
}

func TestNewest(t *testing.T) {
	root := t.TempDir()
	run := func(hour int, scenario string, valid, quick bool) string {
		r := open(t, root, Manifest{
			Suite: "latency", Scenario: scenario, Params: map[string]any{QuickParam: quick}, Started: time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC),
		})
		r.Gate("g", valid, "")
		return closeAndLoad(t, r).Manifest.RunID
	}
	run(1, "server", true, false)
	server := run(2, "server", true, false)
	run(3, "server", false, false)
	run(4, "server", true, true)
	peak := run(5, "peak", true, false)
	runs, err := LoadAll(root)
	if err != nil || len(runs) != 5 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for _, test := range []struct{ suite, scenario, want string }{
		{"latency", "server", server}, {"latency", "peak", peak}, {"latency", "", peak}, {"latency", "single", ""}, {"other", "", ""},
	} {
		got := ""
		if s := Newest(runs, test.suite, test.scenario); s != nil {
			got = s.Manifest.RunID
		}
		if got != test.want {
			t.Errorf("%s %q: %s, want %s", test.suite, test.scenario, got, test.want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	s := closeAndLoad(t, open(t, t.TempDir(), Manifest{Suite: "latency"}))
	if err := os.WriteFile(filepath.Join(s.Dir, SummaryFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	var syntax *json.SyntaxError
	if _, err := Load(s.Dir); !errors.As(err, &syntax) || !strings.Contains(err.Error(), SummaryFile) {
		t.Errorf("error %v", err)
	}
}
