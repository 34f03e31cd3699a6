package ckks

import (
	"crypto/sha256"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// A bidder keeps the ciphertext of an earlier auction and answers a later one with it. Under a long-lived key its lanes would
// open to the earlier user's features, and so they do here when the keys are the same. Under the later auction's own key they
// are uniform, as are answers spliced from two requests: w (c0 + a2 s) keeps w a2 times the difference of the keys. That is why
// nothing needs to prove what an answer was computed from.
func TestAnswerToAnotherRequestIsNoise(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	rng := rand.New(rand.NewPCG(64, 1))
	weights := gridWeights(rng, s)
	sc, err := s.Prepare(weights)
	if err != nil {
		t.Fatal(err)
	}
	const rounds = 32
	var earlier, later [rounds]*scheme.Encryption
	var want []float64 // log-bids of the earlier features
	for i := range rounds {
		x := randomFeatures(rng, 64)
		earlier[i], later[i] = encrypt(t, s, x), encrypt(t, s, randomFeatures(rng, 64))
		for _, row := range weights {
			want = append(want, dotProduct(row, x))
		}
	}
	for _, tc := range []struct {
		name       string
		c0, b, key *[rounds]*scheme.Encryption
		reads      bool
	}{
		{"replay under the same key", &earlier, &earlier, &earlier, true},
		{"replay", &earlier, &earlier, &later, false},
		{"features of one request, b of the other", &earlier, &later, &later, false},
		{"features and key of one request, b of the other", &earlier, &later, &earlier, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lanes []uint32
			for i := range rounds {
				lanes = append(lanes, decrypt(t, s, tc.key[i], sc.Hint(), answer(t, sc, tc.c0[i].C0, tc.b[i].B))...)
			}
			near := 0
			for k, lane := range lanes {
				if math.Abs(scheme.LogBid(lane)-want[k]) < math.Exp2(-15) {
					near++
				}
			}
			t.Logf("%d of %d lanes open to the earlier features", near, len(lanes))
			if tc.reads {
				if near != len(lanes) {
					t.Error("the attack should have read every lane")
				}
				return
			}
			if near > 4 { // 0.001 expected by chance
				t.Error("lanes open to the features of another request")
			}
			checkUniform(t, lanes)
		})
	}
}

// Anybody can change a ciphertext so that no byte comparison with the old one tells, and it still decrypts to the same
// features: by a small error added to c0, which every honest bidder's hint fits, or by an encryption of zero (u b + e, u a),
// which a bidder in league prepares a hint for. A trustee that kept a list of the ciphertexts it had seen would decrypt either
// again. The trustees' boxes are therefore bound to the digest of the request, with (c0, b) in it, and refuse both.
func TestRerandomisedCiphertextDecrypts(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	rng := rand.New(rand.NewPCG(64, 2))
	x := randomFeatures(rng, 64)
	weights := gridWeights(rng, s)
	e := encrypt(t, s, x)

	expander, small := s.ring.NewExpander(), make([]int8, s.params.N())
	fresh := func(seed byte) lattice.Poly { // c0 plus an error
		p, c0 := s.ring.NewPoly(), s.ring.NewPoly()
		expander.Error(small, &lattice.Seed{seed}, lattice.LabelError)
		s.ring.SetSmall(p, small)
		s.ring.NTT(p)
		unpack(t, s, c0, e.C0)
		s.ring.Add(p, p, c0)
		return p
	}
	pack := func(p lattice.Poly) []byte {
		packed := make([]byte, s.params.PolyBytes())
		s.ring.Pack(packed, p)
		return packed
	}
	noisy := pack(fresh(1))

	// (c0 + u b + e, a2 + u a): in league means a scheme of its own with another a2.
	league := newScheme(t, params.Default, 64)
	u, b, sum := s.ring.NewPoly(), s.ring.NewPoly(), fresh(2)
	expander.Ternary(small, &lattice.Seed{3}, lattice.LabelKey)
	s.ring.SetSmall(u, small)
	s.ring.NTT(u)
	s.ring.MForm(u)
	unpack(t, s, b, e.B)
	s.ring.MulAdd(sum, u, b)
	s.ring.MulAdd(league.a2, u, s.a)
	zeroAdded := pack(sum)

	for _, tc := range []struct {
		name   string
		scheme *Scheme
		c0     []byte
	}{
		{"as sent", s, e.C0},
		{"small error added", s, noisy},
		{"encryption of zero added", league, zeroAdded},
	} {
		sc, err := tc.scheme.Prepare(weights)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for k, lane := range decrypt(t, s, e, sc.Hint(), answer(t, sc, tc.c0, e.B)) {
			worst = max(worst, math.Abs(scheme.LogBid(lane)-dotProduct(weights[k], x)))
		}
		changed := sha256.Sum256(tc.c0) != sha256.Sum256(e.C0)
		t.Logf("%s: digest changed: %v, worst log-bid error 2^%.1f", tc.name, changed, math.Log2(worst))
		if changed != (tc.name != "as sent") || worst > math.Exp2(-13) {
			t.Errorf("%s: digest changed: %v, log-bids off by %g", tc.name, changed, worst)
		}
	}
}

// Whoever sends bidders a b with a message m in it gets v m added to the lanes: with m = 12 X^j, campaign k's log-bid moves by
// 12 times coefficient kd + d-1-j of the mask. If trustees did not check b, d such requests with features of zero would give
// the whole mask, and the hint without its mask gives the weights as in TestWeightsFromHints. They do, and refuse each one.
func TestForgedBReadsMask(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	rng := rand.New(rand.NewPCG(64, 3))
	model, support := secretCampaign(s, rng)
	seed := &lattice.Seed{7}
	victim := s.prepare(model, seed)
	mask := maskOf(s, seed)

	read, refused := make([]int64, s.params.N()), 0
	for j := range s.params.Dim() {
		e := encrypt(t, s, make([]float64, s.params.Dim()))
		forged := withMessage(t, s, e.B, j, 12<<44)
		// Decrypting with the honest b is what trustees that do not check would do: their sub-keys are the same.
		for k, lane := range decrypt(t, s, e, victim.Hint(), answer(t, victim, e.C0, forged)) {
			read[s.params.LaneIndex(k)-j] = int64(math.Round(scheme.LogBid(lane) / 12))
		}
		e.B = forged
		for trustee := range scheme.Trustees {
			js := scheme.SubKeysOf(trustee)
			_, err := s.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &e.BDigests)
			if errors.Is(err, scheme.ErrForgedB) {
				refused++
			}
		}
	}
	right := 0
	for i, v := range mask {
		if read[i] == v {
			right++
		}
	}
	t.Logf("%d forged requests: %d of %d coefficients of the mask right, %d refusals by %d trustees", s.params.Dim(), right, len(mask), refused, scheme.Trustees)
	if right != len(mask) {
		t.Error("the attack should have read the whole mask")
	}
	if refused != scheme.Trustees*s.params.Dim() {
		t.Error("a trustee accepted a forged b")
	}

	if testing.Short() {
		return // what follows is a lattice reduction
	}
	unmasked := minus(s, lift(s, victim.Hint()), times(s, s.a, read))
	unmasked = minus(s, unmasked, times(s, s.a2, withoutSecret(s, model, support)))
	if guess := solve(s, unmasked, support); !slices.Equal(guess, at(s, model, support)) {
		t.Error("the hint without its mask should have given the weights")
	}
}

// Open ranking is a baseline and no protection: the ranker reads every log-bid, and a bidder in league with it bids one feature
// in each lane. d opened lanes of one bidder are the features. The same bidder in league with one trustee instead, even if it
// gives that trustee its whole answer, gets lanes that lack the contribution of one sub-key: they are uniform.
func TestOpenedLanesAreFeatures(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	d, rng := s.params.Dim(), rand.New(rand.NewPCG(64, 4))
	const grid, weight, rounds = 1 << 20, 16, 16
	var hints []scheme.Scorer // N/d lanes each
	for first := 0; first < d; first += s.params.MaxLanes() {
		weights := make([][]float64, s.params.MaxLanes())
		for k := range weights {
			weights[k] = make([]float64, d)
			weights[k][first+k] = weight
		}
		sc, err := s.Prepare(weights)
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, sc)
	}
	right := 0
	var oneTrustee []uint32
	for range rounds {
		x := make([]float64, d)
		for i := range x {
			x[i] = float64(rng.IntN(2*grid+1)-grid) / grid
		}
		e := encrypt(t, s, x)
		trustee := unlock(t, s, e, 0)
		i := 0
		for _, sc := range hints {
			lanes := answer(t, sc, e.C0, e.B)
			for k, lane := range decrypt(t, s, e, sc.Hint(), lanes) {
				if math.Round(scheme.LogBid(lane)/weight*grid)/grid == x[i] {
					right++
				}
				i++
				parts := trustee.PartialDecrypt(sc.Hint(), k)
				oneTrustee = append(oneTrustee, lanes[k]+parts[0]+parts[1])
			}
		}
	}
	t.Logf("%d of %d features exact to 20 bits", right, rounds*d)
	if right != rounds*d {
		t.Error("the opened lanes should have given every feature")
	}
	checkUniform(t, oneTrustee)
}

func encrypt(t *testing.T, s *Scheme, x []float64) *scheme.Encryption {
	e, err := s.Encrypt(x)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func answer(t *testing.T, sc scheme.Scorer, c0, b []byte) []uint32 {
	lanes := make([]uint32, sc.Lanes())
	if err := sc.Score(lanes, c0, b); err != nil {
		t.Fatal(err)
	}
	return lanes
}

// decrypt opens an answer, wherever it comes from, with the sub-keys of e.
func decrypt(t *testing.T, s *Scheme, e *scheme.Encryption, hint, lanes []uint32) []uint32 {
	d1, d2 := unlock(t, s, e, 1), unlock(t, s, e, 2) // hold sub-keys 0 and 2, 0 and 1
	opened := make([]uint32, len(lanes))
	for k := range lanes {
		z02, z01 := d1.PartialDecrypt(hint, k), d2.PartialDecrypt(hint, k)
		opened[k] = lanes[k] + z02[0] + z02[1] + z01[1]
	}
	return opened
}

// withMessage returns b with message v X^j added.
func withMessage(t *testing.T, s *Scheme, b []byte, j int, v uint64) []byte {
	p, message := s.ring.NewPoly(), s.ring.NewPoly()
	unpack(t, s, p, b)
	message[0][j] = v
	s.ring.NTT(message)
	s.ring.Add(p, p, message)
	packed := make([]byte, len(b))
	s.ring.Pack(packed, p)
	return packed
}

func unpack(t *testing.T, s *Scheme, p lattice.Poly, packed []byte) {
	if err := s.ring.Unpack(p, packed); err != nil {
		t.Fatal(err)
	}
}

// gridWeights draws a model of N/d campaigns whose weights quantising does not change.
func gridWeights(rng *rand.Rand, s *Scheme) [][]float64 {
	weights := randomWeights(rng, s.params.MaxLanes(), s.params.Dim(), 16)
	for _, row := range weights {
		for i, v := range row {
			row[i] = math.Ldexp(math.Round(math.Ldexp(v, params.WeightBits)), -params.WeightBits)
		}
	}
	return weights
}

func dotProduct(w, x []float64) float64 {
	sum := 0.0
	for i := range w {
		sum += w[i] * x[i]
	}
	return sum
}

// checkUniform tests lanes for uniformity by chi-squared over their four top bits, and counts those in range, a half. Keys are
// drawn from the operating system, so the bounds leave a false alarm in a billion.
func checkUniform(t *testing.T, lanes []uint32) {
	t.Helper()
	var counts [16]float64
	inRange := 0
	for _, lane := range lanes {
		counts[lane>>28]++
		if scheme.InRange(lane) {
			inRange++
		}
	}
	mean, chi2 := float64(len(lanes))/16, 0.0
	for _, c := range counts {
		chi2 += (c - mean) * (c - mean) / mean
	}
	share := float64(inRange) / float64(len(lanes))
	t.Logf("%d lanes: chi-squared %.1f at 15 degrees of freedom, %.3f in range", len(lanes), chi2, share)
	if chi2 > 76 {
		t.Errorf("lanes are not uniform: chi-squared %.1f, counts %v", chi2, counts)
	}
	if sigma := 0.5 / math.Sqrt(float64(len(lanes))); math.Abs(share-0.5) > 6.2*sigma {
		t.Errorf("%.3f of the lanes are in range, want a half", share)
	}
}
