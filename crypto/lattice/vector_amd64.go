package lattice

import "golang.org/x/sys/cpu"

// Vector kernels for processors with AVX-512 and its 52-bit multiply-add. Elsewhere, and as their oracle in tests, the
// portable code runs. Results are equal to the last bit.

//go:noescape
func nttIFMA(p *uint64, n uint64, w, wp, tail *uint64, q uint64)

//go:noescape
func dotAVX512(c *uint32, s *int32, n uint64) uint32

//go:noescape
func unpackVBMI(dst *uint64, src *byte, groups uint64, q uint64, index *[64]byte, shift *[8]uint64) (bad uint64)

// haveVBMI is whether bytes can be permuted across a whole vector as well.
var haveVBMI = haveVector && cpu.X86.HasAVX512VBMI

// Eight values of 50 bits fill 50 bytes. unpackIndex brings the eight bytes in which each begins into its place, unpackShift
// moves its first bit to the bottom.
var unpackIndex, unpackShift = func() (index [64]byte, shift [8]uint64) {
	for j := range 8 {
		for b := range 8 {
			index[8*j+b] = byte(50*j/8 + b)
		}
		shift[j] = uint64(50 * j % 8)
	}
	return index, shift
}()

// unpackVector is unpackBits for 50 bits, for a number of values that is a multiple of eight.
func unpackVector(dst []uint64, src []byte, q uint64) bool {
	groups := len(dst) / 8
	src = src[:50*groups]
	return unpackVBMI(&dst[0], &src[0], uint64(groups), q, &unpackIndex, &unpackShift) == 0
}

// haveVector is whether the kernels can run: decided once, never changed.
var haveVector = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512IFMA

// ntt transforms p in place with the vector kernel.
func (v *vectorNTT) ntt(p []uint64) {
	nttIFMA(&p[0], uint64(len(p)), &v.w[0], &v.wp[0], &v.tail[0], v.q)
}

// dotVector is the sum of c[i] s[i] modulo 2^32, for a length that is a multiple of 64.
func dotVector(c []uint32, s []int32) uint32 {
	s = s[:len(c)]
	return dotAVX512(&c[0], &s[0], uint64(len(c)))
}
