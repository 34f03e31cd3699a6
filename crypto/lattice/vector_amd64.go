package lattice

import "golang.org/x/sys/cpu"

// Vector kernels for processors with AVX-512 and its 52-bit multiply-add. Elsewhere, and as their oracle in tests, the
// portable code runs. Results are equal to the last bit.

//go:noescape
func nttIFMA(p *uint64, n uint64, w, wp, tail *uint64, q uint64)

//go:noescape
func dotAVX512(c *uint32, s *int32, n uint64) uint32

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
