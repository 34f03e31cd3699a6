package lattice

// ReversedKey is a ternary polynomial laid out for partial decryption: a window of it, in order, holds the factors with which
// the coefficients of another polynomial enter any one coefficient of their product modulo X^N+1.
type ReversedKey []int32

// NewReversedKey returns an empty key of r's degree.
func (r *Ring) NewReversedKey() ReversedKey { return make(ReversedKey, 2*r.params.N()) }

// Set lays out s. Entry j is s[N-1-j], and past the end the negated wrap-around.
func (k ReversedKey) Set(s []int8) {
	n := len(k) / 2
	for j := range n {
		v := int32(s[n-1-j])
		k[j], k[n+j] = v, -v
	}
}

// Wipe overwrites the key.
func (k ReversedKey) Wipe() { clear(k) }

// Coefficient returns coefficient t of c s modulo 2^32, for c of length N: one pass of additions and no transform.
func (k ReversedKey) Coefficient(c []uint32, t int) uint32 {
	s := k[len(c)-1-t : len(k)-1-t]
	if haveVector {
		return dotVector(c, s)
	}
	return dotPortable(c, s)
}

// dotPortable is the sum of c[i] s[i] modulo 2^32, for a length that is a multiple of eight.
func dotPortable(c []uint32, s []int32) uint32 {
	var a0, a1, a2, a3 uint32
	for len(c) >= 8 && len(s) >= 8 {
		x, y := (*[8]uint32)(c), (*[8]int32)(s)
		a0 += x[0]*uint32(y[0]) + x[4]*uint32(y[4])
		a1 += x[1]*uint32(y[1]) + x[5]*uint32(y[5])
		a2 += x[2]*uint32(y[2]) + x[6]*uint32(y[6])
		a3 += x[3]*uint32(y[3]) + x[7]*uint32(y[7])
		c, s = c[8:], s[8:]
	}
	return a0 + a1 + a2 + a3
}
