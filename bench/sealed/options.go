package sealed

import (
	"fmt"
	"time"

	"cipherbid/crypto/params"
	"cipherbid/loadgen"
)

// Options of a measurement. Zero values take the default named with each.
type Options struct {
	Source    string        // log to train on and replay; the built-in market if empty
	Campaigns int           // of each bidder, where latency is measured: 1
	Auctions  int           // of every latency point and repeat: 100
	Duration  time.Duration // of every load at saturation: 3 s
	Repeats   int           // of everything, interleaved: 5
	Program   string        // the cipherbid program, for markets of separate processes; without it there are none
	Seed      uint64
	Quick     bool // fewer sizes and auctions: a smoke test, not evidence
	Progress  func(done, total int)

	// For tests.
	loaded int           // auctions of every load, in place of Duration
	tmax   time.Duration // 2 s: nothing is to be late, for latency and saturation are measured, not how auctions fail
}

// Limits of options.
const (
	maxAuctions = 100_000
	maxRepeats  = 1000
)

func (o Options) withDefaults() (Options, error) {
	quick := func(full, quick int) int {
		if o.Quick {
			return quick
		}
		return full
	}
	for _, set := range []struct {
		value *int
		to    int
	}{{&o.Campaigns, 1}, {&o.Auctions, quick(100, 10)}, {&o.Repeats, quick(5, 1)}} {
		if *set.value == 0 {
			*set.value = set.to
		}
	}
	if o.Duration == 0 {
		o.Duration = time.Duration(quick(3000, 500)) * time.Millisecond
	}
	if o.tmax == 0 {
		o.tmax = 2 * time.Second
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	switch p, err := params.Default(dim); {
	case err != nil:
		return o, err
	case o.Campaigns < 1 || o.Campaigns > p.MaxLanes():
		return o, fmt.Errorf("%d campaigns a bidder: want 1 to %d", o.Campaigns, p.MaxLanes())
	case o.Auctions < 1 || o.Auctions > maxAuctions:
		return o, fmt.Errorf("%d auctions for each latency: want 1 to %d", o.Auctions, maxAuctions)
	case o.Repeats < 1 || o.Repeats > maxRepeats:
		return o, fmt.Errorf("%d repeats: want 1 to %d", o.Repeats, maxRepeats)
	case o.Duration < 0:
		return o, fmt.Errorf("duration of %s is negative", o.Duration)
	}
	return o, nil
}

const (
	dim = 128 // private features
	// inFlight is how many auctions are under way at saturation.
	inFlight = 16
	// aloneReady and loadReady are how many requests are encrypted at once, while the clock stands still: many at saturation, so that
	// trustees can make little use of the pause.
	aloneReady, loadReady = 128, 2048
)

// ready is how many requests are encrypted at once at saturation.
func (o *Options) ready() int {
	if o.Quick {
		return aloneReady
	}
	return loadReady
}

// Size is a market's size.
type Size struct{ Bidders, Campaigns int }

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Bidders, s.Campaigns) }

// grid lists the markets of which latency is measured.
func (o *Options) grid() []Size {
	if o.Quick {
		return []Size{{10, o.Campaigns}}
	}
	return []Size{{10, o.Campaigns}, {32, o.Campaigns}, {100, o.Campaigns}}
}

func (o *Options) roundTrips() []time.Duration {
	if o.Quick {
		return []time.Duration{0, 20 * time.Millisecond}
	}
	return []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond}
}

// saturated lists the markets that are saturated.
func (o *Options) saturated() []Size {
	if o.Quick {
		return []Size{{10, 1}}
	}
	return []Size{{10, 1}, {10, 6}, {100, 1}}
}

// processes lists the markets that run as separate processes.
func (o *Options) processes() []Size {
	switch {
	case o.Program == "":
		return nil
	case o.Quick:
		return []Size{{10, 1}}
	}
	return []Size{{10, 1}, {10, 6}, {32, 1}}
}

// circuits lists the auctions of which circuits are made.
func (o *Options) circuits() []Size {
	if o.Quick {
		return []Size{{10, 1}, {100, 1}}
	}
	return []Size{{10, 1}, {10, 6}, {32, 1}, {100, 1}}
}

// batch are the options of a run of n auctions, or of a duration if n is 0, with a number of them under way.
func (o *Options) batch(n, inFlight int, duration, warmup time.Duration) loadgen.Options {
	return loadgen.Options{
		Scenario: loadgen.Offline, Batch: n, MaxInFlight: inFlight, Duration: duration, Warmup: warmup, TMax: o.tmax, Check: 1, Seed: o.Seed,
	}
}
