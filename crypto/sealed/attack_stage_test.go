package sealed

import (
	"errors"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Entries of the stage, on which attacks are played.
const (
	wide   = 0 // nine lanes, all low
	third  = 7
	second = 8
	winner = 9
)

// stage is an auction of two classes with unused lanes and an unused seat, and with lane caps. Every bid is of another cell of the
// price grid.
func stage(seed uint64) *trio {
	rng := rngOf(seed)
	s := newSale(message.SecondPrice, 7, 100, 1e-5)
	var lanes []bid
	for k := range uint32(9) {
		lanes = append(lanes, bid{sum: 10_000 * (k + 1), cap: message.NoCap})
	}
	s.enter(rng, lanes...)
	for k := range uint32(winner) {
		s.enter(rng, bid{sum: 300_000 * (k + 1), cap: 1<<30 - 1000})
	}
	s.manifest.Request[0] = byte(seed)
	return newTrio(rng, s, stageCircuits)
}

// stageCircuits keeps the stage's one circuit for all tests. It is safe for concurrent use.
var stageCircuits = &Cache{}

// eachSplit plays an attack once for every way to deal the parts, on an honest run.
func eachSplit(t *testing.T, seed uint64, attack func(t *testing.T, p *play)) {
	t.Helper()
	for attempt := range uint8(scheme.Trustees) {
		q := stage(seed)
		p := q.play(t, q.call(attempt), 0)
		got, err := p.finish()
		if want := q.expected(&p.Roles, 0); err != nil || !got.is(want) || want.entry != winner {
			t.Fatalf("honest run of attempt %d: %+v, %v; want %+v", attempt, got, err, want)
		}
		attack(t, p)
	}
}

// refused requires that a run fails with an error that wraps target.
func (p *play) refused(t *testing.T, what string, target error) {
	t.Helper()
	if got, err := p.finish(); !errors.Is(err, target) || got != (Outcome{}) {
		t.Errorf("%s, parts %v: %+v, %v; want %v", what, p.Roles, got, err, target)
	}
}

// slotOf is the seat slot of an entry and its first lane slot.
func (p *play) slotOf(entry int) (seat, lane int) {
	p.Plan.eachSeat(func(slot, from, _ int) {
		if p.Plan.Seats[slot] == entry {
			seat, lane = slot, from
		}
	})
	return seat, lane
}

// unused is the first unused seat slot and the first unused lane slot of a used seat.
func (p *play) unused() (seat, lane int) {
	seat, lane = -1, -1
	p.Plan.eachSeat(func(slot, from, to int) {
		for k := from; k < to; k++ {
			switch {
			case p.Plan.Seats[slot] < 0 && seat < 0:
				seat = slot
			case p.Plan.Seats[slot] >= 0 && p.Plan.Lanes[k] < 0 && lane < 0:
				lane = k
			}
		}
	})
	return seat, lane
}

// put has a garbler put another value in: it replaces the n labels from an input on. Inputs are those of the circuit.
func (p *play) put(input int, value uint32, n int) {
	part, from := message.Garbler, p.Circuit.A.From
	if input >= p.Circuit.B.From {
		part, from = message.Checker, p.Circuit.B.From
	}
	for i, v := range appendBits(nil, value, n) {
		l := p.made.Label(input+i, v)
		l.Put(p.legs[part].Labels[garble.LabelBytes*(input+i-from):])
	}
}

// inputs are the labels that the evaluator gets, in the circuit's order.
func (p *play) inputs() []garble.Label {
	return labelsFrom(labelsFrom(nil, p.legs[message.Garbler].Labels), p.legs[message.Checker].Labels)
}

// value reads what was put in, with the garblers' knowledge.
func (p *play) value(input, n int) uint32 {
	var bits []byte
	for i, l := range p.inputs()[input : input+n] {
		bits = append(bits, l.Colour()^p.made.Inputs[input+i].Colour())
	}
	return bitsOf(bits)
}

// Inputs of lane and seat slots.
func (p *play) x1Of(lane int) int       { return p.Circuit.A.From + LaneBits*lane }
func (p *play) x0Of(lane int) int       { return p.Circuit.B.From + LaneBits*lane }
func (p *play) flagA(seat int) int      { return p.x1Of(p.Circuit.LaneSlots()) + seat }
func (p *play) flagB(seat int) int      { return p.x0Of(p.Circuit.LaneSlots()) + seat }
func (p *play) sharedOf(seat int) int   { return p.Circuit.SeatRange(seat).From }
func (p *play) capOf(seat int) int      { return p.sharedOf(seat) + LaneBits*p.lanesOf(seat) }
func (p *play) rankOf(seat int) int     { return p.capOf(seat) + ValueBits*p.lanesOf(seat) }
func (p *play) lanesOf(seat int) int    { return p.Plan.Shape.sizes()[seat] }
func flip(bits []byte, at int)          { bits[at/8] ^= 1 << (at % 8) }
func (p *play) flipInB(input int)       { flip(p.legs[message.Garbler].Colours, input-p.Circuit.B.From) }
func (p *play) flipInA(input int)       { flip(p.legs[message.Checker].Colours, input-p.Circuit.A.From) }
func (p *play) flipReveal(n int)        { flip(p.legs[message.Garbler].Reveal, n) }
func (p *play) flipRevealOfCheck(n int) { flip(p.legs[message.Checker].Reveal, n) }
