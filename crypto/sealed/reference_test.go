package sealed

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"cipherbid/crypto/message"
)

// sale is an auction as the circuit sees it.
type sale struct {
	terms    *message.Terms
	manifest *message.Manifest
	x        [][][3]uint32 // shares of 24 bits, by entry, lane and j
	opened   [2][]bool     // by garbler and entry
}

// result is what becomes of an imp.
type result struct {
	sold        bool
	entry, lane int
	grid        uint32
	price       float64
}

// newSale is an auction without entries.
func newSale(rule message.PriceRule, gridBits uint8, limit float64, floors ...float64) *sale {
	s := &sale{terms: &message.Terms{PriceRule: rule, GridBits: gridBits, Cap: limit}, manifest: &message.Manifest{}}
	for i, f := range floors {
		s.terms.Imps = append(s.terms.Imps, message.Imp{ID: strconv.Itoa(i), Floor: f})
	}
	return s
}

// bid is one lane: its sum of shares, imp, and cap.
type bid struct {
	sum uint32 // modulo 2^24
	imp uint8
	cap int32
}

// enter adds a seat that both garblers can open. Campaigns are numbered within imps.
func (s *sale) enter(rng *rand.Rand, bids ...bid) *sale {
	slices.SortStableFunc(bids, func(a, b bid) int { return int(a.imp) - int(b.imp) })
	var entry message.Entry
	entry.Seat = "seat" + strconv.Itoa(len(s.manifest.Entries))
	var x [][3]uint32
	for i, b := range bids {
		entry.Lanes = append(entry.Lanes, message.Lane{Imp: b.imp, Campaign: uint16(3 * i), Cap: b.cap})
		x0, x1 := rng.Uint32(), rng.Uint32()
		x = append(x, [3]uint32{x0 % (1 << 24), x1 % (1 << 24), (b.sum - x0 - x1) % (1 << 24)})
	}
	s.manifest.Entries = append(s.manifest.Entries, entry)
	s.x = append(s.x, x)
	for i := range s.opened {
		s.opened[i] = append(s.opened[i], true)
	}
	return s
}

// reference decides an imp by the rules, on lanes with 32 bits of which the lowest 8 are zero.
func (s *sale) reference(imp int) result {
	type counting struct {
		entry, lane int
		value       int64 // in lane units
		order       [2]uint64
	}
	floor := int64(math.Ceil(max(-16, math.Log(s.terms.Imps[imp].Floor)-math.Log(s.terms.Cap)+16) * (1 << 26)))
	var all []counting
	for i, entry := range s.manifest.Entries {
		for k, l := range entry.Lanes {
			sum := s.x[i][k][0] + s.x[i][k][1] + s.x[i][k][2]
			value := int64(int32(sum << 8))
			switch {
			case int(l.Imp) != imp || !s.opened[0][i] || !s.opened[1][i]:
			case value < -1<<30 || value >= 1<<30 || value > int64(l.Cap) || value < floor:
			default:
				all = append(all, counting{i, k, value, DrawOrder(&s.manifest.Request, imp, entry.Seat, int(l.Campaign))})
			}
		}
	}
	if len(all) == 0 {
		return result{}
	}
	winner := all[0]
	for _, c := range all[1:] {
		if c.value > winner.value || c.value == winner.value && slices.Compare(c.order[:], winner.order[:]) < 0 {
			winner = c
		}
	}
	price := floor
	for _, c := range all {
		if c.entry != winner.entry || s.terms.PriceRule == message.FirstPrice {
			price = max(price, c.value)
		}
	}
	// A floor between two values is rounded up, then all prices down to the grid.
	cell := math.Ldexp(1, 26-int(s.terms.GridBits))
	units := math.Ceil(float64(price)/256) * 256
	grid := math.Floor((units + 1<<30) / cell)
	r := result{sold: true, entry: winner.entry, lane: winner.lane, grid: uint32(grid), price: s.terms.Imps[imp].Floor}
	point := grid*cell - 1<<30
	if s.terms.PriceRule == message.FirstPrice || point > math.Ceil(float64(floor)/256)*256 {
		r.price = max(r.price, s.terms.Cap*math.Exp(point/(1<<26)-16))
	}
	return r
}

// near allows for the rounding of exp.
func (r result) near(o result) bool {
	p, q := r.price, o.price
	r.price, o.price = 0, 0
	return r == o && math.Abs(p-q) <= 1e-12*max(p, q)
}
