package loadgen

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a target of which everything is known. In a synctest bubble its times are exact and cost nothing.
type fake struct {
	latency func(i int) time.Duration
	answer  func(i int) Answer // Sold if nil
	wrong   func(i int) error
	slots   chan struct{} // bounds what is served at a time, if set
	running atomic.Int64
	most    atomic.Int64
	calls   atomic.Int64
}

func (f *fake) Call(_ context.Context, i int) Answer {
	for now := f.running.Add(1); ; {
		most := f.most.Load()
		if now <= most || f.most.CompareAndSwap(most, now) {
			break
		}
	}
	defer f.running.Add(-1)
	f.calls.Add(1)
	if f.slots != nil {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
	}
	if d := f.latency(i); d > 0 {
		time.Sleep(d)
	}
	if f.answer == nil {
		return Answer{Outcome: Sold, Auction: "a", Seat: "s", Price: 1}
	}
	return f.answer(i)
}

func (f *fake) Check(i int, _ *Answer) error {
	if f.wrong == nil {
		return nil
	}
	return f.wrong(i)
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// inBubble runs a test with a clock that jumps to the next event.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func run1(t *testing.T, target Target, o Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gate(t *testing.T, r *Result, name string) Gate {
	t.Helper()
	for _, g := range r.Gates {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("there is no gate %q in %v", name, r.Gates)
	return Gate{}
}

// p is a percentile of a stage as a duration, to the millisecond.
func p(r *Result, stage string, percentile float64) time.Duration {
	return time.Duration(r.Stages[stage].ValueAtPercentile(percentile)).Round(ms)
}

var errWrong = errors.New("not the winner")
