package sealed

import (
	"errors"
	"math/bits"

	"cipherbid/crypto/garble"
)

// node is a match of a tournament, or, without children, a competitor. The winner's id is the path to it: a bit for each match
// from the root on, 1 for right, then zeros if others have more matches.
type node struct {
	left, right *node
	slot        int  // of a competitor
	depth       int  // most matches on a path from here
	ranked      bool // competitors of different classes meet: nodes to the left need not come first in draw order

	// Set while a circuit is compiled.
	key       []garble.Wire // of the best competitor below
	rightWins garble.Wire
}

func (n *node) competitor() bool { return n.left == nil }

func match(left, right *node, ranked bool) *node {
	return &node{left: left, right: right, depth: 1 + max(left.depth, right.depth), ranked: ranked}
}

// balanced is a tournament among the slots from, from+1 ... to-1. The left part is the largest power of two, so that few nodes
// of a level lack a match: choosing costs as much for them.
func balanced(from, to int) *node {
	if to-from == 1 {
		return &node{slot: from}
	}
	middle := from + 1<<(bits.Len(uint(to-from-1))-1)
	return match(balanced(from, middle), balanced(middle, to), false)
}

// seatTree is the tournament among all seats, first within classes, then across. The floor, slot SeatSlots, is the last of the
// last class. So it is at the right in all its matches, and loses ties.
func (s *Shape) seatTree() *node {
	var trees []*node
	from := 0
	for i, c := range s.Classes {
		to := from + c.Seats
		if i == len(s.Classes)-1 {
			to++
		}
		trees = append(trees, balanced(from, to))
		from = to
	}
	for len(trees) > 1 {
		best := 0 // the neighbours whose match is lowest, to keep the tournament short
		for i := range trees[1:] {
			if max(trees[i].depth, trees[i+1].depth) < max(trees[best].depth, trees[best+1].depth) {
				best = i
			}
		}
		trees[best] = match(trees[best], trees[best+1], true)
		trees = append(trees[:best+1], trees[best+2:]...)
	}
	return trees[0]
}

// laneDepth is the length of the path to a lane within its seat.
func (s *Shape) laneDepth() int { return balanced(0, s.Classes[0].Lanes).depth }

var errNoSlot = errors.New("winner's id is no path to a slot")

// walk follows a path to a slot.
func (n *node) walk(path []bool) (slot int, err error) {
	for _, right := range path {
		switch {
		case n.competitor() && right:
			return 0, errNoSlot
		case n.competitor():
		case right:
			n = n.right
		default:
			n = n.left
		}
	}
	if !n.competitor() {
		return 0, errNoSlot
	}
	return n.slot, nil
}
