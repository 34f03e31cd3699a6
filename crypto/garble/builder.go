package garble

import "slices"

// Builder builds a circuit gate by gate. It is not safe for concurrent use.
type Builder struct {
	wires  int
	inputs int
	gates  []gate
	known  []bool // per wire
}

// Input adds an input wire. All inputs come before the first gate.
func (b *Builder) Input() Wire {
	if len(b.gates) > 0 {
		panic("garble: an input after a gate")
	}
	b.inputs++
	return b.wire(false)
}

// Inputs adds n input wires.
func (b *Builder) Inputs(n int) []Wire {
	all := make([]Wire, n)
	for i := range all {
		all[i] = b.Input()
	}
	return all
}

// Zero is the constant zero.
func (b *Builder) Zero() Wire { return none }

func (b *Builder) wire(known bool) Wire {
	b.known = append(b.known, known)
	b.wires++
	return Wire(b.wires - 1)
}

func (b *Builder) emit(o op, x, y Wire, known bool) Wire {
	out := b.wire(known)
	b.gates = append(b.gates, gate{o, x, y, out})
	return out
}

// Xor is x ^ y.
func (b *Builder) Xor(x, y Wire) Wire {
	switch {
	case x == none:
		return y
	case y == none:
		return x
	case x == y:
		return none
	}
	return b.emit(xor, x, y, b.known[x] && b.known[y])
}

// Not is !x. x must not be the constant zero.
func (b *Builder) Not(x Wire) Wire {
	if x == none {
		panic("garble: the constant one is no wire")
	}
	return b.emit(not, x, none, b.known[x])
}

// And is x & y. It costs half if the evaluator knows one of the two, see Reveal.
func (b *Builder) And(x, y Wire) Wire {
	switch {
	case x == none || y == none:
		return none
	case x == y:
		return x
	case b.known[y]:
		return b.emit(andKnown, x, y, b.known[x])
	case b.known[x]:
		return b.emit(andKnown, y, x, false)
	}
	return b.emit(and, x, y, false)
}

// Reveal lets the evaluator learn x, and returns x. A wire that it knows already, or the constant zero, has no place among the
// revealed values.
func (b *Builder) Reveal(x Wire) Wire {
	if x == none {
		return none
	}
	if !b.known[x] {
		b.gates = append(b.gates, gate{reveal, x, none, x})
		b.known[x] = true
	}
	return x
}

// Build returns the circuit with the given outputs, none of which may be the constant zero or an input. Gates that reach neither
// an output nor a revealed wire are dropped, and independent ones interleaved. The builder must not be used afterwards.
func (b *Builder) Build(outputs []Wire) *Circuit {
	c := &Circuit{inputs: b.inputs, outputs: slices.Clone(outputs)}
	c.gates = schedule(b.live(outputs), b.wires)
	for _, g := range c.gates {
		switch g.op {
		case and:
			c.ands++
		case andKnown:
			c.knowns++
		case reveal:
			c.revealed++
		}
	}
	c.allocate(b.wires)
	return c
}

// live returns the gates that reach an output or a revealed wire, in order.
func (b *Builder) live(outputs []Wire) []gate {
	needed := make([]bool, b.wires)
	for _, w := range outputs {
		if int(w) < b.inputs {
			panic("garble: an output is a constant or an input")
		}
		needed[w] = true
	}
	var reversed []gate
	for _, g := range slices.Backward(b.gates) {
		if g.op != reveal && !needed[g.out] {
			continue
		}
		reversed = append(reversed, g)
		needed[g.a] = true
		if g.b != none {
			needed[g.b] = true
		}
	}
	slices.Reverse(reversed)
	return reversed
}
