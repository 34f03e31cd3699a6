package claim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/bench/record"
)

func runs() []*record.Saved {
	saved := func(id string, day int, valid bool, v float64) *record.Saved {
		return &record.Saved{
			Manifest: record.Manifest{Suite: "latency", Scenario: "server", RunID: id, Started: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)},
			Values:   map[string]record.Value{"p99_ns": {Value: v, Unit: "ns", N: 10}},
			Validity: record.Validity{Valid: valid, Gates: []record.Gate{{Name: "g", OK: valid}}},
		}
	}
	return []*record.Saved{
		saved("20260101T000000Z-abcdef0-a-1c-000000", 1, true, 1e6), saved("20260102T000000Z-abcdef0-a-1c-000000", 2, true, 2e6),
		saved("20260103T000000Z-abcdef0-a-1c-000000", 3, false, 3e6),
	}
}

func TestJudge(t *testing.T) {
	bound := func(v float64) *float64 { return &v }
	const newest, first = "latency/newest/summary.json", "latency/20260101T000000Z-abcdef0-a-1c-000000/summary.json"
	for name, test := range map[string]struct {
		claim  Claim
		ok     bool
		reason string
	}{
		"holds":          {Claim{File: newest, Key: "p99_ns", AtMost: bound(2e6)}, true, ""},
		"broken":         {Claim{File: newest, Key: "p99_ns", AtMost: bound(1.9e6)}, false, "out of bounds"},
		"at least":       {Claim{File: newest, Key: "p99_ns", AtLeast: bound(2.1e6)}, false, "out of bounds"},
		"between":        {Claim{File: newest, Key: "p99_ns", AtLeast: bound(1e6), AtMost: bound(3e6)}, true, ""},
		"tolerance":      {Claim{File: newest, Key: "p99_ns", Value: bound(2.2e6), Tolerance: bound(0.1)}, true, ""},
		"beyond":         {Claim{File: newest, Key: "p99_ns", Value: bound(2.3e6), Tolerance: bound(0.1)}, false, "out of bounds"},
		"named run":      {Claim{File: first, Key: "p99_ns", AtMost: bound(1e6)}, true, ""},
		"not valid":      {Claim{File: "latency/20260103T000000Z-abcdef0-a-1c-000000/summary.json", Key: "p99_ns", AtMost: bound(9e6)}, false, "not valid"},
		"other scenario": {Claim{File: newest, Scenario: "peak", Key: "p99_ns", AtMost: bound(9e6)}, false, "no such valid run"},
		"no key":         {Claim{File: newest, Key: "p50_ns", AtMost: bound(9e6)}, false, "has no value p50_ns"},
	} {
		v := Judge([]Claim{test.claim}, runs())[0]
		if v.OK != test.ok || !strings.Contains(v.Reason, test.reason) || v.OK != (v.Reason == "") {
			t.Errorf("%s: %v, %q", name, v.OK, v.Reason)
		}
	}
}

func TestLoad(t *testing.T) {
	root := t.TempDir()
	if claims, err := Load(root); err != nil || claims != nil {
		t.Fatalf("no file: %v, %v", claims, err)
	}
	for text, want := range map[string]string{
		`{"claims":[{"claim":"c","command":"x","file":"latency/newest/summary.json","key":"k","at_most":1}]}`:    "",
		`{"claims":[{"claim":"c","command":"x","file":"latency/newest/summary.json","key":"k"}]}`:                "want at_most",
		`{"claims":[{"claim":"c","command":"x","file":"latency/newest/summary.json","key":"k","value":1}]}`:      "want at_most",
		`{"claims":[{"claim":"c","command":"x","file":"../../etc/summary.json","key":"k","at_most":1}]}`:         "want <suite>",
		`{"claims":[{"claim":"c","command":"x","file":"latency/newest/manifest.json","key":"k","at_most":1}]}`:   "want <suite>",
		`{"claims":[{"claim":"c","file":"latency/newest/summary.json","key":"k","at_most":1,"misspelled":"x"}]}`: "misspelled",
		`{`: "claims.json",
	} {
		if err := os.WriteFile(filepath.Join(root, File), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		claims, err := Load(root)
		if want == "" {
			if err != nil || len(claims) != 1 || claims[0].Bound("ns") != "at most 1 ns" {
				t.Errorf("%v, %v", claims, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"claims":[{"claim":"c","command":"x","file":"latency/newest/summary.json","key":"k","value":1,"tolerance":0.1}]}`))
	f.Add([]byte(`{"claims":[{"file":"a/b/c"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		claims, err := parse(b)
		if err != nil {
			return
		}
		for _, v := range Judge(claims, runs()) {
			if v.OK == (v.Reason != "") {
				t.Fatalf("ok %v, reason %q", v.OK, v.Reason)
			}
			v.Bound("ns")
		}
	})
}
