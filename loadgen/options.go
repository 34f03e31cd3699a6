package loadgen

import (
	"errors"
	"fmt"
	"time"
)

// Scenario is how queries are offered.
type Scenario string

// Scenarios.
const (
	Single  Scenario = "single"  // one at a time, each when the one before is answered
	Server  Scenario = "server"  // at a given rate, whatever becomes of them
	Offline Scenario = "offline" // a batch, as fast as possible: MaxInFlight at a time
)

// Arrivals is the law of the gaps between arrivals.
type Arrivals string

// Laws of arrivals.
const (
	PoissonArrivals  Arrivals = "poisson"
	ConstantArrivals Arrivals = "constant"
)

// Options of a run. Zero values take the default named with each.
type Options struct {
	Scenario    Scenario      // Server
	Rate        float64       // queries per second offered, of scenario Server
	Arrivals    Arrivals      // PoissonArrivals
	Duration    time.Duration // of the measured part: 10 s
	Batch       int           // of scenario Offline: measure so many queries, however long they take; 0 for Duration
	Warmup      time.Duration // before the measured part
	TMax        time.Duration // an answer is good if it comes within this time of its scheduled arrival: 300 ms
	MaxInFlight int           // calls at a time: 256; always 1 in scenario Single
	Drain       time.Duration // what has waited so long after the last arrival is dropped: 10 s
	Seed        uint64        // of the schedule and of the sample that is checked
	Check       float64       // share of the answers to check: 0.1
	Claim       float64       // percentile that the run is to support, for the gate on samples: 99
	LagLimit    time.Duration // how late the generator may be at percentile 99: tmax/50, at least 1 ms
	Progress    func(Progress)
}

// Progress tells how far a run is.
type Progress struct {
	Elapsed, Total time.Duration // of the schedule, warm-up included; Total is 0 if it is open
	Done           int           // queries answered
	Preparing      bool          // the clock stands still
}

const maxDuration = 24 * time.Hour

func (o Options) withDefaults() (Options, error) {
	set(&o.Scenario, Server)
	set(&o.Arrivals, PoissonArrivals)
	set(&o.Duration, 10*time.Second)
	set(&o.TMax, 300*time.Millisecond)
	set(&o.MaxInFlight, 256)
	set(&o.Drain, 10*time.Second)
	set(&o.Check, 0.1)
	set(&o.Claim, 99)
	set(&o.LagLimit, max(o.TMax/50, time.Millisecond))
	if o.Scenario == Single {
		o.MaxInFlight = 1
	}
	switch {
	case o.Scenario != Single && o.Scenario != Server && o.Scenario != Offline:
		return o, fmt.Errorf("scenario %q: want %s, %s or %s", o.Scenario, Single, Server, Offline)
	case o.Arrivals != PoissonArrivals && o.Arrivals != ConstantArrivals:
		return o, fmt.Errorf("arrivals %q: want %s or %s", o.Arrivals, PoissonArrivals, ConstantArrivals)
	case o.Duration < 0 || o.Warmup < 0 || o.Duration+o.Warmup > maxDuration:
		return o, fmt.Errorf("duration %s after a warm-up of %s: want up to %s together", o.Duration, o.Warmup, maxDuration)
	case o.Scenario == Server && !(o.Rate > 0 && o.Rate <= maxRate):
		return o, fmt.Errorf("rate of %g queries per second: want more than 0 and at most %g", o.Rate, float64(maxRate))
	case o.Scenario == Server && o.Rate*(o.Duration+o.Warmup).Seconds() > maxArrivals:
		return o, fmt.Errorf("%g queries per second for %s: want at most %g queries", o.Rate, o.Duration+o.Warmup, float64(maxArrivals))
	case o.TMax < 0 || o.Drain < 0 || o.LagLimit < 0:
		return o, errors.New("tmax, drain and lag limit must not be negative")
	case o.MaxInFlight < 0 || o.MaxInFlight > 1<<16 || o.Batch < 0:
		return o, fmt.Errorf("%d calls in flight, batch of %d: want up to 65536 calls", o.MaxInFlight, o.Batch)
	case !(o.Check > 0 && o.Check <= 1):
		return o, fmt.Errorf("share of %g of the answers to check: want more than 0 and at most 1", o.Check)
	case !(o.Claim > 0 && o.Claim < 100):
		return o, fmt.Errorf("percentile %g: want one between 0 and 100", o.Claim)
	}
	return o, nil
}

func set[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
