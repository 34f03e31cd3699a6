package loadgen

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"
)

// Metered is an optional extension of Target: it knows what the parties behind it have used.
type Metered interface {
	// Counters returns what has been used since some fixed time. It may be called while calls are under way.
	Counters(ctx context.Context) (*Counters, error)
}

// Counters are cumulative. What a target does not know stays nil.
type Counters struct {
	CPU     map[string]time.Duration // party -> user and system time
	Traffic map[string]Traffic       // party, or "from>to" -> bytes
	Bidders map[string]int64         // what became of a bidder in an auction -> how often
	Stages  map[string]Buckets       // stage -> durations, where a party publishes them
	Memory  map[string]int64         // party -> highest resident size so far, bytes
}

// Traffic counts bytes: received and sent by a party that listens, or up and down a link.
type Traffic struct {
	In  int64 `json:"in_bytes"`
	Out int64 `json:"out_bytes"`
}

// Buckets are the counts of a histogram: Count[i] durations in (Upper[i-1], Upper[i]], the last one without an upper bound.
type Buckets struct {
	Upper []time.Duration
	Count []int64 // one more than Upper
}

// What bidders can have done, as Counters.Bidders names it. Everything else means that a bidder was not heard.
const (
	Answered = "answered"
	Declined = "declined"
)

// Participation is the share of bidders that were heard, NaN if nobody counted.
func (c *Counters) Participation() float64 {
	total := int64(0)
	for _, n := range c.Bidders {
		total += n
	}
	if total == 0 {
		return math.NaN()
	}
	return float64(c.Bidders[Answered]+c.Bidders[Declined]) / float64(total)
}

// add adds what was used between two readings.
func (c *Counters) add(before, after *Counters) {
	for party, v := range after.CPU {
		c.CPU = put(c.CPU, party, v-before.CPU[party])
	}
	for party, v := range after.Bidders {
		c.Bidders = put(c.Bidders, party, v-before.Bidders[party])
	}
	for party, v := range after.Memory {
		if c.Memory == nil {
			c.Memory = map[string]int64{}
		}
		c.Memory[party] = max(c.Memory[party], v)
	}
	for party, v := range after.Traffic {
		if c.Traffic == nil {
			c.Traffic = map[string]Traffic{}
		}
		old, sum := before.Traffic[party], c.Traffic[party]
		c.Traffic[party] = Traffic{sum.In + v.In - old.In, sum.Out + v.Out - old.Out}
	}
	for stage, v := range after.Stages {
		if c.Stages == nil {
			c.Stages = map[string]Buckets{}
		}
		c.Stages[stage] = c.Stages[stage].plus(v, before.Stages[stage])
	}
}

func put[V int64 | time.Duration](m map[string]V, key string, v V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] += v
	return m
}

// plus returns b + after - before. A histogram that has changed its buckets begins anew.
func (b Buckets) plus(after, before Buckets) Buckets {
	sum := Buckets{after.Upper, slices.Clone(after.Count)}
	for i := range sum.Count {
		if slices.Equal(before.Upper, after.Upper) && i < len(before.Count) {
			sum.Count[i] -= before.Count[i]
		}
		if slices.Equal(b.Upper, after.Upper) && i < len(b.Count) {
			sum.Count[i] += b.Count[i]
		}
	}
	return sum
}

// CPUSeconds is what all parties together have used.
func (c *Counters) CPUSeconds() float64 {
	sum := time.Duration(0)
	for _, v := range c.CPU {
		sum += v
	}
	return sum.Seconds()
}

// names returns the keys of a map in order.
func names[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
