package sealed

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// Entries of the twins.
const (
	lowest = iota
	top
	middle
)

// twins are two auctions with one winner, in which the evaluator holds the same shares of every bid, but of which the lowest bid
// differs, and unless they are alike the second highest too. The n-th twins have the n-th secret of their garblers.
func twins(t testing.TB, n uint64, alike bool) (both [2]*play) {
	for i := range both {
		rng := rngOf(61)
		s := newSale(message.SecondPrice, 7, 100, 1e-4)
		for _, sum := range []uint32{100_000, 3_000_000, 2_000_000} {
			s.enter(rng, bid{sum: sum, cap: message.NoCap})
		}
		hidden := RolesOf(&s.manifest.Request, 0, message.Nobody)[message.Evaluator]
		if i == 1 {
			add(&s.x[lowest][0][hidden], 1_234_567)
		}
		if i == 1 && !alike {
			add(&s.x[middle][0][hidden], -555_555)
		}
		q := newTrio(rngOf(62), s, stageCircuits)
		binary.LittleEndian.PutUint64(q.secret[:], n)
		both[i] = q.play(t, q.call(0), 0)
	}
	return both
}

func add(x *uint32, n int) { *x = uint32(int(*x)+n) % (1 << LaneBits) }

// revealed is what an evaluator reads while it evaluates.
func (p *play) revealed(t *testing.T) []byte {
	t.Helper()
	_, revealed, err := p.Circuit.Evaluate(&p.made.Kappa, p.inputs(), p.made.Tables, p.made.Reveal)
	if err != nil {
		t.Fatal(err)
	}
	return revealed
}

// What an evaluator is sent in two auctions with one winner, of which it holds the same shares, differs in nothing but the
// labels of x_2, the share that it does not hold, and their digests. What it reads in it follows from its shares and the winner.
func TestEvaluatorSeesTheWinnerOnly(t *testing.T) {
	for n := range uint64(20) {
		both := twins(t, n, false)
		outcomes := [2]Outcome{mustFinish(t, both[0]), mustFinish(t, both[1])}
		if outcomes[0].Entry != top || outcomes[1].Entry != top || outcomes[0].Price == outcomes[1].Price {
			t.Fatalf("outcomes %+v", outcomes)
		}
		x, y := both[0].legs, both[1].legs
		shared := garble.LabelBytes * both[0].Circuit.A.Len()
		if bytes.Equal(x[0].Labels[shared:], y[0].Labels[shared:]) || bytes.Equal(x[1].Digests, y[1].Digests) {
			t.Fatal("x_2 is the same")
		}
		for _, legs := range []*[2]message.LegImp{&x, &y} {
			legs[0].Labels = legs[0].Labels[:shared]
			legs[1].Digests = legs[1].Digests[:32]
		}
		if !reflect.DeepEqual(x, y) {
			t.Error("the legs differ in more than labels of x_2")
		}
		read := both[0].revealed(t)
		if !bytes.Equal(read, both[1].revealed(t)) {
			t.Error("what is revealed depends on losing bids")
		}
		if want := both[0].simulated(); !bytes.Equal(read, want) {
			t.Errorf("revealed is %x, shares and winner give %x", read, want)
		}
	}
}

// simulated is what the evaluator may read, from its shares and the winner: the lower bits of x_0 ^ x_1, and the path.
func (p *play) simulated() []byte {
	var values []byte
	h := p.by[message.Evaluator]
	p.Plan.eachSeat(func(seat, from, to int) {
		for slot := from; slot < to; slot++ {
			x0 := p.Plan.share(h.of(&p.Roles, message.Garbler), h.opened, seat, slot, 0)
			x1 := p.Plan.share(h.of(&p.Roles, message.Checker), h.opened, seat, slot, 0)
			values = appendBits(values, x0^x1, ValueBits)
		}
	})
	values = append(values, p.pathTo(top)...)
	packed := make([]byte, (len(values)+7)/8)
	for i, v := range values {
		packed[i/8] |= v << (i % 8)
	}
	return packed
}

// In the auctioneer's hands two auctions with one winner and price are the same, byte by byte, whatever the other bids. It is
// told one label of each bit of name and price, and nothing about any other wire.
func TestAuctioneerSeesWinnerAndPriceOnly(t *testing.T) {
	for n := range uint64(20) {
		both := twins(t, n, true)
		var told [2][3]message.RankedImp
		for i, p := range both {
			out, err := p.evaluated()
			if err != nil {
				t.Fatal(err)
			}
			told[i] = [3]message.RankedImp{p.said[0], p.said[1], *out}
		}
		if !reflect.DeepEqual(told[0], told[1]) {
			t.Error("what the auctioneer is told depends on a bid that neither wins nor sets the price")
		}
		p, x := both[0], told[0]
		sizes := []int{len(x[0].Table) + len(x[0].Labels) + len(x[0].Opened), len(x[1].Table), len(x[1].Labels) + len(x[1].Opened), len(x[2].Table), len(x[2].Labels)}
		outputs := p.Circuit.IDBits + p.Circuit.PriceBits
		if !slices.Equal(sizes, []int{0, 2 * hashBytes * outputs, 0, 0, garble.LabelBytes * outputs}) {
			t.Errorf("the auctioneer is told %v bytes for %d outputs", sizes, outputs)
		}
		other := twins(t, n, false)[1]
		out, err := other.evaluated()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(out.Labels, x[2].Labels) || !bytes.Equal(out.Labels[:garble.LabelBytes*p.Circuit.IDBits], x[2].Labels[:garble.LabelBytes*p.Circuit.IDBits]) {
			t.Error("another price changes something else than the price's labels")
		}
	}
}

// If nothing sells, the best losing bid must not show: the price's outputs are zero whatever the bids are.
func TestNothingShowsIfNothingSells(t *testing.T) {
	for _, rule := range []message.PriceRule{message.FirstPrice, message.SecondPrice} {
		var before []byte
		for _, sums := range [][]uint32{{1, 2, 3}, {1_000_000, 3_999_999, 3_999_998}, {1 << 22, 1 << 23, 1<<24 - 1}} {
			rng := rngOf(63)
			s := newSale(rule, 7, 100, 99)
			for _, sum := range sums {
				s.enter(rng, bid{sum: sum, cap: message.NoCap})
			}
			q := newTrio(rngOf(64), s, stageCircuits)
			p := q.play(t, q.call(0), 0)
			out, err := p.evaluated()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.read(out); err != nil || got != (Outcome{}) {
				t.Errorf("bids %v: %+v, %v", sums, got, err)
			}
			if before != nil && !bytes.Equal(before, out.Labels) {
				t.Error("the auctioneer can tell auctions apart in which nothing sells")
			}
			before = out.Labels
		}
	}
}

// sample collects bits of views, a row for each kind of bit.
type sample struct {
	rows [][]uint64
	n    int
}

func (s *sample) add(view []byte) {
	if s.rows == nil {
		s.rows = make([][]uint64, len(view))
	}
	for i, v := range view {
		if s.n%64 == 0 {
			s.rows[i] = append(s.rows[i], 0)
		}
		s.rows[i][s.n/64] |= uint64(v&1) << (s.n % 64)
	}
	s.n++
}

// bias is how far the bits, or the sums of two of them, are from fair coins: the chi-square statistic of all, in deviations.
func (s *sample) bias(pairs bool) float64 {
	sum, count := 0.0, 0
	note := func(ones int) {
		z := (2*float64(ones) - float64(s.n)) / math.Sqrt(float64(s.n))
		sum += z * z
		count++
	}
	for i, row := range s.rows {
		if !pairs {
			note(ones(row, make([]uint64, len(row))))
			continue
		}
		for _, other := range s.rows[:i] {
			note(ones(row, other))
		}
	}
	return (sum - float64(count)) / math.Sqrt(2*float64(count))
}

func ones(a, b []uint64) (n int) {
	for i := range a {
		n += bits.OnesCount64(a[i] ^ b[i])
	}
	return n
}

// The labels that do depend on what an evaluator must not know, those of x_2, the floor and the price, look like noise: each of
// their colours, and each sum of two colours, is a fair coin, in both of two auctions with other losing bids. What garblers keep
// to themselves would show everything.
func TestLabelsOfSecretsAreNoise(t *testing.T) {
	const runs, deviations = 2048, 4.5
	var views [2]sample
	var control sample
	for n := range uint64(runs) {
		for i, p := range twins(t, 1000+2*n, false) {
			out, err := p.evaluated()
			if err != nil {
				t.Fatal(err)
			}
			var view, kept []byte
			shared := labelsFrom(nil, p.legs[0].Labels[garble.LabelBytes*p.Circuit.A.Len():])
			for k, l := range shared {
				view = append(view, l.Colour())
				kept = append(kept, l.Colour()^p.made.Inputs[p.Circuit.S.From+k].Colour())
			}
			for _, l := range labelsFrom(nil, out.Labels[garble.LabelBytes*p.Circuit.IDBits:]) {
				view = append(view, l.Colour())
			}
			// What else the evaluator is sent: parts of the tables, the digests, its share of the key.
			for at := 0; at < len(p.made.Tables); at += len(p.made.Tables)/50 + 3 {
				view = append(view, p.made.Tables[at])
			}
			view = append(view, p.legs[1].Digests...)
			view = append(view, p.legs[0].Share[:]...)
			view = append(view, p.legs[1].Share[:]...)
			views[i].add(view)
			if i == 0 {
				control.add(kept)
			}
		}
	}
	for i := range views {
		for _, pairs := range []bool{false, true} {
			if bias := views[i].bias(pairs); math.Abs(bias) > deviations {
				t.Errorf("auction %d, pairs %v: %d bits are %.1f deviations from fair", i, pairs, len(views[i].rows), bias)
			} else {
				t.Logf("auction %d, pairs %v: %d bits, %.1f deviations", i, pairs, len(views[i].rows), bias)
			}
		}
	}
	if control.bias(false) < 1000 {
		t.Errorf("the test does not see x_2 where it is plain: %.1f deviations", control.bias(false))
	}
}
