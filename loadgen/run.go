package loadgen

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
)

// run is one run under way.
type run struct {
	target  Target
	options Options
	clock   clock
	rec     *recorder
	meter   *meter
	cut     bool // stopped before the schedule was over
}

// Run puts the load that o describes on a target and returns what it measured. If ctx ends before the run does, what is under
// way is finished and the result says that it is not complete. An error means that o makes no sense, in which case there is no
// result, or that the target could not prepare queries, in which case the result has what was measured before.
func Run(ctx context.Context, t Target, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	r := &run{target: t, options: o, rec: newRecorder(&o), meter: newMeter(t)}
	stopProgress := r.reportProgress()
	if o.Scenario == Server {
		err = r.open(ctx)
	} else {
		err = r.closed(ctx)
	}
	stopProgress()
	if err != nil {
		err = fmt.Errorf("load: %w", err)
	}
	return r.finish(), err
}

const progressEvery = 200 * time.Millisecond

// reportProgress calls o.Progress every now and then until the function that it returns is called, and then once more.
func (r *run) reportProgress() (stop func()) {
	if r.options.Progress == nil {
		return func() {}
	}
	report := func() {
		p := Progress{Elapsed: r.clock.now(), Total: r.options.Warmup + r.options.Duration, Done: r.rec.done(), Preparing: !r.clock.running()}
		if r.options.Batch > 0 && r.options.Scenario == Offline {
			p.Total = 0
		}
		r.options.Progress(p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var reporter sync.WaitGroup
	reporter.Go(func() {
		for sleep(ctx, progressEvery) {
			report()
		}
	})
	return func() { cancel(); reporter.Wait(); report() }
}

// prepare makes n queries ready, with the clock standing still.
func (r *run) prepare(ctx context.Context, n int) error {
	if p, ok := r.target.(Preparer); ok {
		if err := p.Prepare(ctx, n); err != nil {
			r.cut = true
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("prepare %d queries: %w", n, err)
		}
		runtime.GC() // what preparing has left must not be collected at the expense of what is measured
	}
	r.cut = ctx.Err() != nil
	return nil
}

// limits says how many queries a slice may have, and how long it may be.
func (r *run) limits() (queries int, age time.Duration) {
	if p, ok := r.target.(Preparer); ok {
		queries, age = p.Limits()
	}
	if queries <= 0 {
		queries = math.MaxInt
	}
	if age <= 0 {
		age = math.MaxInt64
	}
	return queries, age
}

// check asks the target about the sampled answers of a slice.
func (r *run) check() {
	if c, ok := r.target.(Checker); ok {
		r.rec.check(c)
	}
}

// call runs one query.
func (r *run) call(ctx context.Context, a *arrival) {
	a.measured = a.scheduled >= r.options.Warmup
	answer := r.target.Call(ctx, a.index)
	a.done = r.clock.now()
	r.rec.add(a, &answer)
}

func (r *run) finish() *Result {
	res, o := r.rec.result, &r.options
	res.Options = *o
	end := o.Warmup + o.Duration
	shown := r.clock.now()
	if r.cut {
		res.stopped = max(shown, 1)
	}
	switch {
	case o.Scenario != Server:
		end = r.rec.last
	case r.cut:
		end = min(end, shown)
	}
	res.Measured = max(0, end-o.Warmup)
	res.Problems = r.meter.errs
	if res.Used = r.meter.sum; res.Used != nil {
		res.Coarse = coarse(res.Used.Stages)
	}
	_, checks := r.target.(Checker)
	res.judge(o, checks)
	return res
}
