package sealed

import (
	"crypto/sha256"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"

	"github.com/zeebo/blake3"
)

// Made is what a garbler keeps of a garbled circuit. It is secret, serves one run, and must not be shown to the evaluator.
type Made struct {
	*garble.Garbling
	TablesDigest message.Digest
}

// Make garbles a circuit. Both garblers make the same of the same seed.
func Make(c *Ranking, seed *garble.Seed) *Made { return newMade(c, seed, nil) }

func newMade(c *Ranking, seed *garble.Seed, buf []byte) *Made {
	g := c.Garble(seed, buf)
	return &Made{g, blake3.Sum256(g.Tables)}
}

// Make garbles the run's circuit on the spot.
func (r *Run) Make(secret *Secret) *Made {
	seed := garble.Seed(secret.prf("cipherbid circuit seed v1", r.binding[:]))
	return Make(r.Circuit, &seed)
}

// Garble is the garbler's work: its leg to the evaluator, which includes the tables if they were made on the spot, and its part
// of the outcome.
func (r *Run) Garble(secret *Secret, m *Made, h *Holding) (message.LegImp, message.RankedImp) {
	leg := message.LegImp{Share: xor16(m.Kappa, r.mask(secret)), Colours: colours(m, r.Circuit.B), Reveal: m.Reveal, Labels: r.garblersLabels(m, h)}
	if r.Ticket == (message.Ticket{}) {
		leg.Tables = m.Tables
	}
	return leg, message.RankedImp{TableDigest: sha256.Sum256(r.table(m))}
}

// garblersLabels are the labels of groups A and S.
func (r *Run) garblersLabels(m *Made, h *Holding) []byte {
	labels := make([]byte, 0, garble.LabelBytes*(r.Circuit.A.Len()+r.Circuit.S.Len()))
	labels = appendLabels(labels, m, r.Circuit.A.From, r.Plan.A(nil, h.of(&r.Roles, message.Checker), h.opened))
	return appendLabels(labels, m, r.Circuit.S.From, r.Plan.S(nil, h.of(&r.Roles, message.Evaluator), h.opened))
}

// Check is the checker's work: its leg to the evaluator, with the digests of tables and labels that the garbler should have sent,
// and its part of the outcome.
func (r *Run) Check(secret *Secret, m *Made, h *Holding) (message.LegImp, message.RankedImp) {
	leg := message.LegImp{Share: r.mask(secret), Colours: colours(m, r.Circuit.A), Reveal: m.Reveal}
	leg.Labels = appendLabels(nil, m, r.Circuit.B.From, r.Plan.B(nil, h.of(&r.Roles, message.Garbler), h.opened))
	shared := appendLabels(nil, m, r.Circuit.S.From, r.Plan.S(nil, h.of(&r.Roles, message.Evaluator), h.opened))
	leg.Digests = append(m.TablesDigest[:], r.sharedDigests(shared, h)...)
	return leg, message.RankedImp{Table: r.table(m)}
}

// shortDigest is the length of digests of labels that garbler and checker both know.
const shortDigest = 16

// leftOut stands for the digest of a seat that the checker could not open.
var leftOut [shortDigest]byte

// sharedDigests digests the labels of group S, seat by seat, then the floor's. It leaves out the seats that could not be opened.
func (r *Run) sharedDigests(labels []byte, h *Holding) []byte {
	digests := make([]byte, 0, shortDigest*(r.Circuit.SeatSlots()+1))
	r.eachShared(func(seat int, part Range) {
		if seat >= 0 && r.Plan.Seats[seat] >= 0 && !h.opened(r.Plan.Seats[seat]) {
			digests = append(digests, leftOut[:]...)
			return
		}
		sum := sha256.Sum256(r.cutShared(labels, part))
		digests = append(digests, sum[:shortDigest]...)
	})
	return digests
}

// eachShared calls f with every seat slot's part of group S, then with the floor's, whose slot is -1.
func (r *Run) eachShared(f func(seat int, part Range)) {
	for seat := range r.Circuit.SeatSlots() {
		f(seat, r.Circuit.SeatRange(seat))
	}
	f(-1, r.Circuit.Floor)
}

// cutShared cuts a part out of the labels of group S.
func (r *Run) cutShared(labels []byte, part Range) []byte {
	return labels[garble.LabelBytes*(part.From-r.Circuit.S.From) : garble.LabelBytes*(part.To-r.Circuit.S.From)]
}

// appendLabels appends the labels of values, one byte of 0 or 1 each, on the inputs from from on.
func appendLabels(dst []byte, m *Made, from int, values []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, garble.LabelBytes*len(values))...)
	for i, v := range values {
		l := m.Label(from+i, v)
		l.Put(dst[at+garble.LabelBytes*i:])
	}
	return dst
}

// colours packs the colours of the labels of zero in a range of inputs. They tell an evaluator what labels in that range mean, and
// nothing about any others.
func colours(m *Made, part Range) []byte {
	packed := make([]byte, (part.Len()+7)/8)
	for i := range part.Len() {
		packed[i/8] |= m.Inputs[part.From+i].Colour() << (i % 8)
	}
	return packed
}
