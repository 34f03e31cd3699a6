package sealed

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"cipherbid/crypto/message"
)

// ErrNoSale is wrapped if public facts alone tell that an imp is not sold: nobody bids on it, or its floor is the request's cap.
var ErrNoSale = errors.New("nothing can be sold")

// Plan places the lanes that bid on an imp on the slots of a shape. It must not be modified, and is safe for concurrent use.
type Plan struct {
	Shape Shape
	Seats []int    // for each seat slot the index of its manifest entry, -1 if unused
	Lanes []int    // for each lane slot the index into the entry's Lanes, -1 if unused
	Caps  []uint32 // for each lane slot the highest value that counts, if the shape is capped
	Ranks []uint32 // for each seat slot, if there are several classes; higher is earlier in draw order
	Floor uint32   // the lowest value that counts
}

// NewPlan makes the plan for an imp. It is a pure function of public facts, so that all parties make the same, and expects terms
// and a manifest that were checked. It wraps [ErrNoSale] if there is nothing to rank, and fails if the lanes are too many for
// one circuit.
//
// The lanes of a seat and the seats of a class are rounded up by at most a quarter, so that few shapes serve many auctions:
// circuits are garbled before it is known who takes part.
func NewPlan(t *message.Terms, m *message.Manifest, imp int) (*Plan, error) {
	if imp < 0 || imp >= len(t.Imps) {
		return nil, fmt.Errorf("imp %d: there are %d", imp, len(t.Imps))
	}
	floor := floorValue(t, imp)
	if floor > highest {
		return nil, fmt.Errorf("imp %d: %w: the floor is the cap", imp, ErrNoSale)
	}
	all := bidders(m, imp)
	if len(all) == 0 {
		return nil, fmt.Errorf("imp %d: %w: nobody bids", imp, ErrNoSale)
	}
	bySize := func(x, y bidder) int { return cmp.Compare(roundUp(len(y.lanes)), roundUp(len(x.lanes))) }
	slices.SortStableFunc(all, bySize) // in draw order within a class

	p := &Plan{Shape: Shape{GridBits: t.GridBits, Rule: t.PriceRule, Capped: capped(m, all)}, Floor: uint32(floor)}
	var classes [][]bidder
	for rest := all; len(rest) > 0; {
		n := 1
		for n < len(rest) && bySize(rest[n], rest[0]) == 0 {
			n++
		}
		classes = append(classes, rest[:n])
		p.Shape.Classes = append(p.Shape.Classes, Class{roundUp(n), roundUp(len(rest[0].lanes))})
		rest = rest[n:]
	}
	if err := p.Shape.Check(); err != nil {
		return nil, fmt.Errorf("imp %d: %w", imp, err)
	}
	for i, class := range classes {
		slots := p.Shape.Classes[i]
		for k := range class {
			p.place(m, &class[k], slots.Lanes)
		}
		for range slots.Seats - len(class) {
			p.place(m, &bidder{entry: -1}, slots.Lanes)
		}
	}
	return p, nil
}

// roundUp is the least m >= n that is at most 8 or has three significant bits: 1 to 8, 10, 12, 14, 16, 20, 24, 28, 32, 40 ...
func roundUp(n int) int {
	step := 1 << max(0, bits.Len(uint(n-1))-3)
	return (n + step - 1) / step * step
}

// capped reports whether a lane has a cap that a bid in range can exceed.
func capped(m *message.Manifest, all []bidder) bool {
	for _, b := range all {
		for _, l := range b.lanes {
			if capValue(m.Entries[b.entry].Lanes[l.index].Cap) < highest {
				return true
			}
		}
	}
	return false
}

// place fills the next seat slot.
func (p *Plan) place(m *message.Manifest, b *bidder, lanes int) {
	p.Seats = append(p.Seats, b.entry)
	if len(p.Shape.Classes) > 1 {
		p.Ranks = append(p.Ranks, b.rank)
	}
	for k := range lanes {
		index, limit := -1, uint32(highest)
		if k < len(b.lanes) {
			index = b.lanes[k].index
			limit = capValue(m.Entries[b.entry].Lanes[index].Cap)
		}
		p.Lanes = append(p.Lanes, index)
		if p.Shape.Capped {
			p.Caps = append(p.Caps, limit)
		}
	}
}

// Winner reads the path to the winner, the first IDBits outputs of the circuit: the index of its manifest entry, and that of its
// lane in the entry's Lanes. Nothing is sold if the path leads to the floor. A path that leads nowhere, or to an unused slot, is an
// error: no circuit says so.
func (p *Plan) Winner(id []bool) (entry, lane int, sold bool, err error) {
	seats := p.Shape.seatTree()
	if want := seats.depth + p.Shape.laneDepth(); len(id) != want {
		return 0, 0, false, fmt.Errorf("winner's id of %d bits, want %d", len(id), want)
	}
	seat, err := seats.walk(id[:seats.depth])
	if err != nil {
		return 0, 0, false, err
	}
	lanes := &node{} // the floor has one
	p.eachSeat(func(slot, from, to int) {
		if slot == seat {
			lanes = balanced(from, to)
		}
	})
	slot, err := lanes.walk(id[seats.depth:])
	switch {
	case err != nil:
		return 0, 0, false, err
	case seat == len(p.Seats):
		return 0, 0, false, nil
	case p.Lanes[slot] < 0:
		return 0, 0, false, errors.New("winner's id leads to an unused slot")
	}
	return p.Seats[seat], p.Lanes[slot], true, nil
}
