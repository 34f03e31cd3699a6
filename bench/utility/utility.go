// Package utility measures what the encrypted market does to buyers, sellers and click predictions, with its three sources of
// difference kept apart:
//
//   - quantisation: from models in float64 to the integers of the encrypted auction, in plaintext;
//   - encryption: from those integers in plaintext to the same encrypted;
//   - restriction: from the log-linear bids that can be encrypted to models that need not be.
//
// Start with [Run]; [Result.Record] writes the results, [Result.Print] shows them. Encryption runs in process, through the same
// arithmetic as the market's parties but without their network. Package econ's README says what the metrics mean and what a log of
// won impressions cannot tell.
//
// Everything is a function of data and seeds, but for the encryption's noise.
package utility

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cipherbid/bench/econ"
	"cipherbid/crypto/params"
)

// Options of a run. Zero values take the default named with each.
type Options struct {
	Data    string  // path of an iPinYou-format log; empty for the built-in market
	Rows    int     // of the built-in market: econ.BuiltInRows
	Without string  // a user tag: everything is measured a second time on a log without it
	Seed    uint64  // of the built-in market, the splits and the draws
	Repeats int     // splits and fits: 3
	Draws   int     // bootstrap resamples: 500
	Dim     int     // private features: 128, as in the demo
	MaxL1   float64 // bound on the models' weights: 16, as in the demo
	Quick   bool    // one repeat and 200 resamples, unless given

	Progress func(done, total int) // called after each system of each repeat, if set
}

func (o Options) withDefaults() (Options, error) {
	repeats, draws := 3, 500
	if o.Quick {
		repeats, draws = 1, 200
	}
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Repeats, repeats)
	set(&o.Draws, draws)
	set(&o.Dim, 128)
	if o.MaxL1 == 0 {
		o.MaxL1 = 16
	}
	if o.Repeats < 0 || o.Draws < 0 || o.Rows < 0 {
		return o, errors.New("options Repeats, Draws and Rows must not be negative")
	}
	return o, nil
}

// Result of a run.
type Result struct {
	Started time.Time
	Options Options
	Log     *econ.Log
	Params  *params.Params
	Markets []*Market // one, or two if a tag was taken out for the second
}

// Market is what was measured on one log.
type Market struct {
	Log         *econ.Log
	Comparisons []Comparison
	Lanes       []LaneError              // of quantisation and encryption
	Calibration map[string][]econ.Decile // by system, in the first repeat
	Void        int                      // bids of the float market that the cap voids, in all repeats
	Clicks      int                      // auctioned, in all repeats
}

// Comparison is one system against its reference.
type Comparison struct {
	Gap, System, Reference string
	Estimates              []econ.Estimate
}

// Run measures all gaps.
func Run(ctx context.Context, o Options) (*Result, error) {
	started := time.Now()
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("utility: %w", err)
	}
	log, err := econ.Open(o.Data, o.Rows, o.Seed)
	if err != nil {
		return nil, fmt.Errorf("utility: %w", err)
	}
	p, err := params.Default(o.Dim)
	if err != nil {
		return nil, fmt.Errorf("utility: %w", err)
	}
	logs := []*econ.Log{log}
	if o.Without != "" {
		logs = append(logs, log.WithoutTag(o.Without))
	}
	res := &Result{Started: started, Options: o, Log: log, Params: p}
	done, total := 0, len(logs)*o.Repeats*len(systems())
	step := func() {
		if done++; o.Progress != nil {
			o.Progress(done, total)
		}
	}
	for _, l := range logs {
		m, err := measure(ctx, o, l, p, step)
		if err != nil {
			return nil, fmt.Errorf("utility, %s: %w", l.Name, err)
		}
		res.Markets = append(res.Markets, m)
	}
	return res, nil
}

// measure runs all systems in every repeat on one log.
func measure(ctx context.Context, o Options, l *econ.Log, p *params.Params, step func()) (*Market, error) {
	m := &Market{Log: l, Calibration: map[string][]econ.Decile{}}
	pairs := comparisons()
	treatment, reference := make([][]*econ.Sheet, len(pairs)), make([][]*econ.Sheet, len(pairs))
	lanes := newLaneErrors()
	for n := range o.Repeats {
		split, err := l.Split(o.Seed + uint64(n))
		if err != nil {
			return nil, err
		}
		for _, i := range split.Test {
			if l.Rows[i].Click {
				m.Clicks++
			}
		}
		t := &trial{Split: split, options: o, params: p, n: n, bids: map[string]*econ.Bids{}}
		for _, s := range systems() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			b, err := s.bid(ctx, t)
			if err != nil {
				return nil, fmt.Errorf("system %s: %w", s.name, err)
			}
			t.bids[s.name] = b
			if n == 0 {
				m.Calibration[s.name] = split.Calibration(b)
			}
			step()
		}
		m.Void += t.bids[Float].Void
		lanes.add(t)
		resamples, judges := split.Resamples(o.Draws, o.Seed), split.Oracle()
		own := map[string]*econ.Sheet{} // of references against themselves
		for i, c := range pairs {
			b, ref := t.tuned(t.bids[c.System]), t.tuned(t.bids[c.Reference])
			if own[c.Reference] == nil {
				own[c.Reference] = econ.Measure(split.Blocks(ref, ref, judges), resamples)
			}
			reference[i] = append(reference[i], own[c.Reference])
			treatment[i] = append(treatment[i], econ.Measure(split.Blocks(b, ref, judges), resamples))
		}
	}
	for i, c := range pairs {
		c.Estimates = econ.Combine(treatment[i], reference[i], l.Users, o.Seed)
		m.Comparisons = append(m.Comparisons, c)
	}
	m.Lanes = lanes.result()
	return m, nil
}
