package lattice

import "math/bits"

// fraction returns x/q as a fixed-point number with 63 fractional bits, at most two units low, for x < q < 2^50.
func (p *prime) fraction(x uint64) uint64 {
	hi, _ := bits.Mul64(x<<14, p.recip)
	return hi
}

// roundFraction rounds a sum of 63-bit fractions, modulo one, to 32 bits.
func roundFraction(f uint64) uint32 { return uint32((f + 1<<30) >> 31) }

// Round switches a polynomial in coefficient form to modulus 2^32: dst[i] = round(p_i 2^32 / q) mod 2^32, where p_i/q modulo one
// is the sum over primes of (p_i (q/q_l)^-1 mod q_l) / q_l. Off by at most 2^-29 of a unit before rounding.
func (r *Ring) Round(dst []uint32, p Poly) {
	if len(r.primes) == 1 {
		pr := &r.primes[0]
		for i, x := range p[0][:len(dst)] {
			dst[i] = roundFraction(pr.fraction(x))
		}
		return
	}
	for i := range dst {
		var f uint64
		for l := range r.primes {
			pr := &r.primes[l]
			f += pr.fraction(mulMod(p[l][i], pr.crt, pr.q))
		}
		dst[i] = roundFraction(f)
	}
}
