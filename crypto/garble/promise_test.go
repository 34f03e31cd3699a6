package garble

import (
	"fmt"
	"math/bits"
	"testing"
)

// everywhere is a circuit of which every gate is an output, so that tests see all labels.
func everywhere(reveals bool) *Circuit {
	b := new(Builder)
	in := b.Inputs(6)
	var out []Wire
	carry := b.And(in[0], in[1])
	out = append(out, carry)
	for i := range in[2:] {
		x := b.Xor(in[i], carry)
		y := b.Not(b.And(x, in[i+2]))
		if reveals && i == 1 {
			b.Reveal(y)
		}
		carry = b.Xor(carry, b.And(y, in[i+1]))
		out = append(out, x, y, carry)
	}
	return b.Build(out)
}

// Whatever the inputs are, each bit of each label that an evaluator sees, colours among them, is a fair coin over the seeds, and
// so is each bit of the tables.
func TestViewLooksRandom(t *testing.T) {
	rng := rngFor(t, 10)
	const seeds = 2000
	fair := func(what string, ones int) {
		t.Helper()
		if d := ones - seeds/2; d*d > seeds*9 { // six deviations
			t.Errorf("%s: %d of %d ones", what, ones, seeds)
		}
	}
	for _, reveals := range []bool{false, true} {
		c := everywhere(reveals)
		for _, value := range []byte{0, 1} {
			labelOnes := make([][128]int, c.inputs+c.Outputs())
			tableOnes := make([]int, 8*c.TableBytes())
			for range seeds {
				g := c.Garble(randomSeed(rng), nil)
				labels := make([]Label, c.inputs)
				for i := range labels {
					labels[i] = g.Label(i, value)
				}
				outputs, _, err := c.Evaluate(&g.Kappa, labels, g.Tables, g.Reveal)
				if err != nil {
					t.Fatal(err)
				}
				for i, l := range append(labels, outputs...) {
					for j := range 64 {
						labelOnes[i][j] += int(l.lo >> j & 1)
						labelOnes[i][64+j] += int(l.hi >> j & 1)
					}
				}
				for i := range tableOnes {
					tableOnes[i] += int(g.Tables[i/8] >> (i % 8) & 1)
				}
			}
			for i := range labelOnes {
				for j, n := range labelOnes[i] {
					fair(fmt.Sprintf("bit %d of label %d", j, i), n)
				}
			}
			for i, n := range tableOnes {
				fair(fmt.Sprintf("bit %d of the tables", i), n)
			}
		}
	}
}

// Changed tables and labels give labels that are no labels of their wires, and never the other value's.
func TestTamperingForgesNothing(t *testing.T) {
	rng := rngFor(t, 11)
	c := everywhere(true)
	changed := 0
	const tries = 4000
	for try := range tries {
		g := c.Garble(randomSeed(rng), nil)
		inputs := make([]bool, c.inputs)
		for i := range inputs {
			inputs[i] = rng.IntN(2) == 1
		}
		labels := active(g, inputs)
		want, _, err := c.Evaluate(&g.Kappa, labels, g.Tables, g.Reveal)
		if err != nil {
			t.Fatal(err)
		}
		if try%2 == 0 {
			g.Tables[rng.IntN(len(g.Tables))] ^= 1 << rng.IntN(8)
		} else {
			labels[rng.IntN(len(labels))].hi ^= 1 << rng.IntN(64)
		}
		got, _, err := c.Evaluate(&g.Kappa, labels, g.Tables, g.Reveal)
		if err != nil {
			t.Fatal(err)
		}
		differs := false
		for i := range got {
			differs = differs || got[i] != want[i]
			if got[i] == want[i].Xor(g.Delta) {
				t.Fatalf("try %d: output %d is forged", try, i)
			}
		}
		if differs {
			changed++
		} else if try%2 == 1 {
			t.Fatal("a changed label changes nothing")
		}
	}
	// An evaluation uses half of the rows, and all of the labels.
	if share := float64(changed) / tries; share < 0.70 || share > 0.80 {
		t.Errorf("%.2f of the changes were seen", share)
	}
}

// Never evaluate a garbling on two inputs. Here somebody compares a number of their own with a secret one, learns that it is
// smaller, and gets labels for a second number. They make the labels of all numbers from that, and search.
func TestTwoInputsRevealEverything(t *testing.T) {
	const width = 32
	b := new(Builder)
	mine, secret := b.Inputs(width), b.Inputs(width)
	below := less(b, mine, secret)
	b.Reveal(below)
	c := b.Build([]Wire{below})

	g := c.Garble(&Seed{7}, nil)
	const number = uint32(0xc0ffee)
	var theirs []Label
	for i := range width {
		theirs = append(theirs, g.Label(width+i, byte(number>>i&1)))
	}
	first, second := make([]Label, width), make([]Label, width)
	for i := range width {
		first[i], second[i] = g.Label(i, 0), g.Label(i, byte(5>>i&1))
	}

	delta := first[0].Xor(second[0]) // the numbers 0 and 5 differ in bit 0
	if delta != g.Delta {
		t.Fatal("two labels of a wire do not differ by Delta")
	}
	found := uint32(0) // the greatest number that is below the secret one, bit by bit
	for i := width - 1; i >= 0; i-- {
		try := found | 1<<i
		labels := make([]Label, width)
		for j := range labels {
			labels[j] = first[j].Xor(delta.choose(uint64(try >> j)))
		}
		_, revealed, err := c.Evaluate(&g.Kappa, append(labels, theirs...), g.Tables, g.Reveal)
		if err != nil {
			t.Fatal(err)
		}
		if revealed[0] == 1 {
			found = try
		}
	}
	if found+1 != number {
		t.Errorf("the attack found %#x", found+1)
	}
}

// Without the key of the hash, tables evaluate to noise: garblers may hand them out before the inputs are fixed.
func TestWrongKeyGivesNoise(t *testing.T) {
	rng := rngFor(t, 12)
	c := everywhere(false)
	for range 500 {
		g := c.Garble(randomSeed(rng), nil)
		wrong := g.Kappa
		wrong[rng.IntN(len(wrong))] ^= 1 << rng.IntN(8)
		got, _, err := c.Evaluate(&wrong, g.Inputs, g.Tables, g.Reveal)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range got {
			for value := range byte(2) {
				d := l.Xor(g.OutputLabel(i, value))
				if n := bits.OnesCount64(d.lo) + bits.OnesCount64(d.hi); n < 20 {
					t.Fatalf("output %d is %d bits from a label", i, n)
				}
			}
		}
	}
}
