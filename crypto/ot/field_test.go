package ot

import (
	"math/rand/v2"
	"testing"
)

// multiplySlowly is the schoolbook product, a bit at a time.
func multiplySlowly(a, b element) (c element) {
	for i := range 128 {
		c = c.xor(a.and(b.mask(i)))
		over := a.mask(127)
		a = element{a.lo<<1 ^ over&0x87, a.hi<<1 | a.lo>>63}
	}
	return c
}

func multiply(a, b element) element {
	var p product
	p.add(a, b)
	return p.reduce()
}

func TestMultiplication(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	all := []element{{}, {1, 0}, {2, 0}, {1 << 63, 0}, {0, 1}, {0, 1 << 63}, {0, 0x7f << 57}, {^uint64(0), ^uint64(0)}, {0x87, 0}}
	for range 60 {
		all = append(all, element{rng.Uint64(), rng.Uint64()})
	}
	for _, a := range all {
		for _, b := range all {
			if got, want := multiply(a, b), multiplySlowly(a, b); got != want {
				t.Fatalf("%x times %x is %x, want %x", a, b, got, want)
			}
		}
	}
}

// TestModulus: the field has 2^128 elements, so that a^(2^128) = a, and X is not in a field below.
func TestModulus(t *testing.T) {
	x := element{2, 0}
	a := x
	for i := range 128 {
		a = multiply(a, a)
		if (a == x) != (i == 127) {
			t.Fatalf("X^(2^%d) = X is %v", i+1, a == x)
		}
	}
}

func TestSumsAreReducedOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var p product
	var want element
	for range 20 {
		a, b := element{rng.Uint64(), rng.Uint64()}, element{rng.Uint64(), rng.Uint64()}
		p.add(a, b)
		want = want.xor(multiplySlowly(a, b))
	}
	if got := p.reduce(); got != want {
		t.Errorf("sum is %x, want %x", got, want)
	}
}

func TestUniversalHash(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const n = 300
	r := (&transcript{1}).challenges(n)
	if len(r) != 3 || r[0] == r[1] || r[1] == r[2] {
		t.Fatalf("challenges are %x", r)
	}
	if other := (&transcript{2}).challenges(n); other[0] == r[0] {
		t.Error("another transcript has the same challenges")
	}
	column := randomBytes(rng, blocksOf(n)*blockBytes)
	want := loadElement(column[3*blockBytes:])
	for j, c := range r {
		want = want.xor(multiplySlowly(loadElement(column[j*blockBytes:]), c))
	}
	if got := r.of(column); got != want {
		t.Errorf("hash is %x, want %x", got, want)
	}
}
