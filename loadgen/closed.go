package loadgen

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// closedSlice is how many queries a closed loop prepares at once: it cannot know how many it will need.
const closedSlice = 2048

// closed runs the scenarios Single and Offline: a closed loop in which a query is due when there is room for it.
func (r *run) closed(ctx context.Context) error {
	queries, age := r.limits()
	if _, ok := r.target.(Preparer); ok {
		queries = min(queries, closedSlice)
	}
	batch := atomic.Int64{}
	from := time.Duration(0)
	for over := false; !over && !r.cut; {
		if err := r.prepare(ctx, queries); err != nil || r.cut {
			return err
		}
		r.clock.run(from)
		r.meter.start(r.options.Warmup - from)
		over = r.loop(ctx, queries, age, &batch)
		r.meter.stop()
		from = r.clock.stop()
		r.check()
	}
	return nil
}

// loop runs up to n queries; over if the run needs no more.
func (r *run) loop(ctx context.Context, n int, age time.Duration, batch *atomic.Int64) (over bool) {
	o := &r.options
	began := r.clock.now()
	var next atomic.Int64
	var enough, cut atomic.Bool
	var workers sync.WaitGroup
	for range o.MaxInFlight {
		workers.Go(func() {
			for !enough.Load() {
				now := r.clock.now()
				if ctx.Err() != nil {
					cut.Store(true)
					return
				}
				i := next.Add(1) - 1
				if i >= int64(n) || now-began >= age {
					return
				}
				if o.Scenario == Offline && o.Batch > 0 {
					enough.Store(now >= o.Warmup && batch.Add(1) > int64(o.Batch))
				} else {
					enough.Store(now >= o.Warmup+o.Duration)
				}
				if enough.Load() {
					return
				}
				r.call(ctx, &arrival{index: int(i), scheduled: now, noticed: now, start: now})
			}
		})
	}
	workers.Wait()
	r.cut = cut.Load()
	return enough.Load()
}
