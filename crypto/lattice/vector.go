package lattice

import "math/bits"

// vectorNTT holds a prime's roots for the vector transform: each with its quotient floor(w 2^52 / q) for the multiplication
// after Harvey. The transform is lattigo's: powers of the 2N-th root in bit-reversed order, block i of stage m under root m+i.
type vectorNTT struct {
	q     uint64
	w, wp []uint64
	tail  []uint64 // for each 16 values: roots and quotients of the last three stages, as the kernel shuffles blocks
}

func newVectorNTT(roots []uint64, q uint64) *vectorNTT {
	n := len(roots)
	v := &vectorNTT{q: q, w: roots, wp: make([]uint64, n), tail: make([]uint64, 0, 3*n)}
	for i, w := range roots {
		v.wp[i] = quotient(w, q)
	}
	for g := range n / 16 {
		v.appendTail(n/8+2*g, 0, 0, 0, 0, 1, 1, 1, 1)
		v.appendTail(n/4+4*g, 0, 0, 2, 2, 1, 1, 3, 3)
		v.appendTail(n/2+8*g, 0, 1, 4, 5, 2, 3, 6, 7)
	}
	return v
}

// appendTail adds a vector of roots and one of their quotients.
func (v *vectorNTT) appendTail(first int, order ...int) {
	for _, k := range order {
		v.tail = append(v.tail, v.w[first+k])
	}
	for _, k := range order {
		v.tail = append(v.tail, v.wp[first+k])
	}
}

// quotient is floor(w 2^52 / q) for w < q.
func quotient(w, q uint64) uint64 {
	quo, _ := bits.Div64(w>>12, w<<52, q)
	return quo
}
