package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cipherbid/bench/record"
)

func TestLoadRefusesWhatMakesNoSense(t *testing.T) {
	for _, args := range [][]string{
		{"-scenario", "burst"},
		{"-target", "cloud"},
		{"-target", "url"},
		{"-config", "agent.json"},
		{"-rate", "0"},
		{"-rate", "-3"},
		{"-rates", "50,x"},
		{"-rates", "50,-1"},
		{"-rates", "50", "-scenario", "single"},
		{"-bidders", "0"},
		{"-campaigns", "-1"},
		{"-rtt", "soon"},
		{"-rtt", "moon=3ms"},
		{"-jitter", "1ms"},
		{"-params", "strong"},
		{"-dim", "100"},
		{"surplus"},
	} {
		if err := runLoad(t.Context(), args); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestLoadRecordsAndReports(t *testing.T) {
	dir := t.TempDir()
	report := filepath.Join(dir, "report.json")
	must(t, runLoad(t.Context(), []string{
		"-scenario", "offline", "-batch", "30", "-warmup", "0s", "-params", "plain", "-bidders", "3", "-tmax", "5s", "-rtt", "publisher=1ms",
		"-results", dir, "-json", report,
	}))
	b, err := os.ReadFile(report)
	must(t, err)
	var r struct {
		Results []struct {
			Name    string
			Queries int
			Wrong   int
			Good    int
		}
	}
	must(t, json.Unmarshal(b, &r))
	if len(r.Results) != 1 || r.Results[0].Name != "offline" || r.Results[0].Queries != 30 || r.Results[0].Good != 30 || r.Results[0].Wrong != 0 {
		t.Errorf("report %+v", r)
	}
	s := onlyRun(t, dir)
	if d := s.Manifest.Data; d == nil || d.Rows == 0 || len(d.SHA256) != 64 {
		t.Errorf("data %+v", d)
	}
	if s.Manifest.Scenario != "offline" || s.Manifest.Params["bidders"] != 3.0 || s.Values["good_share"].Value != 1 {
		t.Errorf("run %+v", s)
	}
	if s.Validity.Valid {
		t.Error("30 queries support no percentile, and the run is valid")
	}
}

// An interrupted run is recorded, and is not valid.
func TestInterruptedLoadIsRecorded(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, runLoad(ctx, []string{"-rate", "20", "-duration", "1h", "-params", "plain", "-bidders", "2", "-results", dir}))
	if s := onlyRun(t, dir); s.Validity.Valid {
		t.Errorf("an interrupted run is valid: %+v", s.Validity)
	}
}

func onlyRun(t *testing.T, dir string) *record.Saved {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(dir, "load", "*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs %v, %v", runs, err)
	}
	s, err := record.Load(runs[0])
	must(t, err)
	return s
}
