package ot

import "encoding/binary"

// columns is a matrix of 128 columns, one after the other, each of the same number of blocks. Bit k of block j of a column belongs
// to transfer 128 j + k.
type columns []byte

// column returns column i.
func (c columns) column(i int) []byte {
	size := len(c) / Base
	return c[i*size : (i+1)*size : (i+1)*size]
}

// rows writes the 128 rows that block j of all columns holds: bit i of a row is of column i.
func (c columns) rows(j int, dst *[Base]element) {
	size := len(c) / Base
	for half := range 2 {
		at := j*blockBytes + half*8
		var lo, hi [64]uint64
		for i := range 64 {
			lo[i] = binary.LittleEndian.Uint64(c[i*size+at:])
			hi[i] = binary.LittleEndian.Uint64(c[(64+i)*size+at:])
		}
		transpose(&lo)
		transpose(&hi)
		for k := range 64 {
			dst[half*64+k] = element{lo[k], hi[k]}
		}
	}
}

// transpose makes bit i of word k what was bit k of word i: it swaps the off-diagonal quarters of ever smaller squares, all squares
// of a size at once (Warren, Hacker's Delight, section 7-3).
func transpose(m *[64]uint64) {
	mask := uint64(1)<<32 - 1
	for half := 32; half > 0; half /= 2 {
		for k := 0; k < 64; k = (k + half + 1) &^ half {
			swap := (m[k]>>half ^ m[k+half]) & mask
			m[k] ^= swap << half
			m[k+half] ^= swap
		}
		mask ^= mask << (half / 2)
	}
}
