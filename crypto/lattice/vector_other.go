//go:build !amd64

package lattice

const (
	haveVector = false
	haveVBMI   = false
)

func unpackVector([]uint64, []byte, uint64) bool {
	panic("lattice: no vector kernels on this architecture")
}

func (v *vectorNTT) ntt([]uint64) { panic("lattice: no vector kernels on this architecture") }

func dotVector([]uint32, []int32) uint32 { panic("lattice: no vector kernels on this architecture") }
