package textbook

import (
	"errors"
	"fmt"
	"math"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
)

const (
	logN = 13

	// MaxSlots is the number of real values in a ciphertext, N/2 for N = 8192, and
	// the most that d * campaigns may come to.
	MaxSlots = 1 << (logN - 1)

	// MaxAbs bounds features and weights. The largest score is then
	// 8 * 8 * 4096 = 2^18, and scores wrap only at q0 / (2 * 2^40), about 2^19.
	MaxAbs = 8

	// maxLogQP is the largest modulus, special prime included, for 128-bit
	// classical security with ternary secrets at N = 2^13 (Bossuat et al., ePrint
	// 2024/463).
	maxLogQP = 214

	logScale   = 40 // scale of the features, and of the scores
	scoreLevel = 0  // level after the one rescale
)

// parameters builds the ring: q0 holds a score, the second prime is the one the
// rescale removes, and the special prime is as large as q0 so that a rotation adds
// next to no noise.
func parameters() (hefloat.Parameters, error) {
	params, err := hefloat.NewParametersFromLiteral(hefloat.ParametersLiteral{
		LogN:            logN,
		LogQ:            []int{60, logScale},
		LogP:            []int{60},
		Xs:              rlwe.DefaultXs, // uniform ternary
		Xe:              rlwe.DefaultXe, // standard deviation 3.2
		LogDefaultScale: logScale,
	})
	if err != nil {
		return hefloat.Parameters{}, fmt.Errorf("parameters: %w", err)
	}
	return params, checkSecurity(params)
}

// checkSecurity measures the product of the primes: lattigo checks no security
// level, and a prime it picks may be a bit longer than asked for.
func checkSecurity(params hefloat.Parameters) error {
	if bits := params.QPBigInt().BitLen(); bits > maxLogQP {
		return fmt.Errorf("parameters: log QP is %d bits, at most %d allowed at N = 2^%d", bits, maxLogQP, logN)
	}
	return nil
}

func checkShape(d, campaigns int) error {
	if !isPowerOfTwo(d) {
		return fmt.Errorf("%d features: not a power of two", d)
	}
	if !isPowerOfTwo(campaigns) {
		return fmt.Errorf("%d campaigns: not a power of two", campaigns)
	}
	if d > MaxSlots/campaigns {
		return fmt.Errorf("%d campaigns of %d features: more than %d slots", campaigns, d, MaxSlots)
	}
	return nil
}

func isPowerOfTwo(n int) bool { return n > 0 && n&(n-1) == 0 }

// checkVector names the position of a bad value but not the value, which may be
// somebody's feature.
func checkVector(what string, v []float64, d int) error {
	if len(v) != d {
		return fmt.Errorf("%d %s, want %d", len(v), what, d)
	}
	for i, value := range v {
		if !(math.Abs(value) <= MaxAbs) { // also NaN
			return fmt.Errorf("%s: position %d is outside +-%d", what, i, MaxAbs)
		}
	}
	return nil
}

func checkCiphertext(ct *rlwe.Ciphertext, level int) error {
	switch {
	case ct == nil || ct.MetaData == nil:
		return errors.New("no ciphertext")
	case ct.Degree() != 1:
		return fmt.Errorf("ciphertext has degree %d, want 1", ct.Degree())
	case ct.Value[0].N() != 1<<logN || ct.Value[1].N() != 1<<logN:
		return fmt.Errorf("ciphertext has another ring degree than %d", 1<<logN)
	case ct.Value[0].Level() != level || ct.Value[1].Level() != level:
		return fmt.Errorf("ciphertext is at another level than %d", level)
	case !ct.IsNTT || !ct.IsBatched || ct.IsMontgomery:
		return errors.New("ciphertext is not slot-packed in ntt form")
	}
	return nil
}
