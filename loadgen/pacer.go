package loadgen

import (
	"math/rand/v2"
	"time"
)

const (
	maxRate     = 1e6
	maxArrivals = 1e8
)

// Poisson returns the times of the arrivals of a Poisson process with the given rate per second, from 0 to d: gaps are
// independent and exponential. The same seed gives the same times.
func Poisson(rate float64, d time.Duration, seed uint64) []time.Duration {
	rng := rand.New(rand.NewPCG(seed, 0x6172726976616c73))
	due := make([]time.Duration, 0, int(rate*d.Seconds()*1.1)+16)
	for at := 0.0; ; {
		at += rng.ExpFloat64() / rate
		if at >= d.Seconds() {
			return due
		}
		due = append(due, time.Duration(at*float64(time.Second)))
	}
}

// Constant returns the times of arrivals at equal gaps, from 0 to d.
func Constant(rate float64, d time.Duration) []time.Duration {
	due := make([]time.Duration, 0, int(rate*d.Seconds())+1)
	for i := 0; ; i++ {
		at := float64(i) / rate
		if at >= d.Seconds() {
			return due
		}
		due = append(due, time.Duration(at*float64(time.Second)))
	}
}

// Pacer hands out the arrivals of a schedule when they are due. It reads no clock and is not safe for concurrent use.
type Pacer struct {
	Due  []time.Duration // ascending
	next int
}

// Pace returns the arrivals from, up to but without to, that have become due by elapsed, and how long it is from then to the
// next one; done if there is none.
func (p *Pacer) Pace(elapsed time.Duration) (from, to int, wait time.Duration, done bool) {
	from = p.next
	for p.next < len(p.Due) && p.Due[p.next] <= elapsed {
		p.next++
	}
	if p.next == len(p.Due) {
		return from, p.next, 0, true
	}
	return from, p.next, p.Due[p.next] - elapsed, false
}
