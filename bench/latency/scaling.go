package latency

import (
	"context"
	"errors"
	"runtime"
	"time"

	"cipherbid/bench/stat"
	"cipherbid/loadgen"
)

// ScalePoint is one market in a sweep of one of its sizes, auctions one after another.
type ScalePoint struct {
	Sweep  string // what grows: bidders, campaigns, features, trustees or cores
	X      int
	Market string
	Size   Size
	Repeat int
	Result *loadgen.Result
}

// LatencyMS is the median latency of an auction.
func (p *ScalePoint) LatencyMS() float64 {
	return p.Result.Percentile(loadgen.StageLatency, 50) / 1e6
}

// CPUMS is the CPU time of an auction, all parties and the generator together.
func (p *ScalePoint) CPUMS() float64 { return 1e3 / p.Result.PerCoreSecond() }

// Growth is how a market's cost grows with a size.
type Growth struct {
	Sweep, Market string
	Latency, CPU  stat.Line // milliseconds for each unit of the size
}

// sweep is one size that grows, everything else at the headline.
type sweep struct {
	name string
	x    []int
	size func(x int) Size
	line bool // whether a line is fitted
}

// Sweeps that are no sizes of a market.
const (
	sweepTrustees = "trustees" // that are up: two suffice, more than three there are not
	sweepCores    = "cores"
)

func (o *Options) sweeps() []sweep {
	h := headline
	all := []sweep{
		{"bidders", []int{1, 3, 10, 32, 96}, func(x int) Size { return Size{x, h.Campaigns, h.Dim} }, true},
		{"campaigns", []int{1, 4, 8, 16}, func(x int) Size { return Size{h.Bidders, x, h.Dim} }, true},
		{"features", []int{32, 64, 128, 256}, func(x int) Size { return Size{h.Bidders, h.Campaigns, x} }, true},
		{sweepTrustees, []int{2, 3}, func(int) Size { return h }, false},
		{sweepCores, []int{1, 2}, func(int) Size { return h }, false},
	}
	if o.Quick {
		return []sweep{{"bidders", []int{1, headline.Bidders}, all[0].size, true}, all[3]}
	}
	return all
}

// Scaling is what Scale measured.
type Scaling struct {
	Options Options
	Points  []ScalePoint
	Growth  []Growth
	Started time.Time
	Cut     bool
}

// Scale measures how the cost of an auction grows. The protocol fixes three trustees, of which one may be down.
func Scale(ctx context.Context, o Options) (*Scaling, error) {
	b := newBench(o)
	s := &Scaling{Options: b.options, Started: time.Now()}
	err := s.run(ctx, b)
	s.Cut = err != nil
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return s, errors.Join(err, s.fit())
}

func (s *Scaling) run(ctx context.Context, b *bench) error {
	for repeat := range s.Options.Repeats {
		for _, w := range s.Options.sweeps() {
			for _, x := range w.x {
				if err := s.point(ctx, b, w, x, repeat); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Scaling) point(ctx context.Context, b *bench, w sweep, x, repeat int) error {
	if w.name == sweepTrustees {
		b.trustees = x
		defer func() { b.trustees = 0 }()
	}
	if w.name == sweepCores {
		if x > runtime.NumCPU() {
			return nil
		}
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(x))
	}
	// One core is loaded by a batch, since latency one at a time hardly shows how many there are.
	o := loadgen.Options{Scenario: loadgen.Single}
	if w.name == sweepCores {
		o.Scenario = loadgen.Offline
	}
	points, err := b.pair(ctx, w.size(x), repeat, o)
	for _, p := range points {
		s.Points = append(s.Points, ScalePoint{w.name, x, p.Market, p.Size, repeat, p.Result})
	}
	return err
}

// fit fits a line to every sweep of at least two sizes: fixed cost and cost for each unit.
func (s *Scaling) fit() error {
	for _, w := range s.Options.sweeps() {
		for _, market := range []string{Encrypted, Plaintext} {
			var x, latency, cpu []float64
			for i := range s.Points {
				if p := &s.Points[i]; p.Sweep == w.name && p.Market == market && w.line {
					x, latency, cpu = append(x, float64(p.X)), append(latency, p.LatencyMS()), append(cpu, p.CPUMS())
				}
			}
			if len(x) < 2 {
				continue
			}
			l, err := stat.FitLine(x, latency)
			if errors.Is(err, stat.ErrFit) {
				continue // interrupted after the first size
			}
			c, cpuErr := stat.FitLine(x, cpu)
			if err := errors.Join(err, cpuErr); err != nil {
				return err
			}
			s.Growth = append(s.Growth, Growth{w.name, market, l, c})
		}
	}
	return nil
}
