package loadgen

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// open runs the scenario Server: an open loop over a schedule drawn in advance, slice by slice.
func (r *run) open(ctx context.Context) error {
	o := &r.options
	total := o.Warmup + o.Duration
	due := Constant(o.Rate, total)
	if o.Arrivals == PoissonArrivals {
		due = Poisson(o.Rate, total, o.Seed)
	}
	queries, length := r.limits()
	if s := float64(queries) / o.Rate; s < length.Seconds() {
		length = time.Duration(s * float64(time.Second))
	}
	for from := time.Duration(0); from < total && !r.cut; from += length {
		to := total
		if total-from > length {
			to = from + length
		}
		n := 0
		for n < len(due) && due[n] < to {
			n++
		}
		if err := r.prepare(ctx, n); err != nil || r.cut {
			return err
		}
		r.clock.run(from)
		r.meter.start(o.Warmup - from)
		r.serve(ctx, due[:n])
		r.meter.stop()
		r.clock.stop()
		r.check()
		due = due[n:]
		if length > total-from {
			break // and from would overflow
		}
	}
	return nil
}

// serve offers the arrivals of one slice and waits until they have ended.
func (r *run) serve(ctx context.Context, due []time.Duration) {
	if len(due) == 0 {
		return
	}
	// The queue has room for all arrivals: nothing ever keeps the generator from its schedule.
	queue := make(chan arrival, len(due))
	giveUp := due[len(due)-1] + r.options.Drain
	var cut atomic.Bool
	var workers sync.WaitGroup
	for range min(r.options.MaxInFlight, len(due)) {
		workers.Go(func() {
			for a := range queue {
				if a.start = r.clock.now(); ctx.Err() != nil || a.start > giveUp {
					if ctx.Err() != nil {
						cut.Store(true)
					}
					a.done, a.measured = a.start, a.scheduled >= r.options.Warmup
					r.rec.add(&a, &Answer{Outcome: Dropped})
					continue
				}
				r.call(ctx, &a)
			}
		})
	}
	if !r.dispatch(ctx, due, queue) {
		cut.Store(true)
	}
	close(queue)
	workers.Wait()
	r.cut = cut.Load()
}

// dispatch queues every arrival when it is due; false if ctx ended before the last one.
func (r *run) dispatch(ctx context.Context, due []time.Duration, queue chan<- arrival) bool {
	pacer := Pacer{Due: due}
	for {
		now := r.clock.now()
		from, to, wait, done := pacer.Pace(now)
		for i := from; i < to; i++ {
			queue <- arrival{index: i, scheduled: due[i], noticed: now}
		}
		if done {
			return true
		}
		if !sleep(ctx, wait) {
			return false
		}
	}
}
