package sealed

import (
	"time"

	"cipherbid/bench/record"
	"cipherbid/bench/stat"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency is what all repeats of a point have to say about one clock.
type Latency struct {
	System        System
	Size          Size
	RTT           time.Duration
	Clock         Clock
	N             int           // auctions
	Hops          time.Duration // the least that it can be
	P50, P95, P99 *stat.Interval

	histogram *hdrhistogram.Histogram
}

// cell is a point without its repeats.
type cell struct {
	system System
	size   Size
	rtt    time.Duration
}

// cells lists the points, each once, in the order in which they were measured.
func (r *Result) cells() (all []cell, repeats map[cell][]*Point) {
	repeats = map[cell][]*Point{}
	for i := range r.Points {
		p := &r.Points[i]
		c := cell{p.System, p.Size, p.RTT}
		if repeats[c] == nil {
			all = append(all, c)
		}
		repeats[c] = append(repeats[c], p)
	}
	return all, repeats
}

// stages lists a stage of all repeats of a point; nil where one has none.
func stages(points []*Point, stage string) []*hdrhistogram.Histogram {
	var all []*hdrhistogram.Histogram
	for _, p := range points {
		all = append(all, p.Result.Stages[stage])
	}
	return all
}

// Latencies merges repeats. A percentile is nil if there are too few auctions for it.
func (r *Result) Latencies() []Latency {
	var all []Latency
	cells, repeats := r.cells()
	for _, c := range cells {
		for _, clock := range clocks() {
			repeated := stages(repeats[c], clock.stage())
			p := newPool(repeated)
			l := Latency{
				System: c.system, Size: c.size, RTT: c.rtt, Clock: clock, N: p.n, Hops: clock.hops(c.system, c.rtt), histogram: record.NewHistogram(),
				P50: p.percentile(50, r.Options.Seed), P95: p.percentile(95, r.Options.Seed), P99: p.percentile(99, r.Options.Seed),
			}
			for _, h := range repeated {
				if h != nil {
					l.histogram.Merge(h)
				}
			}
			all = append(all, l)
		}
	}
	return all
}

// StageTime is the median time of one part of an auction.
type StageTime struct {
	System System
	Size   Size
	RTT    time.Duration
	Stage  string
	Hops   time.Duration // the least that it can be
	Median stat.Interval // nanoseconds
}

// stageNames are the parts of an auction, in their order. "network" is the way from the publisher and back.
func stageNames() []string { return []string{"network", "validate", "bidders", "ranking"} }

func stageHops(stage string, s System, rtt time.Duration) time.Duration {
	switch stage {
	case "network", "bidders":
		return rtt
	case "ranking":
		return time.Duration(ranking(s)) * rtt / 2
	}
	return 0
}

// StageTimes merges repeats.
func (r *Result) StageTimes() []StageTime {
	var all []StageTime
	cells, repeats := r.cells()
	for _, c := range cells {
		for _, stage := range stageNames() {
			if i := newPool(stages(repeats[c], stage)).percentile(50, r.Options.Seed); i != nil {
				all = append(all, StageTime{c.system, c.size, c.rtt, stage, stageHops(stage, c.system, c.rtt), *i})
			}
		}
	}
	return all
}

// of collects a number of every repeat of a load.
func (r *Result) of(system System, s Size, number func(*Load) float64) (v []float64) {
	for i := range r.Loads {
		if l := &r.Loads[i]; l.System == system && l.Size == s {
			v = append(v, number(l))
		}
	}
	return v
}

func throughput(l *Load) float64 { return l.Result.Throughput() }

// cpu is the CPU time of an auction in nanoseconds: all parties, and the generator.
func cpu(l *Load) float64 { return 1e9 / l.Result.PerCoreSecond() }

// ratios divides the throughputs of two systems, repeat by repeat.
func (r *Result) ratios(a, b System, s Size) (v []float64) {
	x, y := r.of(a, s, throughput), r.of(b, s, throughput)
	for i := range min(len(x), len(y)) {
		if y[i] > 0 {
			v = append(v, x[i]/y[i])
		}
	}
	return v
}

// middle is the median over repeats with its interval; ok is false if there is none.
func (r *Result) middle(v []float64) (stat.Interval, bool) {
	i, err := stat.Bootstrap(v, stat.Median, r.Options.Seed)
	return i, err == nil
}
