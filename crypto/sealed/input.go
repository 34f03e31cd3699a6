package sealed

// farAway is an x_2 that puts an unused lane, whose other shares are zero, out of range.
const farAway = 1 << (LaneBits - 2)

// Shares gives share x_j = z_j >> DroppedBits of a lane, for one j. A lane is named by manifest entry and index in the entry's
// Lanes. Bits above LaneBits are ignored.
type Shares func(entry, lane int) uint32

// A appends the values of group A's inputs to dst, one byte 0 or 1 each. x1 is asked about entries that were opened only. The
// shares of others are zero, and their seats do not count.
func (p *Plan) A(dst []byte, x1 Shares, opened func(entry int) bool) []byte {
	return p.garbler(dst, x1, opened)
}

// B appends the values of group B's inputs to dst, like A.
func (p *Plan) B(dst []byte, x0 Shares, opened func(entry int) bool) []byte {
	return p.garbler(dst, x0, opened)
}

func (p *Plan) garbler(dst []byte, x Shares, opened func(entry int) bool) []byte {
	p.eachSeat(func(seat, from, to int) {
		for slot := from; slot < to; slot++ {
			dst = appendBits(dst, p.share(x, opened, seat, slot, 0), LaneBits)
		}
	})
	for _, entry := range p.Seats {
		bit := uint32(0)
		if entry >= 0 && opened(entry) {
			bit = 1
		}
		dst = appendBits(dst, bit, 1)
	}
	return dst
}

// S appends the values of group S's inputs to dst, like A.
func (p *Plan) S(dst []byte, x2 Shares, opened func(entry int) bool) []byte {
	p.eachSeat(func(seat, from, to int) {
		for slot := from; slot < to; slot++ {
			dst = appendBits(dst, p.share(x2, opened, seat, slot, farAway), LaneBits)
		}
		if p.Shape.Capped {
			for _, limit := range p.Caps[from:to] {
				dst = appendBits(dst, limit, ValueBits)
			}
		}
		if n := p.Shape.rankBits(); n > 0 {
			dst = appendBits(dst, p.Ranks[seat], n)
		}
	})
	return appendBits(dst, p.Floor, ValueBits)
}

// eachSeat calls f for every seat slot with the range of its lane slots.
func (p *Plan) eachSeat(f func(seat, from, to int)) {
	from := 0
	for seat, size := range p.Shape.sizes() {
		f(seat, from, from+size)
		from += size
	}
}

// share is the share for a lane slot.
func (p *Plan) share(x Shares, opened func(entry int) bool, seat, slot int, unused uint32) uint32 {
	entry, lane := p.Seats[seat], p.Lanes[slot]
	switch {
	case lane < 0:
		return unused
	case !opened(entry):
		return 0
	}
	return x(entry, lane)
}

// appendBits appends the n lowest bits of v, the lowest first.
func appendBits(dst []byte, v uint32, n int) []byte {
	for range n {
		dst = append(dst, byte(v&1))
		v >>= 1
	}
	return dst
}
