package sealed

import (
	"slices"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// Wrong tables, key or reading of the winner's name stop the auction, whichever row or bit it is.
func TestTamperedCircuit(t *testing.T) {
	eachSplit(t, 11, func(t *testing.T, p *play) {
		for at := 0; at < len(p.made.Tables); at += len(p.made.Tables) / 40 {
			c := p.copy()
			c.legs[message.Garbler].Tables[at] ^= 1
			c.refused(t, "a bit of the tables", ErrContradiction)
		}
		for bit := range p.Circuit.Revealed() {
			c := p.copy()
			c.flipReveal(bit)
			c.refused(t, "a revealed bit, by the garbler", ErrContradiction)
			c = p.copy()
			c.flipRevealOfCheck(bit)
			c.refused(t, "a revealed bit, by the checker", ErrContradiction)
		}
		for part := range p.legs {
			c := p.copy()
			c.legs[part].Share[3] ^= 4
			if out, err := c.evaluated(); err != nil || len(out.Labels) == 0 {
				t.Fatal("what the evaluator can check is as it was")
			}
			c.refused(t, "share of the key", ErrForged)
		}
	})
}

// Garbler and checker have made different circuits: one of them has another secret, or cheats.
func TestTablesThatDiffer(t *testing.T) {
	eachSplit(t, 12, func(t *testing.T, p *play) {
		other := p.trio.secret
		other[0] ^= 1
		for part := range p.legs {
			c := p.copy()
			made := c.Make(&other)
			if message.Part(part) == message.Garbler {
				c.legs[part], c.said[part] = c.Garble(&other, made, c.by[part])
			} else {
				c.legs[part], c.said[part] = c.Check(&other, made, c.by[part])
			}
			c.refused(t, "another secret", ErrContradiction)
		}
		// The garbler swaps the meaning of the price's outputs in tables of its own, and the checker's digest tells.
		c := p.copy()
		seed := garble.Seed{1}
		made := Make(c.Circuit, &seed)
		c.legs[0], c.said[0] = c.Garble(&c.trio.secret, made, c.by[0])
		c.refused(t, "tables from another seed", ErrContradiction)
	})
}

// A corrupted row without a digest makes the auction fail depending on the bids, which is an oracle on them. With it, it always
// fails.
func TestSelectiveFailureByARow(t *testing.T) {
	cache := &Cache{}
	const auctions = 60
	oracles := 0
	for row := 0; row < 400; row += 9 {
		failed := 0
		for n := range uint64(auctions) {
			p := threeSeats(n, cache).play(t, &message.Call{Absent: message.Nobody, Tickets: make([]message.Ticket, 1)}, 0)
			p.legs[message.Garbler].Tables[garble.LabelBytes*row+5] ^= 1
			if _, err := p.unchecked(); err != nil {
				failed++
			}
			p.refused(t, "row", ErrContradiction)
		}
		if failed > 0 && failed < auctions {
			oracles++
		}
	}
	if oracles < 10 {
		t.Errorf("%d rows are an oracle without the digest: the attack that it prevents hardly works", oracles)
	}
}

// threeSeats is the n-th of many auctions of one shape with random bids.
func threeSeats(n uint64, cache *Cache) *trio {
	rng := rngOf(n)
	s := newSale(message.SecondPrice, 7, 100, 0)
	for range 3 {
		s.enter(rng, bid{sum: rng.Uint32N(1<<23) - 1<<22, cap: message.NoCap})
	}
	return newTrio(rng, s, cache)
}

// What a garbler or checker does to a label stops the auction, whatever the bids are, and so tells nothing about them: labels that
// the evaluator reads otherwise, and labels that are none of the two but have a colour that passes.
func TestNoSelectiveFailureByLabels(t *testing.T) {
	cache := &Cache{}
	const auctions = 6
	first := threeSeats(0, cache).play(t, &message.Call{Absent: message.Nobody, Tickets: make([]message.Ticket, 1)}, 0)
	tampered, read := 0, 0
	for input := range first.Circuit.Inputs() {
		for n := range uint64(auctions) {
			q := threeSeats(n, cache)
			p := q.play(t, q.call(0), 0)
			part, at := message.Garbler, input
			if input >= p.Circuit.B.From {
				part, at = message.Checker, input-p.Circuit.B.From
			}
			label := p.legs[part].Labels[garble.LabelBytes*at:][:garble.LabelBytes]
			honest := slices.Clone(label)
			label[n%15+1] ^= 1 << (n % 8) // a label that is none, of the same colour
			if _, err := p.evaluated(); err == nil {
				read++
			}
			p.refused(t, "label that is none", ErrContradiction)
			copy(label, honest)
			label[0] ^= 1 // of the other colour
			p.refused(t, "label of the wrong colour", ErrContradiction)
			tampered++
		}
	}
	// Of A and B, where the evaluator cannot tell such labels from others, the auctioneer can. Those of S have a digest.
	if want := auctions * (first.Circuit.A.Len() + first.Circuit.B.Len()); read != want || tampered <= want {
		t.Errorf("the evaluator has noticed all but %d of %d, want all but %d", read, tampered, want)
	}
}

// The same for colours: a garbler that says wrong ones about the other's labels stops the auction, whatever the bids.
func TestNoSelectiveFailureByColours(t *testing.T) {
	cache := &Cache{}
	for n := range uint64(12) {
		q := threeSeats(n, cache)
		p := q.play(t, q.call(0), 0)
		for input := range p.Circuit.B.Len() - p.Circuit.SeatSlots() {
			c := p.copy()
			c.flipInB(p.Circuit.B.From + input)
			c.refused(t, "colour of x_0", ErrContradiction)
			c = p.copy()
			c.flipInA(p.Circuit.A.From + input)
			c.refused(t, "colour of x_1", ErrContradiction)
		}
	}
}
