package ot

const responseBytes = (1 + Base) * blockBytes // R(x), and R of each column

// universal is the linear hash R of a column: its blocks times the challenges, plus the last block. Two given columns have the
// same hash with probability 2^-128 over the challenges.
type universal []element

// challenges draws R from a transcript that has the columns in it.
func (t *transcript) challenges(n int) universal {
	raw := make([]byte, (blocksOf(n)-1)*blockBytes)
	keystream(t[:], raw)
	r := make(universal, len(raw)/blockBytes)
	for j := range r {
		r[j] = loadElement(raw[j*blockBytes:])
	}
	return r
}

// of is R of a column of len(r) + 1 blocks.
func (r universal) of(column []byte) element {
	var sum product
	for j, c := range r {
		sum.add(loadElement(column[j*blockBytes:]), c)
	}
	return sum.reduce().xor(loadElement(column[len(r)*blockBytes:]))
}

// respond appends R(x) and all R(t_i).
func (r universal) respond(dst, x []byte, t columns) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, responseBytes)...)
	r.of(x).put(dst[at:])
	for i := range Base {
		at += blockBytes
		r.of(t.column(i)).put(dst[at:])
	}
	return dst
}

// holds reports whether R(q_i) = R(t_i) + s_i R(x) for all i, in the same time wherever it does not.
func (r universal) holds(response []byte, q columns, s element) bool {
	x := loadElement(response)
	var wrong element
	for i := range Base {
		d := r.of(q.column(i)).xor(loadElement(response[(1+i)*blockBytes:])).xor(x.and(s.mask(i)))
		wrong.lo |= d.lo
		wrong.hi |= d.hi
	}
	return wrong == element{}
}
