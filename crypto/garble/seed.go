package garble

import (
	"crypto/aes"
	"crypto/cipher"
)

// Seed is what a garbling is derived from. It must be fresh for each garbling, and unknown to the evaluator.
type Seed [32]byte

// domain is the first half of the counter blocks that a seed's stream encrypts, so that other uses of AES under the same seed
// do not meet it.
const domain = "garbling"

// stream is AES-256 in counter mode under the seed. Block 0 is the hash key, block 1 is the offset between the two labels of a
// wire, block 2 + i is the zero label of input i.
func (s *Seed) stream() cipher.Stream {
	block, err := aes.NewCipher(s[:])
	if err != nil {
		panic("garble: " + err.Error()) // not with 32 bytes
	}
	var counter [aes.BlockSize]byte
	copy(counter[:], domain)
	return cipher.NewCTR(block, counter[:])
}

// Prepare derives what does not depend on the gates: Delta, Inputs and Kappa, equal to those of Garble. The other fields stay
// empty. It is for those who hand out input labels of tables that somebody else has made.
func (c *Circuit) Prepare(seed *Seed) *Garbling {
	stream := seed.stream()
	g := &Garbling{Inputs: make([]Label, c.inputs)}
	chunk := make([]byte, 64*LabelBytes)
	stream.XORKeyStream(chunk[:2*LabelBytes], chunk[:2*LabelBytes])
	copy(g.Kappa[:], chunk)
	g.Delta = LabelFrom(chunk[LabelBytes:])
	g.Delta.lo |= 1 // the labels of a wire have different colours
	for rest := g.Inputs; len(rest) > 0; {
		n := min(len(rest), 64)
		buf := chunk[:n*LabelBytes]
		clear(buf)
		stream.XORKeyStream(buf, buf)
		for i := range rest[:n] {
			rest[i] = LabelFrom(buf[i*LabelBytes:])
		}
		rest = rest[n:]
	}
	return g
}
