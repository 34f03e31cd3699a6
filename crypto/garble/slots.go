package garble

// allocate gives wires slots that are used again once nothing reads them any more, so that the labels stay in the cache. Inputs
// keep their numbers, since they are written from outside, and outputs are kept to the end.
func (c *Circuit) allocate(wires int) {
	last := make([]int, wires) // the gate that reads a wire last
	for i, g := range c.gates {
		last[g.a] = i
		if g.b != none {
			last[g.b] = i
		}
	}
	for _, w := range c.outputs {
		last[w] = len(c.gates)
	}
	slot := make([]Wire, wires)
	for w := range c.inputs {
		slot[w] = Wire(w)
	}
	c.slots = c.inputs
	var free []Wire
	take := func() Wire {
		if n := len(free); n > 0 {
			s := free[n-1]
			free = free[:n-1]
			return s
		}
		c.slots++
		return Wire(c.slots - 1)
	}
	for i := range c.gates {
		g := &c.gates[i]
		a, b, out := g.a, g.b, g.out
		g.a = slot[a]
		if b != none {
			g.b = slot[b]
		}
		release := func(w Wire) {
			if w != none && last[w] == i {
				free = append(free, slot[w])
			}
		}
		// A gate does not overwrite its own inputs: its slot is taken before theirs are released.
		if g.op == reveal {
			g.out = g.a
			release(a)
			continue
		}
		slot[out] = take()
		g.out = slot[out]
		release(a)
		if b != a {
			release(b)
		}
	}
	for i, w := range c.outputs {
		c.outputs[i] = slot[w]
	}
}
