// Package lattice is the arithmetic in Z_q[X]/(X^N+1) that the auction needs, and nothing else: transforms, the small samplers,
// rounding to modulus 2^32, the fold that reads lanes out of a product without an inverse transform, and the ternary dot
// product of a partial decryption.
//
// Polynomials are in residue form, one slice of N coefficients for each prime of the modulus. Transforms and products come
// from lattigo's ring package; the rest is written here, because lattigo allocates for every coefficient it encodes and
// spends three quarters of an encryption on sampling.
//
// A [Ring] is immutable and safe for concurrent use. Polynomials and an [Expander] are not: one for each goroutine.
//
// Constant time: products, additions, rounding, the fold and the dot product do not branch on or index by secret values.
// The ternary sampler rejects one draw in four, so its running time depends on how many were rejected, not on the values
// kept. Go gives no guarantee below the source, and division instructions of older processors are not constant-time.
package lattice

import (
	"fmt"
	"math/bits"

	"cipherbid/crypto/params"

	"github.com/tuneinsight/lattigo/v5/ring"
)

// Poly is a polynomial in residue form: Poly[l][i] is coefficient (or transform value) i modulo prime l.
type Poly [][]uint64

// Ring holds what a parameter set's arithmetic has prepared.
type Ring struct {
	params *params.Params
	sub    []*ring.SubRing
	primes []prime
}

// prime holds the constants of one residue.
type prime struct {
	q       uint64
	recip   uint64     // floor(2^113 / q), for fractions of q
	crt     uint64     // (q_total / q)^-1 mod q
	twist   []uint64   // crt rho_j^-(d-1) / N mod q, in Montgomery form: what a weight is multiplied by before a fold
	vector  *vectorNTT // nil where the processor has no vector kernels
	classes []uint64   // class roots: classes[k*B+b] = (rho_b^-d)^k, B = N/d classes, k < N/d lanes
}

// New prepares the arithmetic of an encrypted parameter set.
func New(p *params.Params) (*Ring, error) {
	if !p.Encrypted() {
		return nil, fmt.Errorf("parameters %v have no ring", p)
	}
	full, err := ring.NewRing(p.N(), p.Primes())
	if err != nil {
		return nil, fmt.Errorf("prepare ring of %v: %w", p, err)
	}
	r := &Ring{params: p, sub: full.SubRings}
	for l := range r.sub {
		r.primes = append(r.primes, r.prepare(l))
	}
	return r, nil
}

// prepare computes the constants of prime l. With y = INTT(Y), coefficient t is y_t = 1/N sum_j Y_j rho_j^-t, where rho_j is
// the root that transform index j stands for. For t = kd + d-1 this is sum_j (Y_j rho_j^-(d-1) / N) (rho_j^-d)^k, and
// rho_j^d takes one value on each of the N/d runs of d neighbouring indices.
func (r *Ring) prepare(l int) prime {
	s, n, d := r.sub[l], r.params.N(), r.params.Dim()
	q := s.Modulus
	roots := make([]uint64, n)
	roots[1] = 1
	s.NTT(roots, roots)

	recip, _ := bits.Div64(1<<(113-64), 0, q) // fits, since 2^49 < q
	pr := prime{q: q, recip: recip, crt: 1}
	for other, o := range r.params.Primes() {
		if other != l {
			pr.crt = mulMod(pr.crt, inverse(o%q, q), q)
		}
	}
	pr.twist = make([]uint64, n)
	scale := mulMod(pr.crt, inverse(uint64(n), q), q)
	for j, rho := range roots {
		pr.twist[j] = mulMod(scale, power(inverse(rho, q), uint64(d-1), q), q)
	}
	s.MForm(pr.twist, pr.twist)

	if haveVector {
		w := make([]uint64, n)
		s.IMForm(s.RootsForward, w)
		pr.vector = newVectorNTT(w, q)
	}
	b := n / d
	pr.classes = make([]uint64, b*b)
	for c := range b {
		g := power(inverse(roots[c*d], q), uint64(d), q)
		v := uint64(1)
		for k := range b {
			pr.classes[k*b+c] = v
			v = mulMod(v, g, q)
		}
	}
	return pr
}

// Params returns the parameters that r was made for.
func (r *Ring) Params() *params.Params { return r.params }

// NewPoly returns a zero polynomial in one allocation of coefficients.
func (r *Ring) NewPoly() Poly {
	n := r.params.N()
	flat := make([]uint64, n*len(r.sub))
	p := make(Poly, len(r.sub))
	for l := range p {
		p[l] = flat[l*n : (l+1)*n : (l+1)*n]
	}
	return p
}

// NTT transforms p in place.
func (r *Ring) NTT(p Poly) {
	for l := range r.primes {
		if v := r.primes[l].vector; v != nil {
			v.ntt(p[l])
		} else {
			r.sub[l].NTT(p[l], p[l])
		}
	}
}

// INTT transforms p back in place.
func (r *Ring) INTT(p Poly) {
	for l, s := range r.sub {
		s.INTT(p[l], p[l])
	}
}

// MForm brings p into Montgomery form in place, which one factor of a product must have.
func (r *Ring) MForm(p Poly) {
	for l, s := range r.sub {
		s.MForm(p[l], p[l])
	}
}

// MulAdd sets acc += a b for transforms, one of them in Montgomery form.
func (r *Ring) MulAdd(acc, a, b Poly) {
	for l, s := range r.sub {
		s.MulCoeffsMontgomeryThenAdd(a[l], b[l], acc[l])
	}
}

// MulSub sets acc -= a b for transforms, one of them in Montgomery form.
func (r *Ring) MulSub(acc, a, b Poly) {
	for l, s := range r.sub {
		s.MulCoeffsMontgomeryThenSub(a[l], b[l], acc[l])
	}
}

// Add sets dst = a + b.
func (r *Ring) Add(dst, a, b Poly) {
	for l, s := range r.sub {
		s.Add(a[l], b[l], dst[l])
	}
}

// Sub sets dst = a - b.
func (r *Ring) Sub(dst, a, b Poly) {
	for l, s := range r.sub {
		s.Sub(a[l], b[l], dst[l])
	}
}

// SetSmall sets p to small signed coefficients, |v| < 2^7. It does not branch on them.
func (r *Ring) SetSmall(p Poly, v []int8) {
	for l := range r.primes {
		q := r.primes[l].q
		dst := p[l][:len(v)]
		for i, x := range v {
			dst[i] = uint64(int64(x)) + q&uint64(int64(x)>>63)
		}
	}
}

// SetSigned sets p to signed coefficients, |v| < 2^49. It does not branch on them.
func (r *Ring) SetSigned(p Poly, v []int64) {
	for l := range r.primes {
		q := r.primes[l].q
		for i, x := range v {
			p[l][i] = uint64(x) + q&uint64(x>>63)
		}
	}
}

// AddScaled adds v[i] * round(q/2^50) to coefficient i for i < len(v), |v[i]| < 2^45. It does not branch on v.
func (r *Ring) AddScaled(p Poly, v []int64) {
	for l := range r.primes {
		q, factor := r.primes[l].q, r.scale(l)
		for i, x := range v {
			residue := uint64(x) + q&uint64(x>>63)
			p[l][i] = (p[l][i] + mulMod(residue, factor, q)) % q
		}
	}
}

// scale is round(q_total / 2^50) modulo prime l. q_total is a product of primes just below 2^50, so dropping prime 0 divides
// it by 2^50 up to a relative 2^-26.
func (r *Ring) scale(l int) uint64 {
	q := r.primes[l].q
	f := uint64(1)
	for _, o := range r.params.Primes()[1:] {
		f = mulMod(f, o%q, q)
	}
	return f
}

// mulMod is a b mod q for b < q.
func mulMod(a, b, q uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, rem := bits.Div64(hi, lo, q)
	return rem
}

func power(b, e, q uint64) uint64 {
	v := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			v = mulMod(v, b, q)
		}
		b = mulMod(b, b, q)
	}
	return v
}

func inverse(a, q uint64) uint64 { return power(a, q-2, q) }
