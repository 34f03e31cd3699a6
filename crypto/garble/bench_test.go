package garble

import "testing"

// tournament adds three shares for each lane and finds the greatest sum: adders, comparators and selections, in all about ten
// thousand ANDs, in the shapes that an auction has.
func tournament(lanes int) *Circuit {
	const width = 32
	b := new(Builder)
	inputs := b.Inputs(lanes * 3 * width)
	share := func(lane, i int) []Wire { return inputs[(3*lane+i)*width:][:width] }
	round := make([][]Wire, lanes)
	for k := range round {
		round[k] = add(b, add(b, share(k, 0), share(k, 1)), share(k, 2))[8:]
	}
	for len(round) > 1 {
		var next [][]Wire
		for ; len(round) > 1; round = round[2:] {
			next = append(next, choose(b, less(b, round[0], round[1]), round[0], round[1]))
		}
		round = append(next, round...)
	}
	return b.Build(round[0])
}

// add is x + y without the last carry. An AND a bit.
func add(b *Builder, x, y []Wire) []Wire {
	sum, carry := make([]Wire, len(x)), b.Zero()
	for i := range x {
		sum[i] = b.Xor(b.Xor(x[i], y[i]), carry)
		if i < len(x)-1 {
			carry = b.Xor(carry, b.And(b.Xor(x[i], carry), b.Xor(y[i], carry)))
		}
	}
	return sum
}

// less is x < y, unsigned. An AND a bit.
func less(b *Builder, x, y []Wire) Wire {
	borrow := b.And(b.Not(x[0]), y[0])
	for i := 1; i < len(x); i++ {
		borrow = b.Xor(borrow, b.And(b.Not(b.Xor(x[i], borrow)), b.Xor(y[i], borrow)))
	}
	return borrow
}

// choose is y if bit is set, else x. An AND a bit.
func choose(b *Builder, bit Wire, x, y []Wire) []Wire {
	out := make([]Wire, len(x))
	for i := range x {
		out[i] = b.Xor(x[i], b.And(b.Xor(x[i], y[i]), bit))
	}
	return out
}

func BenchmarkGarble(b *testing.B) {
	c, seed := tournament(100), new(Seed)
	tables := make([]byte, c.TableBytes())
	for _, e := range engines() {
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				c.garble(seed, tables, &e)
			}
			perGate(b, c)
		})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	c, seed := tournament(100), new(Seed)
	g := c.Garble(seed, nil)
	for _, e := range engines() {
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := c.evaluate(&g.Kappa, g.Inputs, g.Tables, g.Reveal, &e); err != nil {
					b.Fatal(err)
				}
			}
			perGate(b, c)
		})
	}
}

func perGate(b *testing.B, c *Circuit) {
	b.ReportAllocs()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.ands), "ns/AND")
	b.ReportMetric(float64(c.ands), "ANDs")
}

func BenchmarkPrepare(b *testing.B) {
	c, seed := tournament(100), new(Seed)
	b.ReportAllocs()
	for b.Loop() {
		c.Prepare(seed)
	}
}
