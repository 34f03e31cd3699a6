package sealed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"cipherbid/bench/stat"
	"cipherbid/loadgen"
	"cipherbid/loadgen/target"
)

// Party is the CPU time that one kind of party takes for an auction, in a market of separate processes at saturation: user and
// system time as the kernel counts it, in steps of 10 ms over the whole load.
type Party struct {
	System System
	Size   Size
	Repeat int
	Kind   string        // publisher's load generator is none of them: trustee, bidder or auctioneer
	Number int           // of parties of the kind
	CPU    time.Duration // of an auction, mean of the kind
	Result *loadgen.Result
}

// startTimeout bounds the start of the processes.
const startTimeout = 2 * time.Minute

// parties measures a market of processes, one load for all of its parties.
func (b *bench) parties(ctx context.Context, system System, s Size, repeat int) (err error) {
	params, err := system.params()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cipherbid-bench-")
	if err != nil {
		return fmt.Errorf("market of processes: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ready, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	t, err := target.StartProcesses(ready, b.Program, dir, target.Config{
		Params: params, Data: b.data, Bidders: s.Bidders, Campaigns: s.Campaigns, TMax: b.tmax, Seed: b.Seed, Mode: system.mode(), Stock: system.stock(),
	})
	if err != nil {
		return err
	}
	r, err := loadgen.Run(ctx, sliced{t, b.ready()}, b.batch(b.loaded, inFlight, b.Duration, b.warmup(0)))
	if r != nil {
		b.result.Parties = append(b.result.Parties, partiesOf(system, s, repeat, r)...)
	}
	return errors.Join(err, t.Close())
}

// sliced is a market of processes of which a number of requests are encrypted at once.
type sliced struct {
	*target.Processes
	ready int
}

// Limits are those of the market, with at most so many requests.
func (s sliced) Limits() (queries int, age time.Duration) {
	queries, age = s.Processes.Limits()
	return min(queries, s.ready), age
}

// partiesOf divides CPU times among auctions and the parties of each kind.
func partiesOf(system System, s Size, repeat int, r *loadgen.Result) []Party {
	auctions := r.Good + r.Late + r.Partial
	if r.Used == nil || auctions == 0 {
		return nil
	}
	var all []Party
	for _, kind := range []string{"trustee", "bidder", "auctioneer"} {
		p := Party{System: system, Size: s, Repeat: repeat, Kind: kind, Result: r}
		for name, cpu := range r.Used.CPU {
			if kindOf(name) == kind {
				p.Number++
				p.CPU += cpu
			}
		}
		if p.Number > 0 {
			p.CPU /= time.Duration(auctions * p.Number)
			all = append(all, p)
		}
	}
	return all
}

// kindOf tells what a party is by its name: bidders are called by their seats.
func kindOf(name string) string {
	switch {
	case strings.HasPrefix(name, "trustee-"):
		return "trustee"
	case name == "auctioneer":
		return name
	}
	return "bidder"
}

// PartyTime is the CPU time of one kind of party for an auction, median over repeats.
type PartyTime struct {
	System System
	Size   Size
	Kind   string
	Number int
	CPU    stat.Interval // nanoseconds
}

// PartyTimes merges repeats.
func (r *Result) PartyTimes() []PartyTime {
	var all []PartyTime
	times := map[PartyTime][]float64{}
	for _, p := range r.Parties {
		key := PartyTime{System: p.System, Size: p.Size, Kind: p.Kind, Number: p.Number}
		if times[key] == nil {
			all = append(all, key)
		}
		times[key] = append(times[key], float64(p.CPU))
	}
	for i := range all {
		v := times[all[i]]
		all[i].CPU, _ = r.middle(v) // there is one at least
	}
	return all
}
