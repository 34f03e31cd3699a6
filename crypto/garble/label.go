package garble

import "encoding/binary"

// LabelBytes is the size of a label, of a ciphertext of the tables and of a block of the hash.
const LabelBytes = 16

// Label is one of the two 128-bit names that a wire's value can have. It is encoded in little-endian order.
type Label struct{ lo, hi uint64 }

// LabelFrom decodes the first LabelBytes bytes of b, which must not be shorter. All values are labels.
func LabelFrom(b []byte) Label {
	_ = b[LabelBytes-1]
	return Label{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

// Put encodes l into the first LabelBytes bytes of dst, which must not be shorter.
func (l *Label) Put(dst []byte) {
	_ = dst[LabelBytes-1]
	binary.LittleEndian.PutUint64(dst, l.lo)
	binary.LittleEndian.PutUint64(dst[8:], l.hi)
}

// AppendLabels appends the encoding of l to dst, LabelBytes each.
func AppendLabels(dst []byte, l []Label) []byte {
	for i := range l {
		dst = binary.LittleEndian.AppendUint64(dst, l[i].lo)
		dst = binary.LittleEndian.AppendUint64(dst, l[i].hi)
	}
	return dst
}

// Xor is l ^ m.
func (l Label) Xor(m Label) Label { return Label{l.lo ^ m.lo, l.hi ^ m.hi} }

// Colour is the lowest bit, by which an evaluator picks ciphertexts (point and permute). The two labels of a wire differ in it,
// and which of them has which colour is random.
func (l Label) Colour() byte { return byte(l.lo & 1) }

// choose is l for bit 1 and zero for bit 0, without a branch. Higher bits are ignored.
func (l Label) choose(bit uint64) Label {
	m := -(bit & 1)
	return Label{l.lo & m, l.hi & m}
}
