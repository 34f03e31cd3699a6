package sealed

import (
	"errors"
	"slices"
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

// A bid where there is none: neither an unused seat nor an unused lane of a seat can be brought to life.
func TestBidInAnUnusedSlot(t *testing.T) {
	eachSplit(t, 5, func(t *testing.T, p *play) {
		seat, lane := p.unused()
		if seat < 0 || lane < 0 {
			t.Fatal("the stage has no unused slots")
		}
		both := p.copy() // would need both garblers
		both.put(p.flagA(seat), 1, 1)
		both.put(p.flagB(seat), 1, 1)
		both.put(p.sharedOf(seat), 4_000_000, LaneBits)
		if got, err := both.unchecked(); err == nil {
			t.Errorf("the auctioneer takes an unused seat for the winner: %+v", got)
		}
		both.refused(t, "unused seat", ErrContradiction)
		for name, flag := range map[string]int{"garbler": p.flagA(seat), "checker": p.flagB(seat)} {
			one := p.copy()
			one.put(flag, 1, 1)
			if got, err := one.unchecked(); err != nil || got.Entry != winner {
				t.Errorf("%s alone brings an unused seat to life: %+v, %v", name, got, err)
			}
			one.refused(t, name+" opens an unused seat", ErrContradiction)
		}
		for name, x := range map[string]int{"garbler": p.x1Of(lane), "checker": p.x0Of(lane)} {
			c := p.copy()
			c.put(x, 1<<LaneBits-outOfRange+4_000_000, LaneBits) // makes up for farAway
			if got, err := c.unchecked(); err == nil {
				t.Errorf("the auctioneer takes an unused lane for the winner: %+v", got)
			}
			c.refused(t, name+" bids on an unused lane", ErrContradiction)
		}
	})
}

// Garbler and checker each say by their own labels whether they could open an answer, and the evaluator reads that with the
// other's colours. A lie about those must not switch off the check of what both know.
func TestLyingAboutWhatTheOtherOpened(t *testing.T) {
	eachSplit(t, 6, func(t *testing.T, p *play) {
		seat, _ := p.slotOf(winner)
		c := p.copy()
		c.flipInB(p.flagB(seat)) // the evaluator reads that the checker has not opened the winner's answer, though it has
		c.refused(t, "garbler misreads the checker", ErrContradiction)
		c.put(p.sharedOf(seat), c.value(p.sharedOf(seat), LaneBits)+outOfRange, LaneBits)
		if got, err := c.unchecked(); err != nil || got.Entry != second || !p.pays(got, third) {
			t.Errorf("the attack that the check prevents does not work: %+v, %v", got, err)
		}
		c.refused(t, "garbler misreads the checker and lies about x_2", ErrContradiction)

		c = p.copy()
		c.flipInA(p.flagA(seat)) // the other way round it changes nothing: the garbler's labels are what they are
		if got, err := c.finish(); err != nil || got.Entry != winner || !p.pays(got, second) {
			t.Errorf("checker misreads the garbler: %+v, %v", got, err)
		}
	})
}

// A trustee that says it cannot open an answer takes it out of the auction: it must not go unnoticed.
func TestAnswersThatOneCannotOpen(t *testing.T) {
	for attempt := range uint8(3) {
		for trustee := range 3 {
			q := stage(7)
			q.close(trustee, winner)
			p := q.play(t, q.call(attempt), 0)
			got, err := p.finish()
			want := q.expected(&p.Roles, 0)
			counts := p.Roles.PartOf(trustee) == message.Evaluator
			if err != nil || !got.is(want) || (want.entry == winner) != counts {
				t.Errorf("trustee %d, parts %v: %+v, %v; want %+v", trustee, p.Roles, got, err, want)
			}
			// What others put in is compared all the same.
			seat, lane := p.slotOf(second)
			for name, lie := range map[string]func(*play){
				"x_1": func(c *play) { c.put(p.x1Of(lane), c.value(p.x1Of(lane), LaneBits)+outOfRange, LaneBits) },
				"x_0": func(c *play) { c.put(p.x0Of(lane), c.value(p.x0Of(lane), LaneBits)+outOfRange, LaneBits) },
				"x_2": func(c *play) { c.put(p.sharedOf(seat), c.value(p.sharedOf(seat), LaneBits)+outOfRange, LaneBits) },
			} {
				c := p.copy()
				lie(c)
				c.refused(t, name+" where another answer is closed", ErrContradiction)
			}
		}
	}
}

// Of an answer that the evaluator cannot open, it sees no more than of any other, and what both garblers know is compared still.
func TestAnswerThatTheEvaluatorCannotOpen(t *testing.T) {
	for attempt := range uint8(3) {
		q := stage(8)
		roles := RolesOf(&q.manifest.Request, attempt, message.Nobody)
		q.close(roles[message.Evaluator], winner)
		p := q.play(t, q.call(attempt), 0)
		if got, err := p.finish(); err != nil || got.Entry != winner {
			t.Fatalf("honest run: %+v, %v", got, err)
		}
		seat, _ := p.slotOf(winner)
		p.put(p.sharedOf(seat), p.value(p.sharedOf(seat), LaneBits)+outOfRange, LaneBits)
		p.refused(t, "x_2 of an answer that the evaluator cannot open", ErrContradiction)
	}
}

// A garbler that leaves a rival's answer out although it says that it has opened it is found out by the auctioneer, to whom the
// evaluator tells what it has read.
func TestLeavingAnAnswerOut(t *testing.T) {
	eachSplit(t, 9, func(t *testing.T, p *play) {
		seat, _ := p.slotOf(winner)
		honest, err := p.evaluated()
		if err != nil {
			t.Fatal(err)
		}
		all := make([]message.Status, len(p.trio.manifest.Entries))
		if err := p.CheckOpened(honest, all, all); err != nil {
			t.Errorf("honest run: %v", err)
		}
		for part, flag := range []int{p.flagA(seat), p.flagB(seat)} {
			c := p.copy()
			c.put(flag, 0, 1)
			if message.Part(part) == message.Checker {
				clear(c.legs[message.Checker].Digests[32+shortDigest*seat:][:shortDigest])
			}
			out, err := c.evaluated()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.read(out); err != nil || got.Entry != second {
				t.Errorf("the attack that the comparison prevents does not work: %+v, %v", got, err)
			}
			if err := c.CheckOpened(out, all, all); !errors.Is(err, ErrContradiction) {
				t.Errorf("%s leaves the winner out: %v", message.Part(part), err)
			}
			admitted := [2][]message.Status{slices.Clone(all), slices.Clone(all)}
			admitted[part][winner] = message.BadBox
			if err := c.CheckOpened(out, admitted[0], admitted[1]); err != nil {
				t.Errorf("%s says that it could not open it: %v", message.Part(part), err)
			}
			if err := c.CheckOpened(honest, admitted[0], admitted[1]); !errors.Is(err, ErrContradiction) {
				t.Errorf("%s puts in what it says it has not: %v", message.Part(part), err)
			}
		}
		for _, n := range []int{0, len(honest.Opened) - 1} {
			short := *honest
			short.Opened = honest.Opened[:n]
			if err := p.CheckOpened(&short, all, all); !errors.Is(err, ErrContradiction) {
				t.Errorf("the evaluator says nothing of some seats: %v", err)
			}
		}
	})
}
