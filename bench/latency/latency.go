// Package latency measures what encryption costs in time: the encrypted and the plaintext market through the same auctioneer
// and HTTP, under the same terms, interleaved, at several sizes and loads; and how the cost grows with each size. [Run] measures latency and
// throughput, [Scale] the growth, [Answers] a bidder's answer against the textbook's slot-packed dot product.
//
// Everything, the generator included, shares the machine's cores: what counts are ratios within one run.
package latency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cipherbid/bench/replay"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/loadgen"
	"cipherbid/loadgen/target"
)

// Markets that are compared.
const (
	Encrypted = "encrypted"
	Plaintext = "plaintext"
)

// Size is a market's size.
type Size struct {
	Bidders, Campaigns, Dim int
}

func (s Size) String() string { return fmt.Sprintf("%dx%dx%d", s.Bidders, s.Campaigns, s.Dim) }

// Options of a measurement.
type Options struct {
	Source   string        // log to train on and replay; the built-in market if empty
	Duration time.Duration // of each load
	Warmup   time.Duration
	Repeats  int // of everything, interleaved
	TMax     time.Duration
	Seed     uint64
	Quick    bool         // fewer sizes
	Mode     message.Mode // of ranking, in both markets: message.Sealed if zero
	Log      func(format string, args ...any)
}

// Point is one load on one market.
type Point struct {
	Market, Scenario string
	Size             Size
	Repeat           int
	Rate             float64 // offered, of scenario server
	Result           *loadgen.Result
}

// bench holds the models that all markets of a measurement share, by dimension.
type bench struct {
	options Options
	data    map[int]*replay.Data

	trustees int // that stay up in encrypted markets; all if zero
}

func newBench(o Options) *bench {
	if o.Mode == 0 {
		o.Mode = message.Sealed
	}
	o.Log("%s ranking", o.Mode)
	return &bench{options: o, data: map[int]*replay.Data{}}
}

func (b *bench) dataOf(dim int) (*replay.Data, error) {
	if d := b.data[dim]; d != nil {
		return d, nil
	}
	d, err := replay.Load(b.options.Source, "", 0, b.options.Seed, dim)
	if err != nil {
		return nil, err
	}
	b.data[dim] = d
	return d, nil
}

// paramsOf chooses the smallest preset that has a lane for every campaign.
func paramsOf(market string, s Size) (*params.Params, error) {
	for _, preset := range []func(int) (*params.Params, error){params.Default, params.Wide} {
		p, err := preset(s.Dim)
		if err != nil {
			return nil, err
		}
		if p.MaxLanes() < s.Campaigns {
			continue
		}
		if market == Plaintext {
			return params.Plain(p.LogN(), s.Dim)
		}
		return p, nil
	}
	return nil, fmt.Errorf("no preset has %d campaigns of %d features", s.Campaigns, s.Dim)
}

func (b *bench) start(market string, s Size) (*target.Embedded, error) {
	data, err := b.dataOf(s.Dim)
	if err != nil {
		return nil, err
	}
	p, err := paramsOf(market, s)
	if err != nil {
		return nil, err
	}
	return target.StartEmbedded(target.Config{
		Params: p, Data: data, Bidders: s.Bidders, Campaigns: s.Campaigns, TMax: b.options.TMax, Seed: b.options.Seed, Mode: b.options.Mode,
	})
}

// offlineInFlight is how many auctions scenario offline keeps under way.
const offlineInFlight = 16

// measure puts one load on a market that it starts and stops.
func (b *bench) measure(ctx context.Context, market string, s Size, o loadgen.Options) (r *loadgen.Result, err error) {
	t, err := b.start(market, s)
	if err != nil {
		return nil, fmt.Errorf("%s market of %v: %w", market, s, err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	for i := b.trustees; i > 0 && i < scheme.Trustees; i++ {
		if err := t.Market().Stop(fmt.Sprintf("trustee-%d", i)); err != nil {
			return nil, err
		}
	}
	o.Duration, o.Warmup, o.TMax, o.Seed = b.options.Duration, b.options.Warmup, b.options.TMax, b.options.Seed
	if o.Scenario == loadgen.Offline {
		o.MaxInFlight = offlineInFlight
	}
	return loadgen.Run(ctx, t, o)
}

// pair measures both markets under one load, one after the other; the encrypted one alone where it is about trustees.
func (b *bench) pair(ctx context.Context, s Size, repeat int, o loadgen.Options) ([]Point, error) {
	var points []Point
	for _, market := range []string{Encrypted, Plaintext} {
		if market == Plaintext && b.trustees > 0 {
			continue
		}
		r, err := b.measure(ctx, market, s, o)
		if r != nil {
			points = append(points, Point{market, string(o.Scenario), s, repeat, o.Rate, r})
			b.options.Log("%s %s %s: p50 %.2f ms, p99 %.2f ms, %.0f/s", market, o.Scenario, s,
				r.Percentile(loadgen.StageLatency, 50)/1e6, r.Percentile(loadgen.StageLatency, 99)/1e6, r.Throughput())
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return points, err
		}
	}
	return points, nil
}

// headline is the size that the aims are stated for: ten bidders with six campaigns each.
var headline = Size{10, 6, 128}

// sizes lists the markets of scenarios single and offline.
func (o *Options) sizes() []Size {
	if o.Quick {
		return []Size{headline}
	}
	return []Size{{1, 6, 128}, headline, {32, 6, 128}, {96, 6, 128}, {10, 1, 128}, {10, 64, 64}}
}

// Result is what Run measured.
type Result struct {
	Options Options
	Points  []Point
	Peaks   map[string][]float64 // market -> peak rate of each repeat
	Answers []Answer
	Started time.Time
	Cut     bool
}

// Run measures scenarios single and offline at all sizes, the peak and half of it at the headline size, and the bidder's answer.
// If ctx ends it returns what it has.
func Run(ctx context.Context, o Options) (*Result, error) {
	b := newBench(o)
	res := &Result{Options: b.options, Started: time.Now(), Peaks: map[string][]float64{}}
	err := res.run(ctx, b)
	res.Cut = err != nil
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return res, err
}

func (res *Result) run(ctx context.Context, b *bench) (err error) {
	if res.Answers, err = answers(ctx, b); err != nil {
		return err
	}
	for repeat := range res.Options.Repeats {
		for _, s := range res.Options.sizes() {
			for _, scenario := range []loadgen.Scenario{loadgen.Single, loadgen.Offline} {
				points, err := b.pair(ctx, s, repeat, loadgen.Options{Scenario: scenario})
				res.Points = append(res.Points, points...)
				if err != nil {
					return err
				}
			}
		}
		if err := res.peak(ctx, b, repeat); err != nil {
			return err
		}
	}
	return nil
}

// peak finds both markets' peaks at the headline size, then loads both with half the encrypted market's.
func (res *Result) peak(ctx context.Context, b *bench, repeat int) error {
	for _, market := range []string{Encrypted, Plaintext} {
		rate, err := b.findPeak(ctx, market, headline)
		if err != nil {
			return err
		}
		b.options.Log("%s peak %s: %.0f/s", market, headline, rate)
		res.Peaks[market] = append(res.Peaks[market], rate)
	}
	peaks := res.Peaks[Encrypted]
	half := peaks[len(peaks)-1] / 2
	if half <= 0 {
		return nil
	}
	points, err := b.pair(ctx, headline, repeat, loadgen.Options{Scenario: loadgen.Server, Rate: half})
	res.Points = append(res.Points, points...)
	return err
}

func (b *bench) findPeak(ctx context.Context, market string, s Size) (_ float64, err error) {
	t, err := b.start(market, s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	o := loadgen.Options{Scenario: loadgen.Server, Duration: b.options.Duration, Warmup: b.options.Warmup, TMax: b.options.TMax, Seed: b.options.Seed}
	search := &loadgen.Search{Start: 100, Max: 20000, Tolerance: 0.1}
	if _, _, err := loadgen.FindPeak(ctx, t, o, loadgen.Goal{}, search, nil); err != nil {
		return 0, err
	}
	return search.Peak(), ctx.Err()
}
