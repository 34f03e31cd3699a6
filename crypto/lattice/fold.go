package lattice

import "math/bits"

// Twisted is a factor prepared for [Ring.Fold]: its transform, times rho^-(d-1)/N at every index.
type Twisted Poly

// Twist prepares a factor given as a transform, not in Montgomery form.
func (r *Ring) Twist(p Poly) Twisted {
	t := r.NewPoly()
	for l, s := range r.sub {
		s.MulCoeffsMontgomery(p[l], r.primes[l].twist, t[l])
	}
	return Twisted(t)
}

// FoldScratch is the number of values of scratch that [Ring.Fold] needs for the given number of lanes.
func (r *Ring) FoldScratch(lanes int) int { return r.params.MaxLanes() + lanes }

// Fold writes lane k of w a + v b, rounded to modulus 2^32, to dst[k] for k < len(dst) <= N/d: coefficients d-1, 2d-1, ... of
// the product, without an inverse transform. scratch has at least FoldScratch(len(dst)) values. It allocates nothing.
//
// Each run of d transform indices shares one root rho^-d, so its d terms are added first, unreduced in 128 bits (at most
// 2^11 terms below 2^100), and what remains is a transform of length N/d of which only the lanes wanted are computed.
func (r *Ring) Fold(dst []uint32, scratch []uint64, w Twisted, a Poly, v Twisted, b Poly) {
	d, classes := r.params.Dim(), r.params.MaxLanes()
	sums, fractions := scratch[:classes], scratch[classes:classes+len(dst)]
	clear(fractions)
	for l := range r.primes {
		pr := &r.primes[l]
		for c := range sums {
			run := func(p []uint64) []uint64 { return p[c*d : c*d+d] }
			sums[c] = dot2(run(w[l]), run(a[l]), run(v[l]), run(b[l]), pr.q)
		}
		for k := range fractions {
			fractions[k] += pr.fraction(dot(pr.classes[k*classes:(k+1)*classes], sums, pr.q))
		}
	}
	for k, f := range fractions {
		dst[k] = roundFraction(f)
	}
}

// dot2 is w.a + v.b mod q, for at most 2^11 products below 2^100 in all, so that the high half stays below q.
func dot2(w, a, v, b []uint64, q uint64) uint64 {
	a, v, b = a[:len(w)], v[:len(w)], b[:len(w)]
	var hi, lo, carry uint64
	for i := range w {
		h, l := bits.Mul64(w[i], a[i])
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
		h, l = bits.Mul64(v[i], b[i])
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	_, rem := bits.Div64(hi, lo, q)
	return rem
}

// dot is a.b mod q, with the same bound as dot2.
func dot(a, b []uint64, q uint64) uint64 {
	b = b[:len(a)]
	var hi, lo, carry uint64
	for i := range a {
		h, l := bits.Mul64(a[i], b[i])
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	_, rem := bits.Div64(hi, lo, q)
	return rem
}
