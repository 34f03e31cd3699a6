package lattice

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The vector kernels equal the portable code to the last bit, on random values and on the edges of their ranges.
func TestVectorKernelsEqualPortable(t *testing.T) {
	if !haveVector {
		t.Skip("this processor has no AVX-512 IFMA: only the portable code runs here")
	}
	for name, r := range testRings(t) {
		n := r.params.N()
		for round := range 50 {
			p := randomPoly(r)
			for l := range p {
				q := r.primes[l].q
				for i := range p[l] {
					switch round {
					case 0:
						p[l][i] = q - 1
					case 1:
						p[l][i] = uint64(i % 2 * int(q-1))
					case 2:
						p[l][i] = 0
					case 3:
						p[l][i] = uint64(min(i, 1)) // X^1 + X^2 + ...
					}
				}
			}
			want := clone(r, p)
			for l, s := range r.sub {
				s.NTT(want[l], want[l])
			}
			r.NTT(p)
			for l := range p {
				for i := range p[l] {
					if p[l][i] != want[l][i] {
						t.Fatalf("%s round %d: prime %d, index %d of %d is %d, want %d", name, round, l, i, n, p[l][i], want[l][i])
					}
				}
			}
		}
	}
	for name, r := range testRings(t) {
		buf, got, want := make([]byte, r.params.N()*50/8), make([]uint64, r.params.N()), make([]uint64, r.params.N())
		q := r.primes[0].q
		rng := rand.New(rand.NewPCG(7, 8))
		for round := range 50 {
			for i := range buf {
				buf[i] = byte(rng.Uint32())
			}
			if round == 0 {
				clear(buf)
			}
			if round%3 == 1 { // random values are below q almost always: put q itself, or more, somewhere
				values := make([]uint64, r.params.N())
				values[rng.IntN(len(values))] = q + uint64(rng.IntN(2))*(1<<50-1-q)
				packBits(buf, values, 50)
			}
			ok, wantOK := haveVBMI && unpackVector(got, buf, q), unpackBits(want, buf, 50, q)
			if !haveVBMI {
				break
			}
			if ok != wantOK || !slices.Equal(got, want) {
				t.Fatalf("%s round %d: unpacked %v, want %v, or values differ", name, round, ok, wantOK)
			}
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		n := 64 * (1 + rng.IntN(64))
		c, s := make([]uint32, n), make([]int32, n)
		for i := range c {
			c[i], s[i] = rng.Uint32(), int32(rng.IntN(25)-12) // a sum of several owners' keys goes beyond ternary
		}
		if got, want := dotVector(c, s), dotPortable(c, s); got != want {
			t.Fatalf("dot product of %d is %d, want %d", n, got, want)
		}
	}
}

func BenchmarkNTT(b *testing.B) {
	r := testRings(b)["default/64"]
	p := randomPoly(r)
	b.Run("portable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.sub[0].NTT(p[0], p[0])
		}
	})
	if !haveVector {
		return
	}
	b.Run("vector", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.NTT(p)
		}
	})
}

func BenchmarkTernaryDot(b *testing.B) {
	c, s := make([]uint32, 2048), make([]int32, 2048)
	b.Run("portable", func(b *testing.B) {
		for b.Loop() {
			c[0] += dotPortable(c, s)
		}
	})
	if !haveVector {
		return
	}
	b.Run("vector", func(b *testing.B) {
		for b.Loop() {
			c[0] += dotVector(c, s)
		}
	})
}
