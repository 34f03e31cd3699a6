package sealed

import (
	"fmt"
	"time"

	"cipherbid/bench/stat"
)

// Cost is what the parts of one circuit's life take, in one thread of this process, and how large its messages are.
type Cost struct {
	Size       Size
	Shape      string // with unused slots: few shapes serve many auctions
	Parts      []PartCost
	LegBytes   int // trustees to each other during an auction
	StockBytes int // and before it
	TableBytes int
}

// PartCost is one part of a circuit's life. Who takes part does it at the same time.
type PartCost struct {
	Name, When, Who string
	Time            stat.Interval // median over rounds, nanoseconds
}

// rounds are how often a circuit lives; the first time is not counted.
func (o *Options) rounds() int {
	if o.Quick {
		return 5
	}
	return 51
}

// circuit measures the life of the circuits of one size.
func (b *bench) circuit(s Size) error {
	l, err := newLife(s, b.Seed)
	if err != nil {
		return err
	}
	parts := l.parts()
	took := make([][]float64, len(parts))
	for round := range b.rounds() + 1 {
		for i, p := range parts {
			start := time.Now()
			if err := p.do(); err != nil {
				return fmt.Errorf("circuit of %s: %s: %w", s, p.name, err)
			}
			if round > 0 {
				took[i] = append(took[i], float64(time.Since(start)))
			}
		}
	}
	c := Cost{Size: s, Shape: l.run.Plan.Shape.Key(), LegBytes: l.legBytes(), StockBytes: l.stockBytes(), TableBytes: l.circuit.TableBytes()}
	for i, p := range parts {
		t, err := stat.Bootstrap(took[i], stat.Median, b.Seed)
		if err != nil {
			return err
		}
		c.Parts = append(c.Parts, PartCost{p.name, p.when, p.who, t})
	}
	b.result.Costs = append(b.result.Costs, c)
	return nil
}
