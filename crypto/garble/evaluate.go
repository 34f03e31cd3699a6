package garble

import "fmt"

// Evaluate evaluates a garbled circuit on one label for each input. It returns the labels of the outputs, whose meaning only
// the garblers know, and the values of the revealed wires, in order, eight a byte from the lowest bit.
//
// Wrong lengths are errors. Wrong contents give meaningless labels and values, and nothing else: whoever does not trust the
// garblers has to check what it got, and garblers find a forged output because it is neither of the two labels.
func (c *Circuit) Evaluate(kappa *Key, inputs []Label, tables, reveal []byte) (outputs []Label, revealed []byte, err error) {
	return c.evaluate(kappa, inputs, tables, reveal, &best)
}

func (c *Circuit) evaluate(kappa *Key, inputs []Label, tables, reveal []byte, e *engine) ([]Label, []byte, error) {
	switch {
	case len(inputs) != c.inputs:
		return nil, nil, fmt.Errorf("garble: %d input labels, want %d", len(inputs), c.inputs)
	case len(tables) != c.TableBytes():
		return nil, nil, fmt.Errorf("garble: %d bytes of tables, want %d", len(tables), c.TableBytes())
	case len(reveal) != c.RevealBytes():
		return nil, nil, fmt.Errorf("garble: %d bytes for revealed wires, want %d", len(reveal), c.RevealBytes())
	}
	s := c.take()
	defer c.scratch.Put(s)
	copy(s.labels, inputs)
	unpackBits(s.bits, reveal)
	e.evaluate(c, s, kappa, tables)
	outputs := make([]Label, len(c.outputs))
	for i, w := range c.outputs {
		outputs[i] = s.labels[w]
	}
	return outputs, packBits(s.bits), nil
}

// evaluatePortable evaluates a gate after the other. The values of wires that do not follow from revealed ones are nonsense, and
// nothing reads them but gates with nonsense of their own.
func evaluatePortable(c *Circuit, s *scratch, kappa *Key, tables []byte) {
	h := newHasher(kappa)
	w, value, bits := s.labels, s.values, s.bits
	t := uint64(0)
	for _, q := range c.gates {
		switch q.op {
		case xor:
			w[q.out] = w[q.a].Xor(w[q.b])
			value[q.out] = value[q.a] ^ value[q.b]
		case not:
			w[q.out] = w[q.a]
			value[q.out] = value[q.a] ^ 1
		case and:
			a, b := w[q.a], w[q.b]
			first, second := LabelFrom(tables), LabelFrom(tables[LabelBytes:])
			x := h.hash(a, t).Xor(first.choose(a.lo))
			y := h.hash(b, t+1).Xor(second.Xor(a).choose(b.lo))
			w[q.out] = x.Xor(y)
			tables = tables[2*LabelBytes:]
			t += 2
		case andKnown:
			a, b := w[q.a], w[q.b]
			w[q.out] = h.hash(b, t).Xor(LabelFrom(tables).Xor(a).choose(uint64(value[q.b])))
			value[q.out] = value[q.a] & value[q.b]
			tables = tables[LabelBytes:]
			t++
		case reveal:
			value[q.a] = w[q.a].Colour() ^ bits[0]
			bits[0] = value[q.a]
			bits = bits[1:]
		}
	}
}
