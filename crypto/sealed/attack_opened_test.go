package sealed

import (
	"errors"
	"slices"
	"testing"

	"cipherbid/crypto/message"
)

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
