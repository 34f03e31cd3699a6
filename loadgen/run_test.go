package loadgen

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// A server that stalls for a second shows in the latency of every query that was due meanwhile. A generator that waits for
// answers before it goes on, or counts from sending, would see one slow query of a thousand.
func TestStallShowsInScheduledLatency(t *testing.T) {
	for _, inFlight := range []int{1, 256} {
		t.Run(fmt.Sprintf("%d in flight", inFlight), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				start := time.Now()
				f := &fake{slots: make(chan struct{}, 1)}
				f.latency = func(int) time.Duration {
					if at := time.Since(start); at >= 5*time.Second && at < 6*time.Second {
						return 6*time.Second - at
					}
					return ms
				}
				r := run1(t, f, Options{Rate: 100, Arrivals: ConstantArrivals, MaxInFlight: inFlight})
				if r.Queries != 1000 || r.Outcomes[Sold] != 1000 || r.Outcomes[Dropped] != 0 {
					t.Fatalf("%d queries: %v", r.Queries, r.Outcomes)
				}
				// 100 queries were due in the stall and waited up to a second; the ten worst of 1000 more than 0.9 s.
				if got := p(r, StageLatency, 99); got < 900*ms || got > time.Second {
					t.Errorf("percentile 99 of the latency is %s", got)
				}
				if got := p(r, StageLatency, 50); got != ms {
					t.Errorf("median of the latency is %s", got)
				}
				if r.Late < 70 || r.Late > 80 { // those that waited more than 300 ms
					t.Errorf("%d late", r.Late)
				}
				if r.Goodput() != float64(1000-r.Late)/10 {
					t.Errorf("goodput %g with %d late", r.Goodput(), r.Late)
				}
				if inFlight == 1 {
					if service := p(r, StageService, 99); service != ms {
						t.Errorf("percentile 99 from sending is %s: it should hide the stall", service)
					}
					if wait := p(r, StageWait, 99); wait < 900*ms {
						t.Errorf("percentile 99 of the wait is %s", wait)
					}
				}
				if !r.Valid() {
					t.Errorf("not valid: %v", r.Gates)
				}
			})
		})
	}
}

func TestWarmupIsLeftOut(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{latency: func(int) time.Duration {
			if time.Since(start) < 2*time.Second {
				return 250 * ms
			}
			return 2 * ms
		}}
		r := run1(t, f, Options{Rate: 50, Arrivals: ConstantArrivals, Warmup: 2 * time.Second, Duration: 10 * time.Second})
		if r.Queries != 500 || f.calls.Load() != 600 || len(r.Samples) != 500 {
			t.Errorf("%d of %d queries measured, %d samples", r.Queries, f.calls.Load(), len(r.Samples))
		}
		if got := p(r, StageLatency, 100); got != 2*ms {
			t.Errorf("slowest measured query took %s", got)
		}
		if r.Measured != 10*time.Second || r.Goodput() != 50 {
			t.Errorf("measured %s, goodput %g", r.Measured, r.Goodput())
		}
		if s := r.Samples[0]; s.ScheduledNS != int64(2*time.Second) || s.DoneNS-s.StartNS != int64(2*ms) || s.Outcome != "sold" || s.AuctionID != "a" {
			t.Errorf("first sample is %+v", s)
		}
	})
}

func TestOutcomesAreToldApart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		f := &fake{
			latency: func(i int) time.Duration {
				if i%10 == 1 {
					return 400 * ms
				}
				return 10 * ms
			},
			answer: func(i int) Answer {
				switch i % 10 {
				case 2:
					return Answer{Outcome: NoBid}
				case 3:
					return Answer{Outcome: Timeout}
				case 4:
					return Answer{Outcome: "status_503"}
				case 5:
					return Answer{Outcome: Sold, Missing: []string{"slow"}, Stages: []Stage{{"ranking", 7 * ms}}}
				}
				return Answer{Outcome: Sold}
			},
		}
		r := run1(t, f, Options{Rate: 100, Arrivals: ConstantArrivals})
		if r.Good != 600 || r.Late != 100 || r.Partial != 100 || r.GoodShare() != 0.6 || r.Goodput() != 60 || r.Throughput() != 80 {
			t.Errorf("%d good, %d late, %d partial", r.Good, r.Late, r.Partial)
		}
		for outcome, want := range map[Outcome]int{Sold: 700, NoBid: 100, Timeout: 100, "status_503": 100} {
			if r.Outcomes[outcome] != want {
				t.Errorf("%d times %s, want %d", r.Outcomes[outcome], outcome, want)
			}
		}
		if h := r.Stages["ranking"]; h == nil || h.TotalCount() != 100 || p(r, "ranking", 50) != 7*ms {
			t.Error("the target's own stage is missing")
		}
		if r.Assured(50) != true || r.Assured(90) {
			t.Error("600 of 1000 good answers show the wrong thing")
		}
		if !math.IsNaN(r.Percentile(StageLatency, 99.9)) || math.IsNaN(r.Percentile(StageLatency, 99)) {
			t.Error("1000 queries support percentile 99, and not 99.9")
		}
	})
}

// A server that does half of what is offered: what nobody gets to in time is dropped, counted, and makes the run invalid.
func TestOverloadDropsAndSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		f := &fake{latency: always(20 * ms), slots: make(chan struct{}, 1)}
		r := run1(t, f, Options{Rate: 100, Arrivals: ConstantArrivals, MaxInFlight: 4, Drain: 2 * time.Second})
		if r.Queries != 1000 || r.Outcomes[Sold] < 595 || r.Outcomes[Sold] > 605 || r.Outcomes[Sold]+r.Outcomes[Dropped] != 1000 {
			t.Errorf("%d queries: %v", r.Queries, r.Outcomes)
		}
		if n := r.Stages[StageLatency].TotalCount(); n != 1000 || p(r, StageLatency, 100) < 5*time.Second {
			t.Errorf("%d latencies up to %s: dropped queries must not make the rest look fast", n, p(r, StageLatency, 100))
		}
		if r.Valid() || gate(t, r, GateArrivals).OK {
			t.Error("the run counts as valid")
		}
		if f.most.Load() != 4 {
			t.Errorf("%d calls at a time, want 4", f.most.Load())
		}
	})
}

func TestAnswersAreChecked(t *testing.T) {
	for _, tc := range []struct {
		name         string
		wrong        func(i int) error
		share        float64
		valid        bool
		wrong1       int
		short        int
		least, most  int
		reasonShould string
	}{
		{"all right", nil, 0.1, true, 0, 0, 60, 140, "0 of "},
		{"all asked", nil, 1, true, 0, 0, 1000, 1000, "0 of 1000"},
		{"one wrong", func(i int) error {
			if i == 500 {
				return errWrong
			}
			return nil
		}, 1, false, 1, 0, 1000, 1000, "not the winner"},
		{"some short", func(i int) error {
			if i%4 == 0 {
				return fmt.Errorf("query %d: %w", i, ErrPartial)
			}
			return nil
		}, 1, true, 0, 250, 1000, 1000, "250 right but for missing bidders"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := run1(t, &fake{latency: always(ms), wrong: tc.wrong}, Options{Rate: 100, Arrivals: ConstantArrivals, Check: tc.share})
				g := gate(t, r, GateAnswers)
				if r.Valid() != tc.valid || g.OK != tc.valid || !strings.Contains(g.Reason, tc.reasonShould) {
					t.Errorf("gate %+v", g)
				}
				if r.Wrong != tc.wrong1 || r.Short != tc.short || r.Checked < tc.least || r.Checked > tc.most {
					t.Errorf("%d checked, %d wrong, %d short", r.Checked, r.Wrong, r.Short)
				}
			})
		})
	}
}

// unchecked is a target that cannot check answers.
type unchecked struct{ f *fake }

func (u unchecked) Call(ctx context.Context, i int) Answer { return u.f.Call(ctx, i) }

func TestUncheckedAnswersDoNotCount(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		if r := run1(t, unchecked{&fake{latency: always(ms)}}, Options{Rate: 100}); r.Valid() || gate(t, r, GateAnswers).OK {
			t.Error("nobody checked the answers, and the run is valid")
		}
	})
}

func TestCancelledRunReturnsWhatItHas(t *testing.T) {
	for _, scenario := range []Scenario{Server, Single, Offline} {
		t.Run(string(scenario), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				r, err := Run(ctx, &fake{latency: always(10 * ms)}, Options{
					Scenario: scenario, Rate: 100, Arrivals: ConstantArrivals, Warmup: time.Second, Duration: time.Hour, MaxInFlight: 2,
				})
				if err != nil {
					t.Fatal(err)
				}
				if r.Measured < 1980*ms || r.Measured > 2020*ms { // what is under way at the end is finished
					t.Errorf("measured %s, want 2s", r.Measured)
				}
				if r.Queries < 199 || r.Outcomes[Sold] < r.Queries-1 || r.Throughput() < 95 {
					t.Errorf("%d queries: %v", r.Queries, r.Outcomes)
				}
				if g := gate(t, r, GateComplete); g.OK || r.Valid() || !strings.Contains(g.Reason, "stopped after 3") {
					t.Errorf("gate %+v", g)
				}
			})
		})
	}
}

func TestCancelledDuringWarmup(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := Run(ctx, &fake{latency: always(10 * ms)}, Options{Rate: 100, Warmup: time.Second})
		if err != nil || r.Valid() || r.Queries != 0 || r.Measured != 0 || r.Goodput() != 0 || r.GoodShare() != 0 {
			t.Errorf("%+v: %v", r, err)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"no rate":          {},
		"negative rate":    {Rate: -1},
		"NaN rate":         {Rate: math.NaN()},
		"too many":         {Rate: 1e5, Duration: 23 * time.Hour},
		"scenario":         {Rate: 1, Scenario: "burst"},
		"arrivals":         {Rate: 1, Arrivals: "uniform"},
		"duration":         {Rate: 1, Duration: -time.Second},
		"long":             {Rate: 1, Duration: 25 * time.Hour},
		"warm-up":          {Rate: 1, Warmup: -1},
		"tmax":             {Rate: 1, TMax: -1},
		"in flight":        {Rate: 1, MaxInFlight: -1},
		"share":            {Rate: 1, Check: 1.5},
		"percentile":       {Rate: 1, Claim: 100},
		"negative batch":   {Scenario: Offline, Batch: -1},
		"negative drain":   {Rate: 1, Drain: -1},
		"too many at once": {Rate: 1, MaxInFlight: 1 << 20},
	} {
		if r, err := Run(t.Context(), &fake{latency: always(0)}, o); err == nil || r != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestProgress(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var seen []Progress
		r := run1(t, &fake{latency: always(ms)}, Options{
			Rate: 100, Arrivals: ConstantArrivals, Warmup: time.Second, Duration: 9 * time.Second,
			Progress: func(p Progress) { seen = append(seen, p) },
		})
		last := seen[len(seen)-1]
		if len(seen) != 50 || last.Done != 1000 || last.Total != 10*time.Second || r.Queries != 900 {
			t.Errorf("%d calls, the last %+v", len(seen), last)
		}
		if middle := seen[24]; middle.Elapsed != 5*time.Second || middle.Done < 499 || middle.Done > 501 || middle.Preparing {
			t.Errorf("after half the time: %+v", middle)
		}
	})
}
