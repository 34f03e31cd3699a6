package sealed

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"

	"github.com/zeebo/blake3"
)

// Tables are a circuit's garbled tables with the digest by which the evaluator compares them.
type Tables struct {
	Bytes  []byte
	Digest message.Digest
}

// NewTables digests tables as they came from a garbler.
func NewTables(b []byte) *Tables { return &Tables{b, blake3.Sum256(b)} }

// Evaluate is the evaluator's work: it checks what the two garblers have sent against each other and against its own shares, and
// evaluates. A leg that does not fit is an error that wraps ErrContradiction; nothing is learned from it.
func (r *Run) Evaluate(h *Holding, tables *Tables, garbler, checker *message.LegImp) (message.RankedImp, error) {
	c := r.Circuit
	if len(checker.Digests) != len(tables.Digest)+shortDigest*(c.SeatSlots()+1) {
		return message.RankedImp{}, fmt.Errorf("%w: the checker's digests have %d bytes", ErrContradiction, len(checker.Digests))
	}
	if tables.Digest != message.Digest(checker.Digests[:32]) {
		return message.RankedImp{}, fmt.Errorf("%w: tables are not those that the checker has", ErrContradiction)
	}
	if !bytes.Equal(garbler.Reveal, checker.Reveal) {
		return message.RankedImp{}, fmt.Errorf("%w: garbler and checker differ on how to read the winner", ErrContradiction)
	}
	if len(garbler.Labels) != garble.LabelBytes*(c.A.Len()+c.S.Len()) || len(checker.Labels) != garble.LabelBytes*c.B.Len() {
		return message.RankedImp{}, fmt.Errorf("%w: labels of %d and %d bytes", ErrContradiction, len(garbler.Labels), len(checker.Labels))
	}
	a, err := r.meaning(garbler.Labels, c.A, checker.Colours)
	if err != nil {
		return message.RankedImp{}, err
	}
	b, err := r.meaning(checker.Labels, c.B, garbler.Colours)
	if err != nil {
		return message.RankedImp{}, err
	}
	if err := r.checkInputs(h, a, b); err != nil {
		return message.RankedImp{}, err
	}
	if err := r.checkShared(garbler.Labels[garble.LabelBytes*c.A.Len():], checker.Digests[32:], a, b); err != nil {
		return message.RankedImp{}, err
	}
	kappa := garble.Key(xor16(garbler.Share, checker.Share))
	inputs := labelsFrom(labelsFrom(make([]garble.Label, 0, c.Inputs()), garbler.Labels), checker.Labels)
	out, err := r.finish(&kappa, inputs, tables, garbler.Reveal)
	flags := LaneBits * c.LaneSlots()
	out.Opened = append(a[flags:], b[flags:]...)
	return out, err
}

func labelsFrom(dst []garble.Label, b []byte) []garble.Label {
	for ; len(b) > 0; b = b[garble.LabelBytes:] {
		dst = append(dst, garble.LabelFrom(b))
	}
	return dst
}

func (r *Run) finish(kappa *garble.Key, inputs []garble.Label, tables *Tables, reveal []byte) (message.RankedImp, error) {
	outputs, _, err := r.Circuit.Evaluate(kappa, inputs, tables.Bytes, reveal)
	if err != nil {
		return message.RankedImp{}, fmt.Errorf("%w: %w", ErrContradiction, err)
	}
	return message.RankedImp{Labels: garble.AppendLabels(nil, outputs)}, nil
}

// meaning reads the values of labels in a group by the other garbler's colours.
func (r *Run) meaning(labels []byte, group Range, colours []byte) ([]byte, error) {
	if len(colours) != (group.Len()+7)/8 {
		return nil, fmt.Errorf("%w: colours of %d bytes for %d labels", ErrContradiction, len(colours), group.Len())
	}
	values := make([]byte, group.Len())
	for i := range values {
		l := garble.LabelFrom(labels[garble.LabelBytes*i:])
		values[i] = l.Colour() ^ colours[i/8]>>(i%8)&1
	}
	return values, nil
}

// checkInputs compares what the garblers have put in with the evaluator's own shares, lane by lane: a garbler that lies about a
// share could knock out rivals, and turn a chosen losing bid into the price. What the evaluator could not open itself it cannot
// compare: such a bid is its bidder's fault, and counts if both garblers could open it.
func (r *Run) checkInputs(h *Holding, a, b []byte) error {
	for part, values := range [][]byte{a, b} {
		opened := values[LaneBits*r.Circuit.LaneSlots():]
		share := h.of(&r.Roles, [2]message.Part{message.Checker, message.Garbler}[part])
		same := true
		r.Plan.eachSeat(func(seat, from, to int) {
			entry := r.Plan.Seats[seat]
			if entry < 0 {
				same = same && opened[seat] == 0
			}
			if opened[seat] == 0 || entry < 0 || !h.opened(entry) {
				return
			}
			for slot := from; slot < to; slot++ {
				same = same && bitsOf(values[LaneBits*slot:][:LaneBits]) == r.Plan.share(share, h.opened, seat, slot, 0)
			}
		})
		if !same {
			return fmt.Errorf("%w: the %s puts in another share of a bid than the evaluator holds", ErrContradiction, message.Part(part))
		}
	}
	return nil
}

// checkShared compares the labels of what both garblers know. A seat that one of them could not open loses whatever its labels.
// That the checker could not open one, the evaluator reads by the garbler's colours, and a garbler that lies about them could put
// in what it likes: so the checker has to say it too.
func (r *Run) checkShared(labels, digests, a, b []byte) error {
	flags := LaneBits * r.Circuit.LaneSlots()
	same := true
	r.eachShared(func(seat int, part Range) {
		want := digests[:shortDigest]
		digests = digests[shortDigest:]
		if seat >= 0 && r.Plan.Seats[seat] >= 0 {
			left := bytes.Equal(want, leftOut[:])
			same = same && left == (b[flags+seat] == 0)
			if left || a[flags+seat] == 0 {
				return
			}
		}
		sum := sha256.Sum256(r.cutShared(labels, part))
		same = same && bytes.Equal(sum[:shortDigest], want)
	})
	if !same {
		return fmt.Errorf("%w: garbler and checker put in different labels of what both know", ErrContradiction)
	}
	return nil
}

// bitsOf reads a number, the lowest bit first.
func bitsOf(bits []byte) (x uint32) {
	for i, b := range bits {
		x |= uint32(b) << i
	}
	return x
}
