package sealed

import (
	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// play holds the tournament below n: it sets the keys and results of all matches.
//
// A key is what competitors are compared by, from the least significant bit on: the rank of a seat if there are several classes,
// the value, and last the void bit, which counts the other way round. Within a class the order of slots is the draw order, so
// the competitor at the right has to be strictly above the one at the left to win.
func (c *compiler) play(n *node, key func(slot int) []garble.Wire) {
	if n.competitor() {
		n.key, n.rightWins = key(n.slot), c.Zero()
		return
	}
	c.play(n.left, key)
	c.play(n.right, key)
	left, right := n.left.key, n.right.key
	skip := len(left) - (ValueBits + 1) // the rank
	if n.ranked {
		skip = 0
	}
	n.rightWins = c.beats(right[skip:], left[skip:])
	n.key = c.choose(n.rightWins, left, right)
}

// winningSeat reveals the path to the best seat from the root on. Once a match is revealed, the evaluator knows which of the
// two results of the matches below it matters, so that choosing is cheap.
func (c *compiler) winningSeat(root *node) []garble.Wire {
	var path []garble.Wire
	for range root.depth {
		result := c.at(root, path, func(n *node) garble.Wire { return n.rightWins })
		path = append(path, c.Reveal(result))
	}
	return path
}

// winningLane reveals the path to the best lane of the best seat. It is zero if that is the floor.
func (c *compiler) winningLane(root *node, seat []garble.Wire, lanes []*node) []garble.Wire {
	var path []garble.Wire
	for range lanes[0].depth {
		result := c.atEnd(root, seat, func(slot int) garble.Wire {
			if slot == len(lanes) {
				return c.Zero()
			}
			return c.at(lanes[slot], path, func(n *node) garble.Wire { return n.rightWins })
		})
		path = append(path, c.Reveal(result))
	}
	return path
}

// clearing is what the winner pays, from the lowest bit of the grid on. For first price it is its own value, for second price
// the highest of those that lost to it, the floor included. Only PriceBits bits count. Bits below the grid are not needed,
// because rounding down keeps the order.
func (c *compiler) clearing(root *node, path []garble.Wire) []garble.Wire {
	left, right := c.grid(root.left.key), c.grid(root.right.key)
	if c.r.Rule == message.FirstPrice {
		return c.choose(path[0], left, right)
	}
	second := c.choose(path[0], right, left)
	for depth := 1; depth < len(path); depth++ {
		loser := make([]garble.Wire, len(second))
		for i := range loser {
			loser[i] = c.at(root, path[:depth], func(n *node) garble.Wire {
				if n.competitor() {
					return c.Zero() // no more matches on the path, and the lowest of all prices
				}
				both := c.Xor(c.grid(n.left.key)[i], c.grid(n.right.key)[i])
				return c.Xor(both, c.grid(n.key)[i])
			})
		}
		second = c.choose(c.beats(loser, second), second, loser)
	}
	return second
}

// grid is the part of a key from the lowest bit of the price grid on.
func (c *compiler) grid(key []garble.Wire) []garble.Wire { return key[len(key)-1-c.r.PriceBits:] }

// at is what of gives for the node that a path of known wires leads to from n, zero if it goes beyond a competitor.
func (c *compiler) at(n *node, path []garble.Wire, of func(*node) garble.Wire) garble.Wire {
	switch {
	case len(path) == 0:
		return of(n)
	case n.competitor():
		return c.Zero()
	}
	return c.chooseBit(path[0], c.at(n.left, path[1:], of), c.at(n.right, path[1:], of))
}

// atEnd is what of gives for the competitor that a path of known wires leads to from n.
func (c *compiler) atEnd(n *node, path []garble.Wire, of func(slot int) garble.Wire) garble.Wire {
	if n.competitor() {
		return of(n.slot)
	}
	return c.chooseBit(path[0], c.atEnd(n.left, path[1:], of), c.atEnd(n.right, path[1:], of))
}
