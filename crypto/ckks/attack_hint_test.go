package ckks

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
)

// One trustee, who sees every hint, attacks a model. Sixteen weights of one campaign are unknown to it; their positions and all
// other weights are known. Without a mask, or with one mask for two models, a second of lattice reduction finds all sixteen.
// The hints that Prepare makes give nothing to the same attack.
//
// Why not: every coefficient of a hint w a2 + v a + e1 holds all N unknowns of a fresh ternary v, so there are never more
// equations than unknowns. (a, v a + e1) is a ring-LWE sample, here of degree 2048 and modulus below 2^50, and w a2 is added to
// what nobody can tell from uniform. The difference of two hints is such a sample under v - v'. That a reduction in dimension
// 35 fails is no evidence for ring-LWE. It is evidence that Prepare draws a mask, and draws it anew.
func TestWeightsFromHints(t *testing.T) {
	if testing.Short() {
		t.Skip("five lattice reductions")
	}
	s := newScheme(t, params.Default, 64)
	rng := rand.New(rand.NewPCG(5, 16))
	model, support := secretCampaign(s, rng)
	changed := redraw(s, rng, model, support)
	truth, change := at(s, model, support), make([]int64, len(support))
	for i, v := range at(s, changed, support) {
		change[i] = truth[i] - v
	}
	mask, noise, noise2 := &lattice.Seed{1}, &lattice.Seed{2}, &lattice.Seed{3}
	if !slices.Equal(s.prepare(model, mask).hint, hintOf(s, model, mask, mask)) {
		t.Fatal("the hints made by this test are not those of the package")
	}
	known := withoutSecret(s, model, support)

	for _, tc := range []struct {
		name   string
		target []uint64
		truth  []int64
		falls  bool
	}{
		{"a hint without a mask", minus(s, lift(s, hintOf(s, model, nil, noise)), times(s, s.a2, known)), truth, true},
		{"two hints under one mask and error", lift(s, difference(s.prepare(model, mask).hint, s.prepare(changed, mask).hint)), change, true},
		{"two hints under one mask", lift(s, difference(hintOf(s, model, mask, noise), hintOf(s, changed, mask, noise2))), change, true},
		{"a hint as prepared", minus(s, lift(s, prepared(t, s, model)), times(s, s.a2, known)), truth, false},
		{"two hints as prepared", lift(s, difference(prepared(t, s, model), prepared(t, s, changed))), change, false},
	} {
		t.Run(tc.name, func(t *testing.T) { attackHint(t, s, tc.target, support, tc.truth, tc.falls) })
	}
}

// attackHint runs the attack and checks whether the weights fall.
func attackHint(t *testing.T, s *Scheme, target []uint64, support []int, truth []int64, falls bool) {
	guess := solve(s, target, support)
	right, fits := 0, fitting(s, target, support, guess)
	for i := range guess {
		if guess[i] == truth[i] {
			right++
		}
	}
	t.Logf("candidate found: %v; %d of %d weights right; fits %d of %d coefficients", guess != nil, right, len(truth), fits, len(target))
	switch {
	case falls && (right != len(truth) || fits != len(target)):
		t.Error("the attack should have found every weight and seen that it did")
	case !falls && (right > 1 || fits > len(target)/100):
		t.Error("the attack found weights, or a guess that explains the hint")
	}
}

// solve finds small x_p with target = sum_p x_p (X^p a2) + noise mod q, noise below 2^18, by the embedding technique on 18
// coefficients: the lattice of rows (q e_j | 0 | 0), (X^p a2 at the coefficients | e_p | 0) and (-target | 0 | T) contains
// (-noise | x | T), of length about 2^19, where 2^26 would be the shortest of a random lattice. Nil if no row is a candidate.
func solve(s *Scheme, target []uint64, support []int) []int64 {
	const equations, embed = 18, 1 << 16
	unknowns := len(support)
	width := equations + unknowns + 1
	basis := make([][]*big.Int, width)
	for i := range basis {
		basis[i] = make([]*big.Int, width)
		for j := range basis[i] {
			basis[i][j] = new(big.Int)
		}
	}
	a2 := times(s, s.a2, []int64{1})
	for j := range equations {
		t := 700 + j
		basis[j][j].SetUint64(modulus(s))
		for i, p := range support {
			basis[equations+i][j].SetUint64(shifted(s, a2, p, t))
		}
		basis[width-1][j].SetUint64(modulus(s) - target[t])
	}
	for i := range support {
		basis[equations+i][equations+i].SetInt64(1)
	}
	basis[width-1][width-1].SetInt64(embed)
	reduceLLL(basis)
	for _, row := range basis {
		if last := row[width-1].Int64(); last == embed || last == -embed {
			x := make([]int64, unknowns)
			for i := range x {
				x[i] = row[equations+i].Int64() * last / embed
			}
			return x
		}
	}
	return nil
}

// fitting counts the coefficients of target that x explains up to the rounding of two hints and two errors.
func fitting(s *Scheme, target []uint64, support []int, x []int64) int {
	if x == nil {
		return 0
	}
	const allowed = 1<<18 + 64
	w := make([]int64, s.params.N())
	for i, p := range support {
		// A wrong guess may be too large for a signed coefficient.
		w[p] = x[i] % (1 << 48)
	}
	fits := 0
	for _, v := range minus(s, target, times(s, s.a2, w)) {
		if v <= allowed || v >= modulus(s)-allowed {
			fits++
		}
	}
	return fits
}

// secretCampaign draws a model of N/d campaigns. Its campaign 5 has 16 nonzero weights of rms 1, at the exponents returned.
func secretCampaign(s *Scheme, rng *rand.Rand) (model [][]int64, support []int) {
	for _, row := range randomWeights(rng, s.params.MaxLanes(), s.params.Dim(), 16) {
		ints := make([]int64, len(row))
		for i, v := range row {
			ints[i] = int64(math.Ldexp(v, params.WeightBits))
		}
		model = append(model, ints)
	}
	clear(model[5])
	for i := range 16 {
		support = append(support, s.params.LaneIndex(5)-4*i)
	}
	return redraw(s, rng, model, support), support
}

// redraw returns a copy of the model with other weights at the given exponents of campaign 5.
func redraw(s *Scheme, rng *rand.Rand, model [][]int64, support []int) [][]int64 {
	other := append([][]int64(nil), model...)
	other[5] = append([]int64(nil), model[5]...)
	for _, p := range support {
		other[5][s.params.LaneIndex(5)-p] = int64(math.Ldexp(rng.NormFloat64(), params.WeightBits))
	}
	return other
}

// at returns the weights at the given exponents.
func at(s *Scheme, model [][]int64, support []int) []int64 {
	all, values := s.layOut(model), make([]int64, len(support))
	for i, p := range support {
		values[i] = all[p]
	}
	return values
}

// withoutSecret returns the polynomial of the weights that the attacker knows.
func withoutSecret(s *Scheme, model [][]int64, support []int) []int64 {
	all := s.layOut(model)
	for _, p := range support {
		all[p] = 0
	}
	return all
}

// prepared returns the hint that the package makes of a model.
func prepared(t *testing.T, s *Scheme, model [][]int64) []uint32 {
	weights := make([][]float64, len(model))
	for k, row := range model {
		for _, v := range row {
			weights[k] = append(weights[k], math.Ldexp(float64(v), -params.WeightBits))
		}
	}
	sc, err := s.Prepare(weights)
	if err != nil {
		t.Fatal(err)
	}
	return sc.Hint()
}

// hintOf makes a hint with a given mask and error, or without a mask.
func hintOf(s *Scheme, model [][]int64, mask, noise *lattice.Seed) []uint32 {
	sum := s.ring.NewPoly()
	e := s.ring.NewExpander()
	small := make([]int8, s.params.N())
	e.Error(small, noise, lattice.LabelError)
	s.ring.SetSmall(sum, small)
	s.ring.Add(sum, sum, lattice.Poly{times(s, s.a2, s.layOut(model))})
	if mask != nil {
		s.ring.Add(sum, sum, lattice.Poly{times(s, s.a, maskOf(s, mask))})
	}
	hint := make([]uint32, s.params.N())
	s.ring.Round(hint, sum)
	return hint
}

// maskOf returns the coefficients of the mask v that a seed stands for.
func maskOf(s *Scheme, seed *lattice.Seed) []int64 {
	small, v := make([]int8, s.params.N()), make([]int64, s.params.N())
	s.ring.NewExpander().Ternary(small, seed, lattice.LabelKey)
	for i, x := range small {
		v[i] = int64(x)
	}
	return v
}

// times returns the coefficients of a public element, a or a2, times a polynomial of signed coefficients.
func times(s *Scheme, element lattice.Poly, factor []int64) []uint64 {
	p, f := s.ring.NewPoly(), s.ring.NewPoly()
	s.ring.SetSigned(f, factor)
	s.ring.NTT(f)
	s.ring.MulAdd(p, element, f)
	s.ring.INTT(p)
	return p[0]
}

// modulus is q for a set with one prime.
func modulus(s *Scheme) uint64 { return s.params.Primes()[0] }

// minus is a - b.
func minus(s *Scheme, a, b []uint64) []uint64 {
	d := s.ring.NewPoly()
	s.ring.Sub(d, lattice.Poly{a}, lattice.Poly{b})
	return d[0]
}

// shifted is coefficient t of X^p a.
func shifted(s *Scheme, a []uint64, p, t int) uint64 {
	if t >= p {
		return a[t-p]
	}
	return (modulus(s) - a[len(a)+t-p]) % modulus(s)
}

// lift switches a hint, or a difference of hints, back to modulus q.
func lift(s *Scheme, hint []uint32) []uint64 {
	values := make([]uint64, len(hint))
	q := new(big.Int).SetUint64(modulus(s))
	for i, h := range hint {
		v := new(big.Int).Mul(q, big.NewInt(int64(h)))
		v.Add(v, big.NewInt(1<<31))
		values[i] = v.Rsh(v, 32).Uint64() % modulus(s)
	}
	return values
}

func difference(a, b []uint32) []uint32 {
	d := make([]uint32, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}
