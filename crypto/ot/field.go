package ot

import "encoding/binary"

// element is a block of 128 bits, and as such an element of GF(2^128) modulo X^128 + X^7 + X^2 + X + 1. Bit k, counted from the
// lowest of the first byte, is the coefficient of X^k.
type element struct{ lo, hi uint64 }

func loadElement(b []byte) element {
	_ = b[blockBytes-1]
	return element{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

func (a element) put(dst []byte) {
	_ = dst[blockBytes-1]
	binary.LittleEndian.PutUint64(dst, a.lo)
	binary.LittleEndian.PutUint64(dst[8:], a.hi)
}

// xor is a + b, and a - b.
func (a element) xor(b element) element { return element{a.lo ^ b.lo, a.hi ^ b.hi} }

func (a element) and(mask uint64) element { return element{a.lo & mask, a.hi & mask} }

// mask is all ones if bit i of a is set, and zero if not.
func (a element) mask(i int) uint64 {
	word := a.lo
	if i >= 64 {
		word = a.hi
	}
	return -(word >> (i & 63) & 1)
}

// product is a polynomial of degree below 256 that is yet to be reduced, so that sums of products are reduced once.
type product [4]uint64

// add adds the product of a secret and a public polynomial. It is a comb with windows of four bits (Lopez and Dahab, INDOCRYPT
// 2000): the sixteen multiples of the secret are made, and the public factor chooses among them, so that no secret becomes an
// address.
func (p *product) add(secret, public element) {
	var multiples [16][3]uint64
	multiples[1] = [3]uint64{secret.lo, secret.hi}
	for i := 2; i < 16; i += 2 {
		h := &multiples[i/2]
		lo, hi, over := h[0]<<1, h[1]<<1|h[0]>>63, h[2]<<1|h[1]>>63
		multiples[i] = [3]uint64{lo, hi, over}
		multiples[i+1] = [3]uint64{lo ^ secret.lo, hi ^ secret.hi, over}
	}
	var r0, r1, r2, r3 uint64
	for shift := 60; shift >= 0; shift -= 4 {
		r3 = r3<<4 | r2>>60
		r2 = r2<<4 | r1>>60
		r1 = r1<<4 | r0>>60
		r0 <<= 4
		low, high := &multiples[public.lo>>shift&15], &multiples[public.hi>>shift&15]
		r0 ^= low[0]
		r1 ^= low[1] ^ high[0]
		r2 ^= low[2] ^ high[1]
		r3 ^= high[2]
	}
	p[0] ^= r0
	p[1] ^= r1
	p[2] ^= r2
	p[3] ^= r3
}

// reduce folds the upper half down: X^128 = X^7 + X^2 + X + 1.
func (p *product) reduce() element {
	h0, h1 := p[2], p[3]
	over := h1>>63 ^ h1>>62 ^ h1>>57 // what the shifts below push out of h1, again at X^128 and above
	h0 ^= over
	lo := h0 ^ h0<<1 ^ h0<<2 ^ h0<<7
	hi := h1 ^ (h1<<1 | h0>>63) ^ (h1<<2 | h0>>62) ^ (h1<<7 | h0>>57)
	return element{p[0] ^ lo, p[1] ^ hi}
}
