package loadgen

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// sliced is a target whose queries must be prepared, which takes three seconds, keep for a while, and serve once.
type sliced struct {
	fake
	queries int
	age     time.Duration
	fail    int // this Prepare fails, counted from 1

	mu       sync.Mutex
	prepared []int // queries of each slice
	began    []time.Time
	used     map[int]bool
	problems []string
}

func (s *sliced) Limits() (int, time.Duration) { return s.queries, s.age }

func (s *sliced) Prepare(ctx context.Context, n int) error {
	if len(s.prepared)+1 == s.fail {
		return errors.New("no entropy")
	}
	if s.running.Load() != 0 {
		s.problems = append(s.problems, "prepared while calls were under way")
	}
	if !sleep(ctx, 3*time.Second) {
		return ctx.Err()
	}
	s.prepared, s.began, s.used = append(s.prepared, n), append(s.began, time.Now()), map[int]bool{}
	return nil
}

func (s *sliced) Call(ctx context.Context, i int) Answer {
	s.mu.Lock()
	if s.used[i] || i < 0 || i >= s.prepared[len(s.prepared)-1] {
		s.problems = append(s.problems, "a query was used twice, or never prepared")
	}
	s.used[i] = true
	s.mu.Unlock()
	return s.fake.Call(ctx, i)
}

func TestSlicesArePreparedOutsideTheMeasuredTime(t *testing.T) {
	for _, tc := range []struct {
		name    string
		queries int
		age     time.Duration
		want    []int
	}{
		{"all at once", 0, 0, []int{600}},
		{"by number", 250, 0, []int{250, 250, 100}},
		{"by age", 0, 1500 * ms, []int{150, 150, 150, 150}},
		{"by the smaller", 120, 1500 * ms, []int{120, 120, 120, 120, 120}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := &sliced{fake: fake{latency: always(20 * ms)}, queries: tc.queries, age: tc.age}
				start := time.Now()
				r := run1(t, s, Options{Rate: 100, Arrivals: ConstantArrivals, Warmup: time.Second, Duration: 5 * time.Second})
				if len(s.problems) > 0 || !slices.Equal(s.prepared, tc.want) {
					t.Errorf("slices of %v, want %v: %v", s.prepared, tc.want, s.problems)
				}
				if r.Queries != 500 || r.Measured != 5*time.Second || p(r, StageLatency, 100) != 20*ms || !r.Valid() {
					t.Errorf("%d queries in %s, slowest %s: %v", r.Queries, r.Measured, p(r, StageLatency, 100), r.Gates)
				}
				if took, pauses := time.Since(start), time.Duration(len(tc.want))*3*time.Second; took < 5900*ms+pauses || took > 6100*ms+pauses {
					t.Errorf("took %s with %s of preparing", took, pauses)
				}
			})
		})
	}
}

func TestSlicesOfAClosedLoop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &sliced{fake: fake{latency: always(10 * ms)}, queries: 100}
		r := run1(t, s, Options{Scenario: Single, Duration: 5 * time.Second})
		if len(s.problems) > 0 || len(s.prepared) < 5 || s.prepared[0] != 100 {
			t.Errorf("slices of %v: %v", s.prepared, s.problems)
		}
		if r.Queries != 500 || r.Measured != 5*time.Second || p(r, StageLatency, 100) != 10*ms || s.most.Load() != 1 {
			t.Errorf("%d queries in %s, %d at a time", r.Queries, r.Measured, s.most.Load())
		}
	})
}

func TestPreparingFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &sliced{fake: fake{latency: always(10 * ms)}, queries: 100, fail: 3}
		r, err := Run(t.Context(), s, Options{Rate: 100, Arrivals: ConstantArrivals, Duration: 5 * time.Second})
		if err == nil || r == nil || r.Queries != 200 || r.Valid() || r.Measured < 1900*ms || r.Measured > 2*time.Second {
			t.Errorf("%v: %d queries in %s", err, r.Queries, r.Measured)
		}
	})
}

func TestCancelledWhilePreparing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // in the second pause
		defer cancel()
		s := &sliced{fake: fake{latency: always(10 * ms)}, queries: 100}
		r, err := Run(ctx, s, Options{Rate: 100, Arrivals: ConstantArrivals, Duration: 5 * time.Second})
		if err != nil || r.Queries != 100 || r.Valid() || r.Measured > time.Second+20*ms {
			t.Errorf("%v: %d queries in %s", err, r.Queries, r.Measured)
		}
	})
}

func TestOffline(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := &sliced{fake: fake{latency: always(10 * ms)}, queries: 300}
		r := run1(t, s, Options{Scenario: Offline, Batch: 1000, MaxInFlight: 8, Warmup: 500 * ms})
		if len(s.problems) > 0 || r.Queries != 1000 || s.most.Load() != 8 {
			t.Errorf("%d queries, %d at a time: %v", r.Queries, s.most.Load(), s.problems)
		}
		// Eight at a time of 10 ms each are 800 a second; ends of slices leave workers idle.
		if got := r.Throughput(); got < 740 || got > 800 {
			t.Errorf("throughput %g over %s", got, r.Measured)
		}
		byTime := run1(t, &fake{latency: always(10 * ms)}, Options{Scenario: Offline, Duration: 2 * time.Second, MaxInFlight: 8})
		if byTime.Queries != 1600 || byTime.Throughput() != 800 || !byTime.Valid() {
			t.Errorf("%d queries, throughput %g: %v", byTime.Queries, byTime.Throughput(), byTime.Gates)
		}
	})
}

// counted is a target whose counters grow by one for every call, and by a thousand for every preparation.
type counted struct {
	sliced
	err error
}

func (c *counted) Counters(context.Context) (*Counters, error) {
	n := c.calls.Load() + 1000*int64(len(c.prepared))
	return &Counters{
		CPU:     map[string]time.Duration{"a": time.Duration(n) * ms, "b": time.Duration(n) * ms},
		Traffic: map[string]Traffic{"a": {In: n, Out: 2 * n}},
		Bidders: map[string]int64{Answered: 2 * n, Declined: n, "late": n},
		Stages:  map[string]Buckets{"ranking": {Upper: []time.Duration{ms, 2 * ms}, Count: []int64{n, 0, n}}},
		Memory:  map[string]int64{"a": n},
	}, c.err
}

func TestOnlyMeasuredPartsAreCounted(t *testing.T) {
	for _, scenario := range []Scenario{Server, Single} {
		t.Run(string(scenario), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := &counted{sliced: sliced{fake: fake{latency: always(10 * ms)}, queries: 130}}
				r := run1(t, c, Options{Scenario: scenario, Rate: 100, Arrivals: ConstantArrivals, Warmup: 2005 * ms, Duration: 6 * time.Second})
				if len(c.prepared) < 6 {
					t.Fatalf("slices of %v", c.prepared)
				}
				n := r.Used.Traffic["a"].In
				if n < int64(r.Queries)-8 || n > int64(r.Queries)+8 { // those at the edges
					t.Errorf("%d calls counted, %d measured", n, r.Queries)
				}
				if r.Used.CPU["a"] != time.Duration(n)*ms || r.Used.Traffic["a"].Out != 2*n || r.Used.Bidders[Answered] != 2*n {
					t.Errorf("used %+v", r.Used)
				}
				if got, want := r.Used.CPUSeconds(), float64(2*n)/1000; got != want {
					t.Errorf("%g CPU seconds, want %g", got, want)
				}
				if got := r.PerCoreSecond(); got < 490 || got > 510 {
					t.Errorf("%g answers per core and second, want 500", got)
				}
				if r.Participation() != 0.75 {
					t.Errorf("%g of the bidders were heard", r.Participation())
				}
				h := r.Coarse["ranking"]
				if h.TotalCount() != 2*n || h.ValueAtPercentile(25)/1e5 != 10 || h.ValueAtPercentile(75)/1e5 != 40 {
					t.Errorf("%d durations, %d and %d ns", h.TotalCount(), h.ValueAtPercentile(25), h.ValueAtPercentile(75))
				}
			})
		})
	}
}

func TestCountersThatFail(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := &counted{sliced: sliced{fake: fake{latency: always(ms)}}, err: errors.New("no answer")}
		if r := run1(t, c, Options{Rate: 100}); r.Valid() || gate(t, r, GateCounters).OK {
			t.Error("the run is valid without its counters")
		}
	})
}
