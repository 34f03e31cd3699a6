package sealed

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/message"
)

func TestRoundUp(t *testing.T) {
	grid := []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128}
	for n := 1; n <= 128; n++ {
		i, _ := slices.BinarySearch(grid, n)
		if got := roundUp(n); got != grid[i] {
			t.Errorf("%d is rounded up to %d, want %d", n, got, grid[i])
		}
	}
}

// plain makes seats of the given sizes.
func plain(sizes ...int) *sale {
	s := newSale(message.SecondPrice, 7, 1000, 0)
	for _, n := range sizes {
		s.enter(rngOf(1), slices.Repeat([]bid{{cap: message.NoCap}}, n)...)
	}
	return s
}

func TestPlanShapes(t *testing.T) {
	for _, tc := range []struct {
		sizes []int
		want  string
	}{
		{[]int{1}, "1x1 g7 p2"},
		{[]int{6, 6, 6}, "3x6 g7 p2"},
		{slices.Repeat([]int{6}, 9), "10x6 g7 p2"},
		{[]int{9, 10, 9}, "3x10 g7 p2"},
		{[]int{1, 9, 2, 1, 11, 2, 1}, "1x12+1x10+2x2+3x1 g7 p2"},
		{slices.Repeat([]int{1}, 100), "112x1 g7 p2"},
	} {
		p, err := NewPlan(plain(tc.sizes...).terms, plain(tc.sizes...).manifest, 0)
		if err != nil {
			t.Error(err)
		} else if p.Shape.Key() != tc.want {
			t.Errorf("sizes %v have shape %s, want %s", tc.sizes, p.Shape.Key(), tc.want)
		}
	}
}

// Every bidding lane has one slot, within its seat's; seats of a class and lanes of a seat are in draw order, unused ones last.
func TestPlanPlaces(t *testing.T) {
	s := newSale(message.FirstPrice, 3, 10, 0, 0)
	rng := rngOf(7)
	draw(rng, s, []int{5, 1, 9, 9, 17, 2, 1, 1, 33, 1, 1, 1, 1, 1})
	for imp := range s.terms.Imps {
		p, err := NewPlan(s.terms, s.manifest, imp)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Seats) != p.Shape.SeatSlots() || len(p.Lanes) != p.Shape.LaneSlots() || len(p.Ranks) != len(p.Seats) {
			t.Fatalf("plan for %d seats, %d lanes, %d ranks; shape %s", len(p.Seats), len(p.Lanes), len(p.Ranks), p.Shape.Key())
		}
		placed := map[string]bool{}
		var last []uint64
		var earlier, ranks []uint32
		p.eachSeat(func(seat, from, to int) {
			if seat > 0 && to-from != p.Shape.sizes()[seat-1] {
				last, earlier = nil, nil
			}
			used := true
			for _, lane := range p.Lanes[from:to] {
				if lane < 0 {
					used = false
					continue
				}
				entry := s.manifest.Entries[p.Seats[seat]]
				order := DrawOrder(&s.manifest.Request, imp, entry.Seat, int(entry.Lanes[lane].Campaign))
				if !used || int(entry.Lanes[lane].Imp) != imp || slices.Compare(order[:], last) <= 0 {
					t.Errorf("lane %d of entry %d is out of order", lane, p.Seats[seat])
				}
				placed[fmt.Sprint(p.Seats[seat], lane)] = true
				last = order[:]
			}
			if p.Seats[seat] < 0 {
				if p.Lanes[from] >= 0 {
					t.Errorf("unused seat slot %d has a lane", seat)
				}
				return
			}
			if len(earlier) > 0 && p.Ranks[seat] >= earlier[len(earlier)-1] {
				t.Errorf("rank of seat %d is not below that of the seat before", seat)
			}
			earlier, ranks = append(earlier, p.Ranks[seat]), append(ranks, p.Ranks[seat])
		})
		want := 0
		for _, entry := range s.manifest.Entries {
			for _, l := range entry.Lanes {
				if int(l.Imp) == imp && l.Cap >= -1<<30 {
					want++
				}
			}
		}
		slices.Sort(ranks)
		if len(placed) != want || len(slices.Compact(ranks)) != len(ranks) || ranks[len(ranks)-1] >= 1<<p.Shape.rankBits() {
			t.Errorf("%d of %d lanes are placed, ranks %v", len(placed), want, ranks)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		s      *sale
		imp    int
		noSale bool
		want   string
	}{
		{"nobody", plain(), 0, true, "nobody bids"},
		{"nobody on this imp", newSale(message.FirstPrice, 7, 1, 0, 0).enter(rngOf(1), bid{imp: 1}), 0, true, "nobody bids"},
		{"floor at the cap", newSale(message.FirstPrice, 7, 1, 1).enter(rngOf(1), bid{}), 0, true, "the floor is the cap"},
		{"cap below the range", newSale(message.FirstPrice, 7, 1, 0).enter(rngOf(1), bid{cap: math.MinInt32}), 0, true, "nobody bids"},
		{"too many lanes", plain(2048, 2048, 2048, 2048, 1), 0, false, "more than 4096 seats or 8192 lanes"},
		{"no such imp", plain(1), 1, false, "imp 1: there are 1"},
		{"negative imp", plain(1), -1, false, "imp -1"},
		{"grid", newSale(message.FirstPrice, 13, 1, 0).enter(rngOf(1), bid{}), 0, false, "finer than"},
		{"price rule", newSale(0, 7, 1, 0).enter(rngOf(1), bid{}), 0, false, "price rule 0"},
	} {
		p, err := NewPlan(tc.s.terms, tc.s.manifest, tc.imp)
		if err == nil || p != nil || errors.Is(err, ErrNoSale) != tc.noSale || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, %v", tc.name, p, err)
		}
	}
	if _, err := NewPlan(plain(2048, 2048, 2048, 2048).terms, plain(2048, 2048, 2048, 2048).manifest, 0); err != nil {
		t.Errorf("as many lanes as fit: %v", err)
	}
}

// Every path leads to one slot or is refused, and unused slots are refused.
func TestWinnerPaths(t *testing.T) {
	for _, sizes := range [][]int{{1}, {3, 3, 3}, {1, 9, 2, 1, 4, 2, 1}, slices.Repeat([]int{1}, 9)} {
		s := plain(sizes...)
		p, err := NewPlan(s.terms, s.manifest, 0)
		if err != nil {
			t.Fatal(err)
		}
		length := p.Shape.seatTree().depth + p.Shape.laneDepth()
		won, floor := map[string]int{}, 0
		for n := range 1 << length {
			id := make([]bool, length)
			for i := range id {
				id[i] = n>>i&1 == 1
			}
			entry, lane, sold, err := p.Winner(id)
			switch {
			case err != nil && (entry != 0 || lane != 0 || sold):
				t.Errorf("an error with a winner")
			case err != nil:
			case sold:
				won[fmt.Sprint(entry, lane)]++
			default:
				floor++
			}
		}
		if want := s.manifest.Lanes(); len(won) != want || floor != 1 {
			t.Errorf("sizes %v: paths to %d lanes and %d floors, want %d and 1", sizes, len(won), floor, want)
		}
		for lane, n := range won {
			if n != 1 {
				t.Errorf("sizes %v: %d paths lead to lane %s", sizes, n, lane)
			}
		}
		for _, wrong := range []int{0, length - 1, length + 1} {
			if _, _, _, err := p.Winner(make([]bool, wrong)); err == nil {
				t.Errorf("an id of %d bits instead of %d was accepted", wrong, length)
			}
		}
	}
}

// What is fixed about values of inputs, apart from shares.
func TestUnusedSlots(t *testing.T) {
	s := plain(slices.Repeat([]int{9}, 9)...)
	p, err := NewPlan(s.terms, s.manifest, 0) // 10x10
	if err != nil {
		t.Fatal(err)
	}
	all := func(int) bool { return true }
	ones := func(entry, lane int) uint32 {
		if entry < 0 || lane < 0 {
			t.Error("asked about an unused slot")
		}
		return 1<<32 - 1
	}
	a, shared := p.A(nil, ones, all), p.S(nil, ones, all)
	for slot, lane := range p.Lanes {
		got, x2 := numberOf(bools(a[LaneBits*slot:][:LaneBits])), numberOf(bools(shared[LaneBits*slot:][:LaneBits]))
		if lane < 0 && (got != 0 || x2 != 1<<22) || lane >= 0 && (got != 1<<24-1 || x2 != 1<<24-1) {
			t.Errorf("lane slot %d with lane %d has shares %#x and %#x", slot, lane, got, x2)
		}
	}
	if flags := a[LaneBits*len(p.Lanes):]; !slices.Equal(flags, []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 0}) {
		t.Errorf("seats that were opened: %v", flags)
	}
	never := func(int, int) uint32 { t.Error("asked about a seat that was not opened"); return 0 }
	none := func(int) bool { return false }
	if b := p.B(nil, never, none); slices.Contains(b, 1) || len(b) != len(a) {
		t.Error("a seat that was not opened has a value")
	}
	p.S(nil, never, none)
}

func TestPrice(t *testing.T) {
	for _, tc := range []struct {
		rule  message.PriceRule
		floor float64
		grid  uint32
		want  float64
	}{
		{message.SecondPrice, 0, 0, 0},                          // no rival, no floor: free
		{message.FirstPrice, 0, 0, 1000 * math.Exp(-32)},        // the lowest bid
		{message.SecondPrice, 0, 16 << 7, 1000 * math.Exp(-16)}, // the middle of the range
		{message.FirstPrice, 5, 16 << 7, 5},                     // not below the floor
		{message.FirstPrice, 5, 1<<12 - 1, 1000 * math.Exp(-1./128)},
		{message.SecondPrice, 5, 1<<12 - 1, 1000 * math.Exp(-1./128)},
		// A floor just below a grid point is rounded up to it, yet nobody pays more.
		{message.SecondPrice, 1000 * math.Exp(-1-1e-7), 31 << 7, 1000 * math.Exp(-1-1e-7)},
		{message.SecondPrice, 1000 * math.Exp(-1-1e-4), 31 << 7, 1000 * math.Exp(-1)},
	} {
		s := newSale(tc.rule, 7, 1000, tc.floor)
		if got := Price(s.terms, tc.grid, 0); math.Abs(got-tc.want) > 1e-12*tc.want {
			t.Errorf("rule %d, floor %g, grid %d: %g, want %g", tc.rule, tc.floor, tc.grid, got, tc.want)
		}
	}
}
