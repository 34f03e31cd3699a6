package loadgen

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSearch(t *testing.T) {
	for _, tc := range []struct {
		name     string
		s        Search
		capacity float64
		want     []float64 // rates tried
		peak     float64
	}{
		{"doubles, then bisects", Search{Start: 10, Max: 1e6, Tolerance: 0.1}, 100, []float64{10, 20, 40, 80, 160, 120, 100, 110}, 100},
		{"starts too high", Search{Start: 100, Max: 1e6, Tolerance: 0.3}, 30, []float64{100, 50, 25, 37.5, 31.25}, 25},
		{"nothing holds", Search{Start: 8, Max: 1e6, Tolerance: 0.1}, 0, []float64{8, 4, 2, 1, .5, .25, .125, .0625, .03125, .015625, .0078125}, 0},
		{"all holds", Search{Start: 30, Max: 100, Tolerance: 0.1}, 1e9, []float64{30, 60, 100}, 100},
		{"start above the limit", Search{Start: 500, Max: 100, Tolerance: 0.1}, 1e9, []float64{100}, 100},
		{"no start", Search{Max: 100}, 1e9, nil, 0},
	} {
		var tried []float64
		for rate, ok := tc.s.Next(); ok && len(tried) < 50; rate, ok = tc.s.Next() {
			tried = append(tried, rate)
			tc.s.Saw(rate, rate <= tc.capacity)
		}
		if !slices.Equal(tried, tc.want) || tc.s.Peak() != tc.peak {
			t.Errorf("%s: tried %v and found %g, want %v and %g", tc.name, tried, tc.s.Peak(), tc.want, tc.peak)
		}
	}
}

// A server of four slots with 10 ms each serves 400 a second. With Poisson arrivals and tmax at thirty service times, the peak
// lies a little below.
func TestFindPeakFindsTheCapacity(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		f := &fake{latency: always(10 * ms), slots: make(chan struct{}, 4)}
		var steps []Step
		all, peak, err := FindPeak(t.Context(), f, Options{Duration: 20 * time.Second, Warmup: time.Second, Seed: 1}, Goal{},
			&Search{Start: 50, Max: 10_000, Tolerance: 0.02}, func(s Step) { steps = append(steps, s) })
		if err != nil || peak == nil {
			t.Fatalf("%v after %d steps", err, len(all))
		}
		if rate := peak.Options.Rate; rate < 360 || rate > 410 {
			t.Errorf("peak at %g of 400 a second", rate)
		}
		if len(steps) != len(all) || !peak.Valid() || peak.GoodShare() < 0.99 {
			t.Errorf("%d steps of %d, peak %v", len(steps), len(all), peak.Gates)
		}
		seeds := map[uint64]bool{}
		for i, s := range steps {
			seeds[s.Result.Options.Seed] = true
			if s.Held != (s.Why == "") || s.Held != (s.Result.Options.Rate <= peak.Options.Rate) {
				t.Errorf("step %d at %g a second: %v %s", i, s.Result.Options.Rate, s.Held, s.Why)
			}
		}
		if len(seeds) != len(steps) {
			t.Error("two steps share a schedule")
		}
	})
}

func TestSlowStepsAreLongEnoughForTheirPercentile(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		all, err := Sweep(t.Context(), &fake{latency: always(ms)}, Options{Arrivals: ConstantArrivals, Duration: time.Second}, []float64{10, 1000, 1}, Goal{}, nil)
		if err != nil || len(all) != 3 {
			t.Fatal(err)
		}
		if a, b, c := all[0].Measured, all[1].Measured, all[2].Measured; a < 50*time.Second || a > 51*time.Second || b != time.Second || c != longestStep {
			t.Errorf("steps of %s, %s and %s", a, b, c)
		}
		if !all[0].Valid() || !all[1].Valid() || all[2].Valid() {
			t.Error("two steps have enough queries, the third has not")
		}
	})
}

func TestCancelledSweepAndSearch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		o := Options{Arrivals: ConstantArrivals, Duration: 10 * time.Second}
		all, err := Sweep(ctx, &fake{latency: always(ms)}, o, []float64{100, 200, 300, 400}, Goal{}, nil)
		if err != nil || len(all) != 3 || !all[1].Valid() || all[2].Valid() || all[2].Queries < 1400 {
			t.Errorf("%d results: %v", len(all), err)
		}
		again, cancelAgain := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancelAgain()
		all, peak, err := FindPeak(again, &fake{latency: always(ms)}, o, Goal{}, &Search{Start: 100, Max: 1e4, Tolerance: .1}, nil)
		if err != nil || len(all) != 3 || peak != all[1] {
			t.Errorf("%d results: %v", len(all), err)
		}
	})
}

func TestSweepRefusesBadRates(t *testing.T) {
	if _, err := Sweep(t.Context(), &fake{latency: always(0)}, Options{}, []float64{-5}, Goal{}, nil); err == nil {
		t.Error("a negative rate was accepted")
	}
	if _, _, err := FindPeak(t.Context(), &fake{latency: always(0)}, Options{TMax: -1}, Goal{}, &Search{Start: 1, Max: 2}, nil); err == nil {
		t.Error("a negative tmax was accepted")
	}
}

func TestGoal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := run1(t, &fake{latency: func(i int) time.Duration {
			if i%50 == 0 {
				return 200 * ms
			}
			return 10 * ms
		}}, Options{Rate: 100, Arrivals: ConstantArrivals, TMax: 250 * ms})
		for _, tc := range []struct {
			name string
			g    Goal
			r    func(Result) Result
			why  string
		}{
			{"holds", Goal{}, nil, ""},
			{"half of tmax", Goal{Share: 0.5}, nil, "percentile 99 is 200"},
			{"percentile 95 in half of tmax", Goal{Share: 0.5, Percentile: 95}, nil, ""},
			{"too few for 99.9", Goal{Percentile: 99.9}, nil, "percentile 99.9 is unknown"},
			{"bad answers", Goal{}, func(r Result) Result { r.Good -= 20; return r }, "98.00 % of the answers are good"},
			{"bidders not heard", Goal{}, func(r Result) Result {
				r.Used = &Counters{Bidders: map[string]int64{Answered: 9, "late": 1}}
				return r
			}, "90.00 % of the bidders"},
			{"bidders nobody counted", Goal{}, func(r Result) Result { r.Used = &Counters{}; return r }, ""},
			{"not valid", Goal{}, func(r Result) Result { r.Gates = []Gate{{Name: GateLag, Reason: "slow"}}; return r }, "not valid: lag: slow"},
		} {
			res := *r
			if tc.r != nil {
				res = tc.r(res)
			}
			if ok, why := tc.g.Holds(&res); ok != (tc.why == "") || !strings.Contains(why, tc.why) {
				t.Errorf("%s: %v %q", tc.name, ok, why)
			}
		}
	})
}

func TestGeneratorLagInvalidates(t *testing.T) {
	o, err := Options{Rate: 1}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if o.LagLimit != 6*ms {
		t.Errorf("limit is %s", o.LagLimit)
	}
	for _, tc := range []struct {
		late int
		ok   bool
	}{{0, true}, {9, true}, {20, false}} {
		rec := newRecorder(&o)
		for i := range 1000 {
			a := arrival{measured: true, scheduled: time.Second, noticed: time.Second}
			if i < tc.late {
				a.noticed += 7 * ms
			}
			a.start, a.done = a.noticed, a.noticed+ms
			rec.add(&a, &Answer{Outcome: Sold})
		}
		rec.result.judge(&o, true)
		if g := gate(t, rec.result, GateLag); g.OK != tc.ok {
			t.Errorf("%d of 1000 late: %+v", tc.late, g)
		}
	}
	if !math.IsNaN((&Result{}).Participation()) || !math.IsNaN((&Result{}).PerCoreSecond()) {
		t.Error("what nobody counted is a number")
	}
}
