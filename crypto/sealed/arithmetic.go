package sealed

import "cipherbid/crypto/garble"

// sum is x0 + x1 + x2 modulo 2^LaneBits. The evaluator is told x0 ^ x1, which it knows anyway.
//
// First the three become two numbers, sum bits t and carries m: m = x0 if x0 and x1 agree, else x2. That is one AND with the
// known bit. Then t and 2m are added.
func (c *compiler) sum(x0, x1, x2 []garble.Wire) []garble.Wire {
	s := make([]garble.Wire, LaneBits)
	m, carry := c.Zero(), c.Zero()
	for i := range s {
		differ := c.Xor(x0[i], x1[i])
		t := c.Xor(differ, x2[i])
		s[i] = c.Xor(c.Xor(t, m), carry)
		if i == LaneBits-1 {
			break
		}
		carry = c.Xor(carry, c.And(c.Xor(t, carry), c.Xor(m, carry)))
		m = c.Xor(x0[i], c.And(c.Reveal(differ), c.Xor(x0[i], x2[i])))
	}
	return s
}

// beats is 1 if a competitor with key x, or the upper part of one, is above one with key y.
func (c *compiler) beats(x, y []garble.Wire) garble.Wire {
	void := len(x) - 1
	return c.decide(y[void], x[void], c.above(x[:void], y[:void]))
}

// above is 1 if x > y. y may have constant bits.
func (c *compiler) above(x, y []garble.Wire) garble.Wire {
	k := c.Zero()
	for i := range x {
		k = c.decide(x[i], y[i], k)
	}
	return k
}

// decide is x if x and y differ, else the result k of all lower bits: x ^ (x^k)(y^k).
func (c *compiler) decide(x, y, k garble.Wire) garble.Wire {
	return c.Xor(x, c.And(c.Xor(x, k), c.Xor(y, k)))
}

func (c *compiler) or(x, y garble.Wire) garble.Wire {
	return c.Xor(c.Xor(x, y), c.And(x, y))
}

// choose is y if bit is 1, else x.
func (c *compiler) choose(bit garble.Wire, x, y []garble.Wire) []garble.Wire {
	out := make([]garble.Wire, len(x))
	for i := range out {
		out[i] = c.chooseBit(bit, x[i], y[i])
	}
	return out
}

func (c *compiler) chooseBit(bit, x, y garble.Wire) garble.Wire {
	return c.Xor(x, c.And(bit, c.Xor(x, y)))
}
