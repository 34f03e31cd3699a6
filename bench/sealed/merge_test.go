package sealed

import (
	"testing"
	"time"

	"cipherbid/bench/record"
	"cipherbid/loadgen"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const ms1 = time.Millisecond

// times is a histogram of n equal durations for each argument.
func times(t *testing.T, n int64, durations ...time.Duration) *hdrhistogram.Histogram {
	t.Helper()
	h := record.NewHistogram()
	for _, d := range durations {
		if err := h.RecordValues(int64(d), n); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// near allows for the histogram's three digits.
func near(got float64, want time.Duration) bool {
	return got >= 0.999*float64(want) && got <= 1.001*float64(want)
}

func TestPercentilesAreOfMergedRepeats(t *testing.T) {
	p := newPool([]*hdrhistogram.Histogram{times(t, 1, ms1, 2*ms1, 3*ms1), nil, times(t, 1, 10*ms1), record.NewHistogram()})
	if p.repeats != 2 || p.n != 4 {
		t.Fatalf("%d repeats of %d values", p.repeats, p.n)
	}
	i := p.percentile(50, 1)
	if i == nil || !near(i.Estimate, 2*ms1) || i.N != 4 || !near(i.Low, 2*ms1) || !near(i.High, 10*ms1) {
		t.Errorf("median %+v", i) // of the first repeat alone it is 2 ms, of the second alone 10 ms
	}
	if i := p.percentile(95, 1); i == nil || !near(i.Estimate, 10*ms1) {
		t.Errorf("percentile 95 is %+v", i)
	}
	if i := p.percentile(99, 1); i != nil {
		t.Errorf("percentile 99 of four values is %+v", i)
	}
	many := newPool([]*hdrhistogram.Histogram{times(t, 227, ms1, 2*ms1), times(t, 5, 9*ms1)})
	if i := many.percentile(99, 1); i == nil || !near(i.Estimate, 9*ms1) {
		t.Errorf("percentile 99 of %d values is %+v", many.n, i)
	}
	if newPool(nil).percentile(50, 1) != nil {
		t.Error("nothing has a median")
	}
}

func TestHops(t *testing.T) {
	for _, tc := range []struct {
		clock Clock
		want  map[System]time.Duration
	}{
		{Returned, map[System]time.Duration{Sealed: 70 * ms1, Unstocked: 70 * ms1, Open: 60 * ms1, Plaintext: 40 * ms1}},
		{Priced, map[System]time.Duration{Sealed: 60 * ms1, Open: 50 * ms1, Plaintext: 30 * ms1}},
		{Auctioneer, map[System]time.Duration{Sealed: 50 * ms1, Open: 40 * ms1, Plaintext: 20 * ms1}},
	} {
		for system, want := range tc.want {
			if got := tc.clock.hops(system, 20*ms1); got != want {
				t.Errorf("%s, %s: %s, want %s", system, tc.clock, got, want)
			}
			sum := time.Duration(0)
			for _, stage := range stageNames() {
				sum += stageHops(stage, system, 20*ms1)
			}
			if tc.clock == Returned && sum != want {
				t.Errorf("%s: the stages' hops are %s, want %s", system, sum, want)
			}
		}
	}
}

// result is a market of 100 bidders at 20 ms with these medians, and a load on ten bidders with these throughputs.
func result(t *testing.T, sealed, plaintext time.Duration, rates map[System]int) *Result {
	t.Helper()
	o, err := Options{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Options: o}
	for _, x := range []struct {
		system System
		median time.Duration
	}{{Sealed, sealed}, {Plaintext, plaintext}} {
		stages := map[string]*hdrhistogram.Histogram{}
		for stage, d := range map[string]time.Duration{
			"latency": x.median + 11*ms1, stagePriced: x.median, "auction": x.median - 10*ms1, "network": 21 * ms1, "validate": ms1 / 10,
			"bidders": 26 * ms1, "ranking": max(x.median-40*ms1, 0),
		} {
			stages[stage] = times(t, 9, d)
		}
		r.Points = append(r.Points, Point{
			System: x.system, Size: Size{100, 1}, RTT: 20 * ms1, Result: &loadgen.Result{Stages: stages}, Bodies: Bodies{Auctions: 9, Answer: 419},
		})
	}
	for system, n := range rates {
		used := &loadgen.Counters{CPU: map[string]time.Duration{"process": 2 * time.Second}}
		r.Loads = append(r.Loads, Load{System: system, Size: Size{10, 1}, Result: &loadgen.Result{Good: n, Measured: time.Second, Used: used}})
	}
	return r
}
