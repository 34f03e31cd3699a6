package lattice

import (
	"encoding/binary"
	"fmt"
)

// Pack writes p to dst, 50 bits a coefficient, little-endian, primes one after another. dst has params.PolyBytes bytes.
func (r *Ring) Pack(dst []byte, p Poly) {
	width := uint(r.params.PrimeBits())
	each := len(dst) / len(p)
	for l := range p {
		packBits(dst[l*each:(l+1)*each], p[l], width)
	}
}

func packBits(dst []byte, src []uint64, width uint) {
	var acc uint64
	var filled uint
	for _, v := range src {
		acc |= v << filled
		if filled += width; filled >= 64 {
			binary.LittleEndian.PutUint64(dst, acc)
			dst = dst[8:]
			filled -= 64
			acc = v >> (width - filled)
		}
	}
	for ; len(dst) > 0; dst = dst[1:] {
		dst[0] = byte(acc)
		acc >>= 8
	}
}

// Unpack reads what Pack wrote. It refuses other lengths and coefficients of the prime or above.
func (r *Ring) Unpack(p Poly, src []byte) error {
	if len(src) != r.params.PolyBytes() {
		return fmt.Errorf("polynomial has %d bytes, want %d", len(src), r.params.PolyBytes())
	}
	width := uint(r.params.PrimeBits())
	each := len(src) / len(p)
	for l := range p {
		if !unpack(p[l], src[l*each:(l+1)*each], width, r.primes[l].q) {
			return fmt.Errorf("coefficient is not below its prime %d", r.primes[l].q)
		}
	}
	return nil
}

func unpack(dst []uint64, src []byte, width uint, q uint64) bool {
	if haveVBMI && width == 50 {
		return unpackVector(dst, src, q)
	}
	return unpackBits(dst, src, width, q)
}

// unpackBits reports whether every value is below q.
func unpackBits(dst []uint64, src []byte, width uint, q uint64) bool {
	mask := uint64(1)<<width - 1
	bad := uint64(0)
	// All but the last few values can be read as one word from the byte that they start in: 50 + 7 bits fit.
	fast := max(0, len(dst)-2)
	bit := uint(0)
	for i := range dst[:fast] {
		v := binary.LittleEndian.Uint64(src[bit>>3:]) >> (bit & 7) & mask
		bad |= (q - 1 - v) >> 63
		dst[i] = v
		bit += width
	}
	for i := fast; i < len(dst); i++ {
		var word [8]byte
		copy(word[:], src[bit>>3:])
		v := binary.LittleEndian.Uint64(word[:]) >> (bit & 7) & mask
		bad |= (q - 1 - v) >> 63
		dst[i] = v
		bit += width
	}
	return bad == 0
}
