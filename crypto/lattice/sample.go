package lattice

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// SeedSize is the length of a seed in bytes.
const SeedSize = 32

// Seed is expanded with AES-256 in counter mode into one polynomial for each [Label].
type Seed [SeedSize]byte

// Wipe overwrites the seed. Copies that the compiler or the garbage collector made may survive.
func (s *Seed) Wipe() { clear(s[:]) }

// Format keeps the seed out of logs and errors, whatever the verb.
func (s Seed) Format(f fmt.State, _ rune) { fmt.Fprint(f, "seed (secret)") }

// Label separates the streams drawn from one seed.
type Label byte

// The streams of a seed.
const (
	LabelKey     Label = 1 + iota // ternary sub-key s_j, or mask v
	LabelError                    // error e'_j of b, or e1 of a hint
	LabelMessage                  // error e of c0
	LabelMask                     // the public element a of a period
	LabelWeights                  // the public element a2 of a period
)

// Expander turns seeds into polynomials. It is not safe for concurrent use.
type Expander struct {
	buf []byte
}

// NewExpander returns an expander for r's degree.
func (r *Ring) NewExpander() *Expander {
	return &Expander{buf: make([]byte, 8*r.params.N())}
}

// Wipe overwrites the key stream left in the expander.
func (e *Expander) Wipe() { clear(e.buf) }

// stream starts the key stream of a seed and label.
func stream(seed *Seed, label Label) cipher.Stream {
	block, err := aes.NewCipher(seed[:])
	if err != nil {
		panic("lattice: AES-256 refuses a 32-byte key: " + err.Error())
	}
	iv := [aes.BlockSize]byte{0: byte(label)}
	return cipher.NewCTR(block, iv[:])
}

func (e *Expander) draw(s cipher.Stream, n int) []byte {
	b := e.buf[:n]
	clear(b)
	s.XORKeyStream(b, b)
	return b
}

// Ternary fills dst with uniform values of {-1, 0, 1}: two bits a draw, the fourth value rejected.
func (e *Expander) Ternary(dst []int8, seed *Seed, label Label) {
	s := stream(seed, label)
	b := e.draw(s, len(dst)/2) // four draws a byte: half as many again as are needed on average
	for i := 0; ; b = e.draw(s, len(dst)/16) {
		for ; len(b) >= 8; b = b[8:] {
			w := binary.LittleEndian.Uint64(b)
			for range 32 {
				v := w & 3
				dst[i] = int8(v&1) - int8(v>>1)
				i += int(v&(v>>1)) ^ 1 // stay when both bits are set
				if i == len(dst) {
					return
				}
				w >>= 2
			}
		}
	}
}

// ErrorStd is the standard deviation of [Expander.Error]: sqrt(21/2).
const ErrorStd = 3.2403703492039302

// Error fills dst with a centred binomial distribution of eta = 21: the difference of two sums of 21 bits, in [-21, 21].
func (e *Expander) Error(dst []int8, seed *Seed, label Label) {
	b := e.draw(stream(seed, label), 8*len(dst))
	const mask = 1<<21 - 1
	for i := range dst {
		w := binary.LittleEndian.Uint64(b[8*i:])
		dst[i] = int8(bits.OnesCount64(w&mask) - bits.OnesCount64(w>>21&mask))
	}
}

// Uniform fills p with coefficients uniform modulo each prime: 50 bits a draw, values of the prime or above rejected.
func (r *Ring) Uniform(e *Expander, p Poly, seed *Seed, label Label) {
	s := stream(seed, label)
	mask := uint64(1)<<r.params.PrimeBits() - 1
	for l := range p {
		for i := 0; i < len(p[l]); {
			b := e.draw(s, 8*min(len(p[l])-i, len(e.buf)/8))
			for ; len(b) >= 8; b = b[8:] {
				if v := binary.LittleEndian.Uint64(b) & mask; v < r.primes[l].q {
					p[l][i] = v
					i++
				}
			}
		}
	}
}
