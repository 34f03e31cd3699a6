package ckks

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
	"cipherbid/crypto/plain"
	"cipherbid/crypto/scheme"
)

func newScheme(tb testing.TB, make func(int) (*params.Params, error), dim int) *Scheme {
	p, err := make(dim)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := New(p, [32]byte{1, 2, 3})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// open does what the three trustees do together: it decrypts every lane.
func open(tb testing.TB, s *Scheme, e *scheme.Encryption, sc scheme.Scorer) []uint32 {
	lanes := make([]uint32, sc.Lanes())
	if err := sc.Score(lanes, e.C0, e.B); err != nil {
		tb.Fatal(err)
	}
	d1, d2 := unlock(tb, s, e, 1), unlock(tb, s, e, 2) // hold sub-keys 0 and 2, 0 and 1
	for k := range lanes {
		z02, z01 := d1.PartialDecrypt(sc.Hint(), k), d2.PartialDecrypt(sc.Hint(), k)
		if z02[0] != z01[0] {
			tb.Fatalf("lane %d: the holders of sub-key 0 disagree", k)
		}
		lanes[k] += z02[0] + z02[1] + z01[1]
	}
	return lanes
}

func unlock(tb testing.TB, s *Scheme, e *scheme.Encryption, trustee int) scheme.Decrypter {
	js := scheme.SubKeysOf(trustee)
	d, err := s.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &e.BDigests)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func randomFeatures(rng *rand.Rand, dim int) []float64 {
	x := make([]float64, dim)
	for i := range x {
		x[i] = 2*rng.Float64() - 1
	}
	return x
}

// randomWeights have the given 1-norm.
func randomWeights(rng *rand.Rand, campaigns, dim int, norm float64) [][]float64 {
	weights := make([][]float64, campaigns)
	for k := range weights {
		weights[k] = make([]float64, dim)
		total := 0.0
		for i := range weights[k] {
			weights[k][i] = rng.NormFloat64()
			total += math.Abs(weights[k][i])
		}
		for i := range weights[k] {
			weights[k][i] *= norm / total * 0.999
		}
	}
	return weights
}

// Every decrypted lane equals the plaintext stand-in's up to the noise that the design allows, for every preset, dimension
// and number of campaigns up to the last coefficient.
func TestEncryptedEqualsPlain(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(int) (*params.Params, error)
		dim  int
	}{{"default/64", params.Default, 64}, {"default/128", params.Default, 128}, {"default/1024", params.Default, 1024}, {"wide/64", params.Wide, 64}, {"wide/256", params.Wide, 256}} {
		s := newScheme(t, tc.make, tc.dim)
		pp, err := params.Plain(s.params.LogN(), tc.dim)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := plain.New(pp)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, uint64(tc.dim)))
		worst, squares, n := 0.0, 0.0, 0.0
		for range 8 {
			x := randomFeatures(rng, tc.dim)
			weights := randomWeights(rng, s.params.MaxLanes(), tc.dim, params.MaxWeightNorm)
			e, err := s.Encrypt(x)
			if err != nil {
				t.Fatal(err)
			}
			sc, err := s.Prepare(weights)
			if err != nil {
				t.Fatal(err)
			}
			got := open(t, s, e, sc)
			plainE, err := ref.Encrypt(x)
			if err != nil {
				t.Fatal(err)
			}
			plainS, err := ref.Prepare(weights)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]uint32, plainS.Lanes())
			if err := plainS.Score(want, plainE.C0, plainE.B); err != nil {
				t.Fatal(err)
			}
			for k := range got {
				err := scheme.LogBid(got[k] - want[k])
				worst = max(worst, math.Abs(err))
				squares += err * err
				n++
			}
		}
		std := math.Sqrt(squares / n)
		t.Logf("%s: log-bid error std 2^%.1f, worst of %.0f 2^%.1f", tc.name, math.Log2(std), n, math.Log2(worst))
		if std > math.Exp2(-18) || worst > math.Exp2(-15.5) {
			t.Errorf("%s: log-bid error std %g, worst %g", tc.name, std, worst)
		}
	}
}

// A b that its sub-keys do not make could be chosen so that answers reveal a bidder's mask. Both the trustees that hold the
// altered share's sub-key and the one that does not refuse it.
func TestForgedBIsRefused(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	e, err := s.Encrypt(make([]float64, 64))
	if err != nil {
		t.Fatal(err)
	}
	b := s.ring.NewPoly()
	if err := s.ring.Unpack(b, e.B); err != nil {
		t.Fatal(err)
	}
	message := s.ring.NewPoly()
	message[0][5] = 12 << 44 // a large message in b comes back times the mask
	s.ring.NTT(message)
	s.ring.Add(b, b, message)
	s.ring.Pack(e.B, b)
	for trustee := range scheme.Trustees {
		js := scheme.SubKeysOf(trustee)
		_, err := s.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &e.BDigests)
		if !errors.Is(err, scheme.ErrForgedB) {
			t.Errorf("trustee %d accepted a forged b: %v", trustee, err)
		}
	}
	// The forger may also choose the digests. It cannot satisfy two trustees: one of them holds the sub-key of the altered share.
	w := s.borrow()
	share := s.ring.NewPoly()
	s.bShare(w, share, &e.SubKeys[0], nil)
	s.ring.Add(share, share, message)
	digests := e.BDigests
	digests[0] = s.digestB(w, share)
	refused := 0
	for trustee := range scheme.Trustees {
		js := scheme.SubKeysOf(trustee)
		if _, err := s.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &digests); errors.Is(err, scheme.ErrForgedB) {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d of 3 trustees refused a forged share with a matching digest, want the 2 that hold its sub-key", refused)
	}
}

func TestBadInputs(t *testing.T) {
	s := newScheme(t, params.Default, 64)
	ok := make([]float64, 64)
	for _, x := range [][]float64{nil, ok[:63], append([]float64{1.0000001}, ok[1:]...), append([]float64{math.NaN()}, ok[1:]...), append([]float64{math.Inf(-1)}, ok[1:]...)} {
		if _, err := s.Encrypt(x); err == nil {
			t.Errorf("encrypted %v", x)
		}
	}
	heavy := make([]float64, 64)
	heavy[0], heavy[1] = 20, -13
	for _, w := range [][][]float64{nil, {ok[:63]}, {heavy}, {append([]float64{math.NaN()}, ok[1:]...)}, make([][]float64, 33)} {
		if _, err := s.Prepare(w); err == nil {
			t.Errorf("prepared %d campaigns %v", len(w), w)
		}
	}
	sc, err := s.Prepare([][]float64{ok})
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Encrypt(ok)
	if err != nil {
		t.Fatal(err)
	}
	high := append([]byte(nil), e.C0...)
	for i := range 7 { // first coefficient 2^50 - 1, above the prime
		high[i] = 0xff
	}
	dst := make([]uint32, 1)
	for _, p := range [][2][]byte{{nil, nil}, {e.C0[1:], e.B}, {e.C0, e.B[1:]}, {high, e.B}, {e.C0, high}} {
		if sc.Score(dst, p[0], p[1]) == nil {
			t.Error("scored a malformed ciphertext")
		}
	}
	if sc.Score(make([]uint32, 2), e.C0, e.B) == nil {
		t.Error("scored into a buffer of the wrong length")
	}
}

func TestScoreDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations cannot be counted under the race detector")
	}
	s := newScheme(t, params.Default, 64)
	sc, err := s.Prepare(randomWeights(rand.New(rand.NewPCG(3, 4)), 32, 64, 16))
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Encrypt(make([]float64, 64))
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]uint32, 32)
	if n := testing.AllocsPerRun(100, func() {
		if err := sc.Score(dst, e.C0, e.B); err != nil {
			t.Fatal(err)
		}
	}); n >= 1 {
		t.Errorf("%g allocations for an answer", n)
	}
}

func BenchmarkEncrypt(b *testing.B) {
	s := newScheme(b, params.Default, 64)
	x := randomFeatures(rand.New(rand.NewPCG(1, 1)), 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Encrypt(x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(2*s.params.PolyBytes()), "ciphertext-bytes")
}

// The arithmetic of an answer: 32 campaigns of 64 features, from packed ciphertext to lanes. Compare with
// BenchmarkTwoProductsAndInverseNTT in package lattice, and BenchmarkTextbookScore64x64 in package textbook.
func BenchmarkScore(b *testing.B) {
	for _, tc := range []struct {
		name      string
		make      func(int) (*params.Params, error)
		campaigns int
	}{{"default/6x64", params.Default, 6}, {"default/32x64", params.Default, 32}, {"wide/64x64", params.Wide, 64}} {
		b.Run(tc.name, func(b *testing.B) {
			s := newScheme(b, tc.make, 64)
			sc, err := s.Prepare(randomWeights(rand.New(rand.NewPCG(3, 4)), tc.campaigns, 64, 16))
			if err != nil {
				b.Fatal(err)
			}
			e, err := s.Encrypt(make([]float64, 64))
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]uint32, tc.campaigns)
			b.ReportAllocs()
			for b.Loop() {
				if err := sc.Score(dst, e.C0, e.B); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHint(b *testing.B) {
	s := newScheme(b, params.Default, 64)
	weights := randomWeights(rand.New(rand.NewPCG(3, 4)), 32, 64, 16)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Prepare(weights); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.params.HintBytes()), "hint-bytes")
}

func BenchmarkUnlock(b *testing.B) {
	s := newScheme(b, params.Default, 64)
	e, err := s.Encrypt(make([]float64, 64))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		unlock(b, s, e, 0).Close()
	}
}

func BenchmarkPartialDecryptLane(b *testing.B) {
	s := newScheme(b, params.Default, 64)
	e, err := s.Encrypt(make([]float64, 64))
	if err != nil {
		b.Fatal(err)
	}
	sc, err := s.Prepare([][]float64{make([]float64, 64)})
	if err != nil {
		b.Fatal(err)
	}
	d := unlock(b, s, e, 0)
	b.ReportAllocs()
	for b.Loop() {
		d.PartialDecrypt(sc.Hint(), 0)
	}
}
