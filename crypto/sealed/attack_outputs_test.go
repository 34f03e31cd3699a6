package sealed

import (
	"crypto/sha256"
	"slices"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// The evaluator knows one label of each output and cannot tell the auctioneer anything else: no other bit, no other auction's.
func TestForgedOutputs(t *testing.T) {
	eachSplit(t, 21, func(t *testing.T, p *play) {
		honest, err := p.evaluated()
		if err != nil {
			t.Fatal(err)
		}
		next := p.trio.play(t, p.trio.call(5), 0)
		other, err := next.evaluated()
		if err != nil {
			t.Fatal(err)
		}
		forge := func(what string, change func(labels []byte) []byte) {
			forged := message.RankedImp{Labels: change(slices.Clone(honest.Labels))}
			if got, err := p.read(&forged); err == nil || got != (Outcome{}) {
				t.Errorf("%s, parts %v: %+v", what, p.Roles, got)
			}
		}
		n := p.Circuit.Outputs()
		for output := range n {
			at := garble.LabelBytes * output
			forge("a bit", func(l []byte) []byte { l[at+output%garble.LabelBytes] ^= 1; return l })
			forge("a colour", func(l []byte) []byte { l[at] ^= 1; return l })
			forge("zeros", func(l []byte) []byte { clear(l[at:][:garble.LabelBytes]); return l })
			forge("the next output's", func(l []byte) []byte {
				copy(l[at:], honest.Labels[garble.LabelBytes*((output+1)%n):][:garble.LabelBytes])
				return l
			})
			forge("another attempt's", func(l []byte) []byte {
				copy(l[at:], other.Labels[at:][:garble.LabelBytes])
				return l
			})
		}
		forge("all of another attempt's", func([]byte) []byte { return other.Labels })
		forge("a label less", func(l []byte) []byte { return l[:len(l)-garble.LabelBytes] })
		forge("a label more", func(l []byte) []byte { return append(l, l[:garble.LabelBytes]...) })
		forge("nothing", func([]byte) []byte { return nil })
		forge("a hash for a label", func(l []byte) []byte { copy(l, p.said[message.Checker].Table); return l })

		// With Delta it could: that is all that stands between the evaluator and another winner.
		forged := message.RankedImp{Labels: slices.Clone(honest.Labels)}
		for i := range n - p.Circuit.PriceBits {
			l := p.made.OutputLabel(i, p.pathTo(second)[i])
			l.Put(forged.Labels[garble.LabelBytes*i:])
		}
		if got, err := p.read(&forged); err != nil || got.Entry != second {
			t.Errorf("with both labels of each output: %+v, %v", got, err)
		}
	})
}

// pathTo is the path to an entry's first lane.
func (p *play) pathTo(entry int) []byte {
	for n := range 1 << p.Circuit.IDBits {
		path := make([]bool, p.Circuit.IDBits)
		bits := make([]byte, p.Circuit.IDBits)
		for i := range path {
			bits[i] = byte(n >> i & 1)
			path[i] = bits[i] == 1
		}
		if e, lane, sold, err := p.Plan.Winner(path); err == nil && sold && e == entry && lane == 0 {
			return bits
		}
	}
	return nil
}

// Of two garblers that tell the auctioneer different meanings neither is believed, and one alone cannot change what is read.
func TestTablesOfMeaningsThatDiffer(t *testing.T) {
	eachSplit(t, 22, func(t *testing.T, p *play) {
		for output := range p.Circuit.Outputs() {
			c := p.copy()
			row := c.said[message.Checker].Table[2*hashBytes*output:]
			swapped := append(slices.Clone(row[hashBytes:2*hashBytes]), row[:hashBytes]...)
			copy(row, swapped) // zero means one
			c.refused(t, "checker swaps meanings", ErrContradiction)
			c.said[message.Garbler].TableDigest = sha256.Sum256(c.said[message.Checker].Table)
			if got, err := c.finish(); err == nil && got == mustFinish(t, p) {
				t.Errorf("output %d means nothing", output)
			}
		}
		c := p.copy()
		c.said[message.Garbler].TableDigest[0] ^= 1
		c.refused(t, "garbler's digest", ErrContradiction)
		c = p.copy()
		c.said[message.Checker].Table = c.said[message.Checker].Table[1:]
		c.refused(t, "short table", ErrContradiction)
		c.said[message.Garbler].TableDigest = sha256.Sum256(c.said[message.Checker].Table)
		c.refused(t, "short table, as the garbler says", ErrContradiction)
		c = p.copy()
		copy(c.said[message.Checker].Table[hashBytes:2*hashBytes], c.said[message.Checker].Table) // both labels are one
		c.said[message.Garbler].TableDigest = sha256.Sum256(c.said[message.Checker].Table)
		if got, err := c.finish(); err == nil && got != mustFinish(t, p) {
			t.Errorf("a table in which two labels are one is read as %+v", got)
		}
		c = p.copy()
		c.said[message.Garbler], c.said[message.Checker] = c.said[message.Checker], c.said[message.Garbler]
		c.refused(t, "parts swapped", ErrContradiction)
	})
}

func mustFinish(t *testing.T, p *play) Outcome {
	t.Helper()
	o, err := p.finish()
	if err != nil {
		t.Fatal(err)
	}
	return o
}
