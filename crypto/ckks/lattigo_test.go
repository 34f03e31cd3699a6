package ckks

import (
	"math"
	"math/rand/v2"
	"testing"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
	"github.com/tuneinsight/lattigo/v5/ring"
)

// lattigo's own decryptor and decoder open a user's ciphertext (c0, a2) with the sum of the three sub-keys: it is CKKS.
func TestLattigoOpensCiphertext(t *testing.T) {
	for _, preset := range []func(int) (*params.Params, error){params.Default, params.Wide} {
		s := newScheme(t, preset, 64)
		lp, err := hefloat.NewParametersFromLiteral(hefloat.ParametersLiteral{
			LogN: s.params.LogN(), Q: s.params.Primes(), LogDefaultScale: params.FeatureBits, Xs: ring.Ternary{P: 2 / 3.0},
		})
		if err != nil {
			t.Fatal(err)
		}
		x := randomFeatures(rand.New(rand.NewPCG(9, 9)), 64)
		e, err := s.Encrypt(x)
		if err != nil {
			t.Fatal(err)
		}

		sk := rlwe.NewSecretKey(lp)
		expander, small := s.ring.NewExpander(), make([]int8, s.params.N())
		sum, part := lattice.Poly(sk.Value.Q.Coeffs), s.ring.NewPoly()
		for j := range e.SubKeys {
			expander.Ternary(small, &e.SubKeys[j], lattice.LabelKey)
			s.ring.SetSmall(part, small)
			s.ring.NTT(part)
			s.ring.Add(sum, sum, part)
		}
		s.ring.MForm(sum)

		ct := rlwe.NewCiphertext(lp, 1, lp.MaxLevel())
		ct.IsNTT, ct.IsBatched = true, false
		// Delta = 2^28 round(q / 2^50): for the wide preset far above lattigo's default scale.
		scale := math.Exp2(params.FeatureBits)
		for _, q := range s.params.Primes()[1:] {
			scale *= float64(q)
		}
		ct.Scale = rlwe.NewScale(scale)
		if err := s.ring.Unpack(lattice.Poly(ct.Value[0].Coeffs), e.C0); err != nil {
			t.Fatal(err)
		}
		for l, sub := range lp.RingQ().SubRings {
			sub.IMForm(s.a2[l], ct.Value[1].Coeffs[l])
		}

		got := make([]float64, s.params.N())
		if err := hefloat.NewEncoder(lp).Decode(rlwe.NewDecryptor(lp, sk).DecryptNew(ct), got); err != nil {
			t.Fatal(err)
		}
		for i, want := range x {
			if math.Abs(got[i]-want) > math.Exp2(-23) {
				t.Errorf("feature %d decrypts to %g, want %g", i, got[i], want)
			}
		}
		for i, v := range got[64:] {
			if math.Abs(v) > math.Exp2(-23) {
				t.Errorf("coefficient %d beyond the features decrypts to %g", 64+i, v)
				break
			}
		}
	}
}
