package target

import (
	"os"
	"slices"
	"testing"
	"time"

	"cipherbid/loadgen"
)

func TestParseStat(t *testing.T) {
	const tail = " S 1 2 3 4 5 6 7 8 9 10 1234 66 0 0 20 0 9 0 100 1000 100"
	for name, text := range map[string]string{"plain": "42 (cipherbid)" + tail, "odd name": "42 (a) b (c d)" + tail} {
		if got, err := parseStat([]byte(text)); err != nil || got != 1300 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "42 cipherbid S", "42 (x) S 1 2", "42 (x) S 1 2 3 4 5 6 7 8 9 10 x 66 0", "1 (x) S 1 2 3 4 5 6 7 8 9 10 -1 66 0"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestProcessTimesAgree(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	before, err := ownCPU()
	if err != nil {
		t.Fatal(err)
	}
	for now := before; now < before+50*time.Millisecond; {
		if now, err = ownCPU(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := processCPU(os.Getpid())
	if err != nil || got < before+50*time.Millisecond-2*tick {
		t.Errorf("/proc says %s, getrusage said %s before that: %v", got, before+50*time.Millisecond, err)
	}
	if peak := processPeak(os.Getpid()); peak < 1<<20 || peak > 1<<40 {
		t.Errorf("peak of %d bytes", peak)
	}
	if _, err := processCPU(1 << 30); err == nil || processPeak(1<<30) != 0 {
		t.Error("a process that is none has used something")
	}
}

const metrics = `# HELP cipherbid_bidder_outcomes_total What became of each bidder in each auction.
# TYPE cipherbid_bidder_outcomes_total counter
cipherbid_bidder_outcomes_total{outcome="answered",seat="a"} 5
cipherbid_bidder_outcomes_total{outcome="answered",seat="b"} 3
cipherbid_bidder_outcomes_total{outcome="late",seat="b"} 2
# TYPE cipherbid_stage_seconds histogram
cipherbid_stage_seconds_bucket{stage="total",le="0.001"} 4
cipherbid_stage_seconds_bucket{stage="total",le="0.002"} 9
cipherbid_stage_seconds_bucket{stage="total",le="+Inf"} 10
cipherbid_stage_seconds_sum{stage="total"} 0.02
cipherbid_stage_seconds_count{stage="total"} 10
`

func TestParseMetrics(t *testing.T) {
	var c loadgen.Counters
	if err := parseMetrics([]byte(metrics), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Bidders) != 2 || c.Bidders["answered"] != 8 || c.Bidders["late"] != 2 || c.Participation() != 0.8 {
		t.Errorf("bidders %v", c.Bidders)
	}
	b := c.Stages["auction"]
	if !slices.Equal(b.Upper, []time.Duration{time.Millisecond, 2 * time.Millisecond}) || !slices.Equal(b.Count, []int64{4, 5, 1}) {
		t.Errorf("stages %v", c.Stages)
	}
	if err := parseMetrics([]byte("this is {no exposition"), &c); err == nil {
		t.Error("nonsense was accepted")
	}
	if err := parseMetrics(nil, &c); err != nil || len(c.Bidders) != 0 {
		t.Errorf("an auctioneer without metrics: %v", err)
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add([]byte(metrics))
	f.Add([]byte(""))
	f.Add([]byte("# TYPE cipherbid_stage_seconds counter\ncipherbid_stage_seconds 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c loadgen.Counters
		if parseMetrics(b, &c) != nil {
			return
		}
		for name, s := range c.Stages {
			if len(s.Count) != len(s.Upper)+1 {
				t.Errorf("stage %s has %d bounds and %d counts", name, len(s.Upper), len(s.Count))
			}
		}
	})
}

func TestOutOfTime(t *testing.T) {
	b := map[string]int64{"answered": 5, "declined": 3}
	outOfTime(b, 2)
	if b["declined"] != 1 || b["out_of_time"] != 2 {
		t.Errorf("%v", b)
	}
	outOfTime(nil, 2)
}
