package sealed

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

func rngOf(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 0x5ea1ed)) }

// inputs are the values of all inputs of an imp's circuit.
func (s *sale) inputs(p *Plan) []byte {
	share := func(j int) Shares { return func(entry, lane int) uint32 { return s.x[entry][lane][j] } }
	opened := func(i int) func(int) bool { return func(entry int) bool { return s.opened[i][entry] } }
	values := p.A(nil, share(1), opened(0))
	values = p.S(values, share(2), opened(0))
	return p.B(values, share(0), opened(1))
}

func bools(values []byte) []bool {
	b := make([]bool, len(values))
	for i, v := range values {
		b[i] = v == 1
	}
	return b
}

func numberOf(bits []bool) (n uint32) {
	for i, b := range bits {
		if b {
			n |= 1 << i
		}
	}
	return n
}

// rank decides an imp by plan and circuit, and checks on the way what must hold in any auction.
func (s *sale) rank(t *testing.T, cache *Cache, imp int) result {
	t.Helper()
	p, err := NewPlan(s.terms, s.manifest, imp)
	if errors.Is(err, ErrNoSale) {
		return result{}
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.Ranking(&p.Shape)
	if err != nil {
		t.Fatal(err)
	}
	inputs := bools(s.inputs(p))
	outputs, revealed := c.Plain(inputs)
	id, price := outputs[:c.IDBits], outputs[c.IDBits:]
	known := ValueBits * c.LaneSlots()
	if len(price) != c.PriceBits || len(revealed) != known+c.IDBits || !slices.Equal(revealed[known:], id) {
		t.Fatalf("outputs %v, revealed %v, want an id of %d and a price of %d bits", outputs, revealed[known:], c.IDBits, c.PriceBits)
	}
	for i, bit := range revealed[:known] {
		slot := i/ValueBits*LaneBits + i%ValueBits
		if bit != (inputs[c.A.From+slot] != inputs[c.B.From+slot]) {
			t.Fatalf("revealed bit %d is not one of x_0 ^ x_1", i)
		}
	}
	var r result
	if r.entry, r.lane, r.sold, err = p.Winner(id); err != nil {
		t.Fatal(err)
	}
	if r.grid = numberOf(price); r.sold {
		r.price = Price(s.terms, r.grid, imp)
	}
	return r
}

// check compares circuit and reference on every imp.
func (s *sale) check(t *testing.T, cache *Cache) {
	t.Helper()
	for imp := range s.terms.Imps {
		if got, want := s.rank(t, cache, imp), s.reference(imp); !got.near(want) {
			t.Errorf("imp %d: got %+v, want %+v", imp, got, want)
		}
	}
}

// edges are the sums at which something changes.
var edges = []uint32{0, 1<<24 - 1, 1<<22 - 1, 1 << 22, 1 << 23, 1<<23 - 1, 3 << 22, 3<<22 - 1, 1, 1<<22 - 2, 3<<22 + 1}

// draw fills a sale with bids for seats of the given sizes.
func draw(rng *rand.Rand, s *sale, sizes []int) {
	var pool []uint32
	for range 1 + rng.IntN(4) {
		pool = append(pool, rng.Uint32N(1<<22))
	}
	kind := rng.IntN(5)
	sum := func() uint32 {
		switch k := rng.IntN(8); {
		case kind == 0: // all equal
			return pool[0]
		case kind == 1 || k == 0: // few values
			return pool[rng.IntN(len(pool))]
		case kind == 2 || k == 1:
			return edges[rng.IntN(len(edges))]
		case kind == 3 && k < 5: // close to each other
			return pool[0] + rng.Uint32N(3)
		case k == 2:
			return rng.Uint32N(1 << 24)
		}
		return rng.Uint32N(1<<23) - 1<<22
	}
	caps := rng.IntN(3) == 0
	for i := range s.terms.Imps {
		if rng.IntN(3) > 0 { // at a bid, beside it, or anywhere
			beside := float64(int32(sum()<<8)>>8) + float64(rng.IntN(3)-1)/2
			s.terms.Imps[i].Floor = min(s.terms.Cap, s.terms.Cap*math.Exp(beside/(1<<18)-16))
		}
	}
	for _, size := range sizes {
		var bids []bid
		for range size {
			b := bid{sum(), uint8(rng.IntN(len(s.terms.Imps))), message.NoCap}
			if caps && rng.IntN(2) == 0 {
				b.cap = int32(sum()<<8) + int32(rng.IntN(3)-1)
			}
			bids = append(bids, b)
		}
		s.enter(rng, bids...)
	}
	for i := range s.opened {
		for entry := range s.opened[i] {
			s.opened[i][entry] = rng.IntN(10) > 0
		}
	}
	for i := range s.manifest.Request {
		s.manifest.Request[i] = byte(rng.Uint32())
	}
}

// TestRandomAuctions compares the circuit with the reference on auctions of all sizes and forms.
func TestRandomAuctions(t *testing.T) {
	cache := &Cache{}
	forms, each := 120, 20
	if testing.Short() {
		forms = 30
	}
	sold, forSale, classes := 0, 0, map[int]int{}
	for n := range forms {
		rng := rngOf(uint64(n))
		lanes := 1 + rng.IntN(1<<(1+rng.IntN(7)))
		var sizes []int
		largest := 1 + rng.IntN(1<<rng.IntN(5))
		equal := rng.IntN(2) == 0
		for lanes > 0 {
			size := largest
			if !equal {
				size = 1 + rng.IntN(largest)
			}
			sizes = append(sizes, min(size, lanes))
			lanes -= size
		}
		imps := make([]float64, 1+rng.IntN(1+rng.IntN(3)))
		for k := range each {
			s := newSale(message.PriceRule(1+n%2), uint8(n%13), math.Exp(rng.Float64()*20-6), imps...)
			draw(rng, s, sizes)
			s.check(t, cache)
			if t.Failed() {
				t.Fatalf("form %d, auction %d: sizes %v, terms %+v, x %v, opened %v", n, k, sizes, s.terms, s.x, s.opened)
			}
			for imp := range imps {
				forSale++
				if s.reference(imp).sold {
					sold++
				}
				if p, err := NewPlan(s.terms, s.manifest, imp); err == nil {
					classes[len(p.Shape.Classes)]++
				}
			}
		}
	}
	t.Logf("%d imps, %d sold, by number of classes %v", forSale, sold, classes)
	if sold < forSale/3 || sold == forSale || classes[1] == 0 || classes[2] == 0 || classes[3] == 0 {
		t.Error("the auctions are not as different as they should be")
	}
}

// TestEdges compares every pair of edge values, as two seats and as two lanes of one seat, with every edge as a floor and a cap.
func TestEdges(t *testing.T) {
	cache := &Cache{}
	rng := rngOf(1)
	limits := []int32{message.NoCap}
	for _, e := range edges {
		limits = append(limits, int32(e<<8), int32(e<<8)-1)
	}
	for rule := message.FirstPrice; rule <= message.SecondPrice; rule++ {
		for _, x := range edges {
			for _, y := range edges {
				for k, f := range append(edges, 0) {
					floor := 0.0
					if k < len(edges) {
						floor = min(1, math.Exp(float64(int32(f<<8)>>8)/(1<<18)-16))
					}
					limit := limits[rng.IntN(len(limits))]
					a, b := bid{sum: x, cap: message.NoCap}, bid{sum: y, cap: limit}
					grid := uint8(k)
					newSale(rule, grid, 1, floor).enter(rng, a).enter(rng, b).check(t, cache)
					newSale(rule, grid, 1, floor).enter(rng, a, b).check(t, cache)
					newSale(rule, grid, 1, floor).enter(rng, b).check(t, cache)
					newSale(rule, grid, 1, floor).enter(rng, a, b).enter(rng, a).check(t, cache)
					if t.Failed() {
						t.Fatalf("rule %d, bids %#x and %#x, cap %#x, floor %#x", rule, x, y, limit, f)
					}
				}
			}
		}
	}
}

func TestBidAtTheFloorBeatsIt(t *testing.T) {
	for rule := message.FirstPrice; rule <= message.SecondPrice; rule++ {
		for _, floor := range []float64{math.Exp(-32), 1e-6, 0.01, 0.5, 0.999} {
			s := newSale(rule, 12, 1, floor)
			value := uint32(floorValue(s.terms, 0)) - 1<<22 // a sum again
			lowest := bid{sum: value % (1 << 24), cap: message.NoCap}
			if got := s.enter(rngOf(1), lowest).rank(t, &Cache{}, 0); !got.sold || got.price < floor || got.price > floor*(1+1e-5) {
				t.Errorf("at floor %g: %+v", floor, got)
			}
			below := newSale(rule, 12, 1, floor).enter(rngOf(1), bid{sum: (value - 1) % (1 << 24), cap: message.NoCap})
			if got := below.rank(t, &Cache{}, 0); got != (result{}) {
				t.Errorf("below floor %g: %+v", floor, got)
			}
		}
	}
}

// A seat does not count unless both garblers could open it, and then sets no price either.
func TestSeatsThatWereNotOpened(t *testing.T) {
	high, low := bid{sum: 1 << 21, cap: message.NoCap}, bid{sum: 1 << 19, cap: message.NoCap}
	for _, tc := range []struct {
		opened [2]bool // of the high seat, by garbler
		entry  int
		grid   uint32
	}{
		{[2]bool{true, true}, 1, (1<<22 + 1<<19) >> 11},
		{[2]bool{true, false}, 0, 0},
		{[2]bool{false, true}, 0, 0},
		{[2]bool{false, false}, 0, 0},
	} {
		s := newSale(message.SecondPrice, 7, 1, 0).enter(rngOf(1), low).enter(rngOf(2), high)
		s.opened[0][1], s.opened[1][1] = tc.opened[0], tc.opened[1]
		if got := s.rank(t, &Cache{}, 0); !got.sold || got.entry != tc.entry || got.grid != tc.grid {
			t.Errorf("opened %v: %+v", tc.opened, got)
		}
	}
}

// Garbled, with reveals and all, the circuit does the same as in the clear.
func TestGarbled(t *testing.T) {
	for n, sizes := range [][]int{{1}, {1, 1, 1}, {4, 2, 2, 1}} {
		for rule := message.FirstPrice; rule <= message.SecondPrice; rule++ {
			rng := rngOf(uint64(n))
			s := newSale(rule, 7, 100, 0)
			draw(rng, s, sizes)
			p, err := NewPlan(s.terms, s.manifest, 0)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Compile(&p.Shape)
			if err != nil {
				t.Fatal(err)
			}
			g := c.Garble(&garble.Seed{byte(n)}, nil)
			values := s.inputs(p)
			labels := make([]garble.Label, len(values))
			for i, v := range values {
				labels[i] = g.Label(i, v)
			}
			outputs, revealed, err := c.Evaluate(&g.Kappa, labels, g.Tables, g.Reveal)
			if err != nil {
				t.Fatal(err)
			}
			want, wantRevealed := c.Plain(bools(values))
			for i, w := range want {
				v := byte(0)
				if w {
					v = 1
				}
				if outputs[i] != g.OutputLabel(i, v) {
					t.Errorf("%s: output %d is not %v", p.Shape.Key(), i, w)
				}
			}
			for i, w := range wantRevealed {
				if revealed[i/8]>>(i%8)&1 == 1 != w {
					t.Errorf("%s: revealed bit %d is not %v", p.Shape.Key(), i, w)
				}
			}
		}
	}
}

// The ranges of the groups follow each other and cover all inputs, seats and floor cover group S, and plans fill them.
func TestLayout(t *testing.T) {
	for _, key := range []string{"1x1 g0 p1", "10x6 g7 p2", "3x2 g7 p2 capped", "2x6+1x4+9x1 g7 p1 capped"} {
		s, err := ParseShape(key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Compile(&s)
		if err != nil {
			t.Fatal(err)
		}
		at := c.S.From
		for seat := range c.SeatSlots() {
			if r := c.SeatRange(seat); r.From != at || r.Len() < LaneBits {
				t.Errorf("%s: seat %d is at %v, want it from %d", key, seat, r, at)
			} else {
				at = r.To
			}
		}
		ends := fmt.Sprint(c.A.From, c.S.From, c.Floor.From, c.B.From, c.B.To)
		if want := fmt.Sprint(0, c.A.To, at, c.S.To, c.Inputs()); ends != want || c.Floor != (Range{at, at + ValueBits}) {
			t.Errorf("%s: groups at %s, want %s", key, ends, want)
		}
		garbler := LaneBits*c.LaneSlots() + c.SeatSlots()
		if c.A.Len() != garbler || c.B.Len() != garbler {
			t.Errorf("%s: groups A and B of %d and %d, want %d", key, c.A.Len(), c.B.Len(), garbler)
		}
		if c.Outputs() != c.IDBits+c.PriceBits || c.PriceBits != 5+int(s.GridBits) {
			t.Errorf("%s: %d outputs, %d of id, %d of price", key, c.Outputs(), c.IDBits, c.PriceBits)
		}
	}
}
