package sealed

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// hashBytes is the length of an output label's hash in the table.
const hashBytes = 16

// table lists, for every output, the hashes of its labels of zero and one: for the auctioneer, who can read an outcome with it
// that it could not make up.
func (r *Run) table(m *Made) []byte {
	out := make([]byte, 0, 2*hashBytes*len(m.Outputs))
	for i := range m.Outputs {
		for v := range byte(2) {
			h := r.outputHash(i, m.OutputLabel(i, v))
			out = append(out, h[:]...)
		}
	}
	return out
}

func (r *Run) outputHash(output int, l garble.Label) [hashBytes]byte {
	var b [32 + 4 + garble.LabelBytes]byte
	copy(b[:], r.binding[:])
	binary.LittleEndian.PutUint32(b[32:], uint32(output))
	l.Put(b[36:])
	sum := sha256.Sum256(b[:])
	return [hashBytes]byte(sum[:])
}

// Errors of a sealed ranking. What they say is no secret: it depends on who misbehaved, not on bids.
var (
	// ErrContradiction means that garbler, checker and evaluator do not tell the same: one of them is broken or lies.
	ErrContradiction = errors.New("trustees contradict each other")
	// ErrForged is wrapped when an outcome is not what the circuit said.
	ErrForged = fmt.Errorf("outcome is forged: %w", ErrContradiction)
)

// Outcome is the outcome of one imp.
type Outcome struct {
	Sold        bool
	Entry, Lane int     // index in the manifest, and of the lane in the entry
	Price       float64 // CPM, if sold
}

// CheckOpened compares which seats the evaluator saw put in with what garbler and checker say of themselves: one that says it has
// opened an answer, and leaves it out all the same, would take a rival out of the auction unnoticed.
func (r *Run) CheckOpened(evaluated *message.RankedImp, garbler, checker []message.Status) error {
	seats := len(r.Plan.Seats)
	if len(evaluated.Opened) != 2*seats {
		return fmt.Errorf("%w: %d bytes about %d seats", ErrContradiction, len(evaluated.Opened), seats)
	}
	for seat, entry := range r.Plan.Seats {
		if entry < 0 {
			continue
		}
		for part, statuses := range [][]message.Status{garbler, checker} {
			if (statuses[entry] == message.Opened) != (evaluated.Opened[part*seats+seat] == 1) {
				return fmt.Errorf("%w: %s and evaluator differ on whether answer %d was put in", ErrContradiction, message.Part(part), entry)
			}
		}
	}
	return nil
}

// Read reads an outcome from what the trustees have told the auctioneer, each in its part. With a trustee absent, checked is the
// garbler's. It is the last check: labels that no circuit made, and tables on which garblers differ, are refused.
func (r *Run) Read(t *message.Terms, garbled, checked, evaluated *message.RankedImp, imp int) (Outcome, error) {
	if garbled != checked && sha256.Sum256(checked.Table) != garbled.TableDigest {
		return Outcome{}, fmt.Errorf("%w: garbler and checker differ on what outputs mean", ErrContradiction)
	}
	n := r.Circuit.Outputs()
	if len(checked.Table) != 2*hashBytes*n || len(evaluated.Labels) != garble.LabelBytes*n {
		return Outcome{}, fmt.Errorf("%w: table of %d and labels of %d bytes for %d outputs", ErrContradiction, len(checked.Table), len(evaluated.Labels), n)
	}
	bits := make([]byte, n)
	for i := range bits {
		h := r.outputHash(i, garble.LabelFrom(evaluated.Labels[garble.LabelBytes*i:]))
		row := checked.Table[2*hashBytes*i:]
		zero, one := subtle.ConstantTimeCompare(h[:], row[:hashBytes]), subtle.ConstantTimeCompare(h[:], row[hashBytes:2*hashBytes])
		if zero == one {
			return Outcome{}, fmt.Errorf("%w: label of output %d is not the circuit's", ErrForged, i)
		}
		bits[i] = byte(one)
	}
	path := make([]bool, r.Circuit.IDBits)
	for i := range path {
		path[i] = bits[i] == 1
	}
	var o Outcome
	var err error
	if o.Entry, o.Lane, o.Sold, err = r.Plan.Winner(path); err != nil {
		return Outcome{}, fmt.Errorf("%w: %w", ErrForged, err)
	}
	if o.Sold {
		o.Price = Price(t, bitsOf(bits[r.Circuit.IDBits:]), imp)
	}
	return o, nil
}
