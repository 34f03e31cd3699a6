package sealed

import (
	"testing"

	"cipherbid/crypto/message"
)

// lie is a garbler's or checker's attempt to put something in that is not so.
type lie struct {
	name string
	tell func(p *play)
	// works is what the lie would make of the auction if the evaluator believed it: who wins, and whose bid is the price, or -1.
	winner, price int
}

const outOfRange = 1 << (LaneBits - 2) // added to a share, it takes any bid in the upper half of the range out of it

// lies about the shares that only one garbler puts in.
var lies = []lie{
	{"garbler knocks out the winner by x_1", func(p *play) {
		_, lane := p.slotOf(winner)
		p.put(p.x1Of(lane), p.value(p.x1Of(lane), LaneBits)+outOfRange, LaneBits)
	}, second, third},
	{"checker knocks out the winner by x_0", func(p *play) {
		_, lane := p.slotOf(winner)
		p.put(p.x0Of(lane), p.value(p.x0Of(lane), LaneBits)+outOfRange, LaneBits)
	}, second, third},
	{"garbler makes a losing bid the price by x_1", func(p *play) {
		_, lane := p.slotOf(second)
		p.put(p.x1Of(lane), p.value(p.x1Of(lane), LaneBits)+outOfRange, LaneBits)
	}, winner, third},
	{"checker lifts a losing bid by x_0", func(p *play) {
		_, lane := p.slotOf(third)
		p.put(p.x0Of(lane), p.value(p.x0Of(lane), LaneBits)+1_000_000, LaneBits)
	}, third, winner},
	{"garbler lifts the lowest bid by a bit of x_1", func(p *play) {
		_, lane := p.slotOf(wide)
		x := p.x1Of(lane)
		p.put(x, p.value(x, LaneBits)+3_600_000, LaneBits)
	}, wide, winner},
}

// A garbler that lies about its share of a bid is found out by the evaluator, which holds the share too.
func TestLyingAboutAShare(t *testing.T) {
	for _, l := range lies {
		eachSplit(t, 1, func(t *testing.T, p *play) {
			p = p.copy()
			l.tell(p)
			got, err := p.unchecked()
			if err != nil || got.Entry != l.winner || !p.pays(got, l.price) {
				t.Errorf("%s: the attack that the check prevents does not work: %+v, %v", l.name, got, err)
			}
			p.refused(t, l.name, ErrContradiction)
		})
	}
}

// pays reports whether the price of an outcome is in the cell of an entry's highest bid as it was put in honestly.
func (p *play) pays(o Outcome, entry int) bool {
	highest := uint32(0)
	for _, x := range p.trio.x[entry] {
		highest = max(highest, (x[0]+x[1]+x[2])%(1<<LaneBits))
	}
	value := highest + offset
	return o.Price == Price(p.trio.terms, value>>(FractionBits-int(p.trio.terms.GridBits)), p.imp)
}

// lies about what both garblers know: x_2, caps, ranks, floor. The garbler puts them in, the checker vouches for them.
var sharedLies = []lie{
	{"x_2 of the winner", func(p *play) {
		seat, _ := p.slotOf(winner)
		p.put(p.sharedOf(seat), p.value(p.sharedOf(seat), LaneBits)+outOfRange, LaneBits)
	}, second, third},
	{"x_2 of a loser", func(p *play) {
		seat, _ := p.slotOf(third)
		p.put(p.sharedOf(seat), p.value(p.sharedOf(seat), LaneBits)+1_000_000, LaneBits)
	}, third, winner},
	{"cap of the winner", func(p *play) {
		seat, _ := p.slotOf(winner)
		p.put(p.capOf(seat), 0, ValueBits)
	}, second, third},
	{"floor above the second bid", func(p *play) {
		p.put(p.Circuit.Floor.From, 2_550_000+offset, ValueBits)
	}, winner, -1},
	{"floor above all", func(p *play) { p.put(p.Circuit.Floor.From, 1<<ValueBits-1, ValueBits) }, -1, -1},
	{"x_2 of an unused lane", func(p *play) {
		_, lane := p.unused()
		seat, first := p.slotOf(wide)
		p.put(p.sharedOf(seat)+LaneBits*(lane-first), 4_000_000, LaneBits)
	}, -1, -1},
}

func TestLyingAboutWhatBothKnow(t *testing.T) {
	for _, l := range sharedLies {
		eachSplit(t, 2, func(t *testing.T, p *play) {
			p = p.copy()
			l.tell(p)
			got, err := p.unchecked()
			switch {
			case l.winner >= 0 && (err != nil || got.Entry != l.winner || l.price >= 0 && !p.pays(got, l.price)),
				l.winner < 0 && err == nil && got.Sold:
				t.Errorf("%s: the attack that the check prevents does not work: %+v, %v", l.name, got, err)
			}
			p.refused(t, l.name, ErrContradiction)
		})
	}
}

// A rank decides ties only.
func TestLyingAboutARank(t *testing.T) {
	q := stage(3)
	q.x[wide][0] = q.x[winner][0] // a tie between seats of different classes
	q = newTrio(rngOf(3), q.sale, q.cache)
	p := q.play(t, q.call(0), 0)
	honest, err := p.finish()
	if want := q.expected(&p.Roles, 0); err != nil || !honest.is(want) {
		t.Fatalf("honest run: %+v, %v", honest, err)
	}
	lied := p.copy()
	n := p.Plan.Shape.rankBits()
	for entry, rank := range map[int]uint32{wide: 0, winner: 0} {
		if entry != honest.Entry {
			rank = 1<<n - 1
		}
		seat, _ := p.slotOf(entry)
		lied.put(p.rankOf(seat), rank, n)
	}
	if got, err := lied.unchecked(); err != nil || got.Entry == honest.Entry || got.Entry != wide && got.Entry != winner {
		t.Errorf("the attack that the check prevents does not work: %+v, %v", got, err)
	}
	lied.refused(t, "ranks", ErrContradiction)
}

// A checker that vouches for something else stops the auction, and gains nothing.
func TestLyingAboutDigests(t *testing.T) {
	eachSplit(t, 4, func(t *testing.T, p *play) {
		for at := range p.legs[message.Checker].Digests {
			c := p.copy()
			c.legs[message.Checker].Digests[at] ^= 0x10
			c.refused(t, "digest", ErrContradiction)
		}
		c := p.copy()
		c.legs[message.Checker].Digests = c.legs[message.Checker].Digests[:32] // nothing vouched for
		c.refused(t, "no digests", ErrContradiction)
		c = p.copy()
		seat, _ := p.slotOf(winner)
		clear(c.legs[message.Checker].Digests[32+shortDigest*seat:][:shortDigest]) // left out, though it has put the bid in
		c.refused(t, "digest left out", ErrContradiction)
	})
}
