package sealed

import (
	"slices"

	"cipherbid/crypto/garble"
)

// Range is the inputs From, From+1 ... To-1 of a circuit.
type Range struct{ From, To int }

// Len is the number of inputs.
func (r Range) Len() int { return r.To - r.From }

// Ranking is the circuit that decides one imp. It is immutable and safe for concurrent use.
//
// Numbers are sequences of bits, the least significant first. Inputs:
//
//	A, from garbler 0:  x_1 of every lane slot; for every seat slot 1 if the garbler could open its box, else 0
//	S, known to both:   seat slot by seat slot: x_2 of its lanes, their caps if capped, its rank if there are several
//	                    classes; then the floor
//	B, from garbler 1:  x_0 of every lane slot; for every seat slot 1 or 0
//
// Outputs: IDBits bits that are the path to the winner, see [Plan.Winner], then the PriceBits bits of the price on the grid, see
// [Price], which are zero if nothing is sold.
//
// Revealed to the evaluator are the lower ValueBits bits of x_0 ^ x_1 for every lane slot, then the IDBits bits of the path. The
// evaluator holds x_0 and x_1 anyway; telling it the values of these wires saves a quarter of the ciphertexts of the sums.
type Ranking struct {
	*garble.Circuit
	Shape
	A, S, B           Range
	Floor             Range // within S
	IDBits, PriceBits int

	seats []Range // parts of S
}

// SeatRange is the part of S that belongs to a seat slot.
func (r *Ranking) SeatRange(seat int) Range { return r.seats[seat] }

// compiler is the state of Compile.
type compiler struct {
	garble.Builder
	r      *Ranking
	inputs int

	x      [3][][]garble.Wire // x[j] of every lane slot
	opened [2][]garble.Wire   // of every seat slot, by garbler
	caps   [][]garble.Wire    // of every lane slot, if capped
	ranks  [][]garble.Wire    // of every seat slot; no wires if there is one class
	floor  []garble.Wire
}

// Compile makes the circuit of a shape. It is a pure function, so that all trustees garble and evaluate the same circuit.
func Compile(s *Shape) (*Ranking, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	c := &compiler{r: &Ranking{Shape: *s, PriceBits: s.priceBits()}}
	c.r.Classes = slices.Clone(s.Classes)
	c.layOut()

	seats, lanes := s.seatTree(), make([]*node, s.SeatSlots())
	first := 0
	for slot, size := range s.sizes() {
		lanes[slot] = balanced(first, first+size)
		c.play(lanes[slot], c.lane)
		first += size
	}
	c.play(seats, func(slot int) []garble.Wire {
		if slot == len(lanes) {
			return c.floorKey()
		}
		return c.seatKey(slot, lanes[slot].key)
	})

	path := c.winningSeat(seats)
	id := append(slices.Clone(path), c.winningLane(seats, path, lanes)...)
	c.r.IDBits = len(id)
	c.r.Circuit = c.Build(append(id, c.price(seats, path)...))
	return c.r, nil
}

// layOut adds all inputs.
func (c *compiler) layOut() {
	r := c.r
	take := func(n int) []garble.Wire {
		c.inputs += n
		return c.Inputs(n)
	}
	lanes := func(j int) {
		for range r.LaneSlots() {
			c.x[j] = append(c.x[j], take(LaneBits))
		}
	}
	lanes(1)
	c.opened[0] = take(r.SeatSlots())
	r.A.To, r.S.From = c.inputs, c.inputs
	for _, size := range r.sizes() {
		from := c.inputs
		for range size {
			c.x[2] = append(c.x[2], take(LaneBits))
		}
		for range size {
			if r.Capped {
				c.caps = append(c.caps, take(ValueBits))
			}
		}
		c.ranks = append(c.ranks, take(r.rankBits()))
		r.seats = append(r.seats, Range{from, c.inputs})
	}
	r.Floor.From = c.inputs
	c.floor = take(ValueBits)
	r.Floor.To, r.S.To, r.B.From = c.inputs, c.inputs, c.inputs
	lanes(0)
	c.opened[1] = take(r.SeatSlots())
	r.B.To = c.inputs
}

// lane is the key of a lane slot: its value in offset binary, then a bit that is 1 if the lane is void.
func (c *compiler) lane(slot int) []garble.Wire {
	key := c.sum(c.x[0][slot], c.x[1][slot], c.x[2][slot])
	const sign = ValueBits - 1
	void := c.Xor(key[sign], key[sign+1]) // out of range: the two top bits differ
	key[sign] = c.Not(key[sign])
	if c.r.Capped {
		void = c.or(void, c.above(key[:ValueBits], c.caps[slot]))
	}
	key[ValueBits] = void
	return key
}

// seatKey is the key of a seat slot: its rank, then the key of its best lane, void unless both garblers opened the box.
func (c *compiler) seatKey(slot int, lane []garble.Wire) []garble.Wire {
	opened := c.And(c.opened[0][slot], c.opened[1][slot])
	valid := c.And(opened, c.Not(lane[ValueBits]))
	key := append(slices.Clone(c.ranks[slot]), lane[:ValueBits]...)
	return append(key, c.Not(valid))
}

// floorKey is the key of the floor: never void, lowest rank.
func (c *compiler) floorKey() []garble.Wire {
	key := slices.Repeat([]garble.Wire{c.Zero()}, c.r.rankBits())
	return append(append(key, c.floor...), c.Zero())
}

// price is the price on the grid, zero unless something is sold.
func (c *compiler) price(seats *node, path []garble.Wire) []garble.Wire {
	// The floor is at the right in all its matches.
	unsold, n := path[0], seats.right
	for i := 1; !n.competitor(); i++ {
		unsold, n = c.And(unsold, path[i]), n.right
	}
	sold := c.Not(unsold)
	price := c.clearing(seats, path)[:c.r.PriceBits]
	for i := range price {
		price[i] = c.And(price[i], sold)
	}
	return price
}
