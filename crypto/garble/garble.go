package garble

import "slices"

// Garbling is a garbled circuit with all its secrets. The evaluator may get Tables, Reveal, Kappa, and one label of each input.
type Garbling struct {
	Delta   Label   // what the two labels of any wire differ by
	Inputs  []Label // zero labels of the inputs
	Outputs []Label // zero labels of the outputs
	Reveal  []byte  // colours of the revealed wires' zero labels, in order, eight a byte from the lowest bit
	Tables  []byte  // ciphertexts of the gates, in order
	Kappa   Key     // key of the hash
}

// Label is the label of an input for value 0 or 1 (the lowest bit counts), in constant time.
func (g *Garbling) Label(input int, value byte) Label {
	return g.Inputs[input].Xor(g.Delta.choose(uint64(value)))
}

// OutputLabel is the label of an output for value 0 or 1 (the lowest bit counts), in constant time.
func (g *Garbling) OutputLabel(output int, value byte) Label {
	return g.Outputs[output].Xor(g.Delta.choose(uint64(value)))
}

// Garble garbles the circuit. Equal seeds give equal garblings on every machine. The tables are written to the start of the
// given buffer, whose contents are overwritten, or to a new one if it has not room for c.TableBytes().
func (c *Circuit) Garble(seed *Seed, tables []byte) *Garbling {
	return c.garble(seed, tables, &best)
}

func (c *Circuit) garble(seed *Seed, tables []byte, e *engine) *Garbling {
	g := c.Prepare(seed)
	g.Tables = slices.Grow(tables[:0], c.TableBytes())[:c.TableBytes()]
	s := c.take()
	defer c.scratch.Put(s)
	copy(s.labels, g.Inputs)
	e.garble(c, s, g)
	g.Reveal = packBits(s.bits)
	g.Outputs = make([]Label, len(c.outputs))
	for i, w := range c.outputs {
		g.Outputs[i] = s.labels[w]
	}
	return g
}

// garblePortable garbles gate by gate. An AND is the sum of two halves, a times the colour of b's zero label, which the garbler
// knows, and a times the colour of b's active label, which the evaluator knows. If the evaluator knows b itself, the second half
// alone does, with b for the colour.
func garblePortable(c *Circuit, s *scratch, g *Garbling) {
	h := newHasher(&g.Kappa)
	w, tables, bits, delta := s.labels, g.Tables, s.bits, g.Delta
	t := uint64(0) // the tweak: every use of the hash on a wire has its own
	for _, q := range c.gates {
		switch q.op {
		case xor:
			w[q.out] = w[q.a].Xor(w[q.b])
		case not:
			w[q.out] = w[q.a].Xor(delta)
		case and:
			a, b := w[q.a], w[q.b]
			a0, a1 := h.hash(a, t), h.hash(a.Xor(delta), t)
			b0, b1 := h.hash(b, t+1), h.hash(b.Xor(delta), t+1)
			first := a0.Xor(a1).Xor(delta.choose(b.lo))
			second := b0.Xor(b1).Xor(a)
			w[q.out] = a0.Xor(first.choose(a.lo)).Xor(b0).Xor(second.Xor(a).choose(b.lo))
			first.Put(tables)
			second.Put(tables[LabelBytes:])
			tables = tables[2*LabelBytes:]
			t += 2
		case andKnown:
			a, b := w[q.a], w[q.b]
			b0, b1 := h.hash(b, t), h.hash(b.Xor(delta), t)
			row := b0.Xor(b1).Xor(a)
			w[q.out] = b0
			row.Put(tables)
			tables = tables[LabelBytes:]
			t++
		case reveal:
			bits[0] = w[q.a].Colour()
			bits = bits[1:]
		}
	}
}
