// Package plain is the plaintext stand-in for cipherbid/crypto/ckks: the same integers, layout and rounding, in the clear. It is
// the baseline that encryption is measured against and the reference that it is tested against. It protects nothing, which is
// why its parameters carry the word insecure in their name.
package plain

import (
	"encoding/binary"
	"fmt"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Scheme implements scheme.Scheme without encryption. It is safe for concurrent use.
type Scheme struct {
	params *params.Params
}

// New returns the stand-in for p, whose kind must be params.Cleartext.
func New(p *params.Params) (*Scheme, error) {
	if p.Encrypted() {
		return nil, fmt.Errorf("parameters %v are for encryption, not for the plaintext stand-in", p)
	}
	return &Scheme{params: p}, nil
}

// Params returns the parameters.
func (s *Scheme) Params() *params.Params { return s.params }

// Encrypt writes the quantised features as they are. Nothing is secret about the result.
func (s *Scheme) Encrypt(features []float64) (*scheme.Encryption, error) {
	ints, err := scheme.QuantiseFeatures(s.params, features)
	if err != nil {
		return nil, err
	}
	e := &scheme.Encryption{C0: make([]byte, s.params.PayloadBytes())}
	for i, v := range ints {
		binary.LittleEndian.PutUint32(e.C0[4*i:], uint32(int32(v)))
	}
	return e, nil
}

// Prepare quantises the weights.
func (s *Scheme) Prepare(weights [][]float64) (scheme.Scorer, error) {
	ints, err := scheme.QuantiseWeights(s.params, weights)
	if err != nil {
		return nil, err
	}
	return &scorer{weights: ints}, nil
}

// Unlock has nothing to unlock.
func (s *Scheme) Unlock(int, [2]*lattice.Seed, []byte, *[scheme.Trustees]scheme.Digest) (scheme.Decrypter, error) {
	return nothing{}, nil
}

type scorer struct {
	weights [][]int64
}

func (s *scorer) Lanes() int     { return len(s.weights) }
func (s *scorer) Hint() []uint32 { return nil }

// Score computes every dot product exactly and rounds it to the lanes' precision.
func (s *scorer) Score(dst []uint32, c0, b []byte) error {
	if len(c0) != 4*len(s.weights[0]) || len(b) != 0 {
		return fmt.Errorf("payload has %d and %d bytes, want %d and 0", len(c0), len(b), 4*len(s.weights[0]))
	}
	const limit = 1 << params.FeatureBits
	for k, row := range s.weights {
		var sum int64
		for i, w := range row {
			x := int32(binary.LittleEndian.Uint32(c0[4*i:]))
			if x < -limit || x > limit {
				return fmt.Errorf("feature %d is outside [-1, 1]", i)
			}
			sum += w * int64(x)
		}
		const drop = params.FeatureBits + params.WeightBits - params.LaneBits
		dst[k] = uint32((sum + 1<<(drop-1)) >> drop)
	}
	return nil
}

type nothing struct{}

func (nothing) PartialDecrypt([]uint32, int) [2]uint32 { return [2]uint32{} }
func (nothing) Close()                                 {}
