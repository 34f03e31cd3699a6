package garble

// Plain evaluates the circuit in the clear: what garbling must agree with. It returns the values of the outputs, and those of
// the revealed wires in the order of their reveals. There must be c.Inputs() inputs.
func (c *Circuit) Plain(inputs []bool) (outputs, revealed []bool) {
	if len(inputs) != c.inputs {
		panic("garble: wrong number of inputs")
	}
	value := make([]bool, c.slots)
	copy(value, inputs)
	revealed = make([]bool, 0, c.revealed)
	for _, g := range c.gates {
		switch g.op {
		case xor:
			value[g.out] = value[g.a] != value[g.b]
		case not:
			value[g.out] = !value[g.a]
		case and, andKnown:
			value[g.out] = value[g.a] && value[g.b]
		case reveal:
			revealed = append(revealed, value[g.a])
		}
	}
	outputs = make([]bool, len(c.outputs))
	for i, w := range c.outputs {
		outputs[i] = value[w]
	}
	return outputs, revealed
}
