// Package sealed measures what it costs that nobody sees losing bids: sealed ranking against open ranking and against the plaintext
// market, through the same auctioneer and HTTP, interleaved. Start with [Run], then [Result.Print] and [Result.Record].
//
// What is measured:
//
//   - latency, one auction at a time, over round trips that are emulated between all parties: [Point]
//   - auctions a second at saturation, on loopback: [Load]
//   - the CPU time of each party, in a market of separate processes: [Party]
//   - bytes of every message, counted on the wire or encoded: [Message]
//   - what the parts of a garbled circuit's life take, in one thread: [Cost]
//
// Everything runs on one machine and shares its cores, the generator and the emulated network too: with 100 bidders, a latency
// holds the work of 100 bidders, which in a real market run on machines of their own. Beside every latency stand its hops, the
// part that no implementation can do without. See [RoundTrip] for what the emulated network really did.
//
// Nothing here is safe for concurrent use: two measurements at a time would measure each other.
package sealed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cipherbid/bench/replay"
)

// Result is what Run measured.
type Result struct {
	Options    Options
	Started    time.Time
	RoundTrips []RoundTrip
	Points     []Point
	Loads      []Load
	Parties    []Party
	Costs      []Cost
	Cut        bool // ctx ended before everything was measured
}

// Run measures everything, interleaved: all systems in turn, and all of it o.Repeats times. If ctx ends it returns what it has.
func Run(ctx context.Context, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &bench{Options: o, result: &Result{Options: o, Started: time.Now()}}
	err = b.run(ctx)
	b.result.Cut = ctx.Err() != nil
	if b.result.Cut {
		err = nil // whatever failed did so because of that
	}
	return b.result, err
}

// bench is a measurement under way.
type bench struct {
	Options
	data   *replay.Data
	result *Result
	done   int // steps
}

func (b *bench) run(ctx context.Context) (err error) {
	b.Progress(0, b.steps())
	if b.data, err = replay.Load(b.Source, "", 0, b.Seed, dim); err != nil {
		return err
	}
	for _, rtt := range b.roundTrips() {
		err := b.step(ctx, func() error { return b.ping(rtt) })
		if err != nil {
			return err
		}
	}
	for _, s := range b.circuits() {
		err := b.step(ctx, func() error { return b.circuit(s) })
		if err != nil {
			return err
		}
	}
	for repeat := range b.Repeats {
		if err := b.repeat(ctx, repeat); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) repeat(ctx context.Context, repeat int) error {
	for _, s := range b.grid() {
		for _, rtt := range b.roundTrips() {
			for _, system := range systems() {
				if err := b.step(ctx, func() error { return b.point(ctx, system, s, rtt, repeat) }); err != nil {
					return fmt.Errorf("latency of %s, %s at %s: %w", system, s, rtt, err)
				}
			}
		}
	}
	for _, s := range b.saturated() {
		for _, system := range loadSystems() {
			if err := b.step(ctx, func() error { return b.load(ctx, system, s, repeat) }); err != nil {
				return fmt.Errorf("load on %s, %s: %w", system, s, err)
			}
		}
	}
	for _, s := range b.processes() {
		for _, system := range systems() {
			if err := b.step(ctx, func() error { return b.parties(ctx, system, s, repeat) }); err != nil {
				return fmt.Errorf("processes of %s, %s: %w", system, s, err)
			}
		}
	}
	return nil
}

// step does one step of the measurement, unless ctx has ended.
func (b *bench) step(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := errors.Join(do(), ctx.Err())
	b.done++
	b.Progress(b.done, b.steps())
	return err
}

func (b *bench) steps() int {
	points := len(b.grid()) * len(b.roundTrips()) * len(systems())
	loads := len(b.saturated()) * len(loadSystems())
	return len(b.roundTrips()) + len(b.circuits()) + b.Repeats*(points+loads+len(b.processes())*len(systems()))
}
