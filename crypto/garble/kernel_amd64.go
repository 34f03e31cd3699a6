package garble

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// job is what the kernels work on.
type job struct {
	labels *Label
	values *byte
	bits   *byte
	tables *byte
	keys   [11][16]byte // AES-128 round keys
	delta  Label
	place  place
}

// place is where a stretch of gates ends and the next begins. The kernels move it on.
type place struct {
	tweak uint64
	row   int // bytes of tables done
	bit   int // bytes of bits done
}

// expandKey writes the round keys of AES-128, FIPS 197 section 5.2.
//
//go:noescape
func expandKey(k *Key, keys *[11][16]byte)

//go:noescape
func garbleAES(j *job, gates *gate, count int)

//go:noescape
func evaluateAES(j *job, gates *gate, count int)

//go:noescape
func garbleVAES(j *job, gates *gate, count int)

//go:noescape
func evaluateVAES(j *job, gates *gate, count int)

// stretch is the number of gates between two calls of a kernel, about ten microseconds: meanwhile nothing can interrupt it, and
// the garbage collector may have to wait.
const stretch = 1024

// kernels are the engines in assembly: with AES-NI a block to a register, with VAES and AVX-512 up to four.
func kernels() []engine {
	var all []engine
	if cpu.X86.HasAES && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VAES {
		all = append(all, engine{"vaes", func(c *Circuit, s *scratch, g *Garbling) {
			j := newJob(s, &g.Kappa, g.Tables, g.Delta)
			for part := range slices.Chunk(c.gates, stretch) {
				garbleVAES(&j, &part[0], len(part))
			}
		}, func(c *Circuit, s *scratch, kappa *Key, tables []byte) {
			j := newJob(s, kappa, tables, Label{})
			for part := range slices.Chunk(c.gates, stretch) {
				evaluateVAES(&j, &part[0], len(part))
			}
		}})
	}
	if cpu.X86.HasAES {
		all = append(all, engine{"aes", func(c *Circuit, s *scratch, g *Garbling) {
			j := newJob(s, &g.Kappa, g.Tables, g.Delta)
			for part := range slices.Chunk(c.gates, stretch) {
				garbleAES(&j, &part[0], len(part))
			}
		}, func(c *Circuit, s *scratch, kappa *Key, tables []byte) {
			j := newJob(s, kappa, tables, Label{})
			for part := range slices.Chunk(c.gates, stretch) {
				evaluateAES(&j, &part[0], len(part))
			}
		}})
	}
	return all
}

func newJob(s *scratch, kappa *Key, tables []byte, delta Label) job {
	j := job{
		place:  place{0, 0, 0},
		labels: unsafe.SliceData(s.labels),
		values: unsafe.SliceData(s.values),
		bits:   unsafe.SliceData(s.bits),
		tables: unsafe.SliceData(tables),
		delta:  delta,
	}
	expandKey(kappa, &j.keys)
	return j
}
