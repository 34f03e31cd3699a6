package textbook

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/ring"
)

const tolerance = 1e-4

func TestScoresEqualFloatDotProducts(t *testing.T) {
	shapes := []struct{ d, campaigns int }{
		{64, 64},
		{64, 32},
		{1, 8},
		{4096, 1},
	}
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%dx%d", s.campaigns, s.d), func(t *testing.T) {
			b := newBaseline(t, s.d, s.campaigns)
			rng := rand.New(rand.NewPCG(uint64(s.d), uint64(s.campaigns)))
			for range 3 {
				x := uniform(rng, s.d, 1)
				rows := uniformRows(rng, s.campaigns, s.d, 4)
				checkScores(t, run(t, b, x, rows), x, rows)
			}
		})
	}
}

func TestLargestScoresDoNotWrap(t *testing.T) {
	b := newBaseline(t, MaxSlots, 1)
	x, row := make([]float64, MaxSlots), make([]float64, MaxSlots)
	for i := range x {
		x[i], row[i] = MaxAbs, -MaxAbs
	}
	got := run(t, b, x, [][]float64{row})
	if want := -float64(MaxAbs * MaxAbs * MaxSlots); math.Abs(got[0]-want) > 0.1 {
		t.Fatalf("score %g, want %g", got[0], want)
	}
}

// A reused scratch buffer must not leak one score into the next.
func TestWeightsAndCiphertextsAreReusable(t *testing.T) {
	first, second := newBaseline(t, 8, 4), newBaseline(t, 8, 4)
	rng := rand.New(rand.NewPCG(1, 2))
	rows := uniformRows(rng, 4, 8, 4)
	w, err := first.Prepare(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*Baseline{first, second} {
		x, other := uniform(rng, 8, 1), uniform(rng, 8, 1)
		ct, ctOther := encrypt(t, b, x), encrypt(t, b, other)
		once := score(t, b, ct, w)
		between := score(t, b, ctOther, w)
		again := score(t, b, ct, w)
		checkScores(t, decrypt(t, b, once), x, rows)
		checkScores(t, decrypt(t, b, between), other, rows)
		checkScores(t, decrypt(t, b, again), x, rows)
	}
}

func TestParametersStayWithinTheLimit(t *testing.T) {
	params, err := parameters()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, prime := range params.QP() {
		sum += math.Log2(float64(prime))
	}
	if sum > 214 || params.N() != 8192 {
		t.Errorf("log QP %.2f at N = %d, want at most 214 at 8192", sum, params.N())
	}
	if params.PCount() != 1 {
		t.Errorf("%d special primes counted, want 1", params.PCount())
	}
	if params.Xs() != (ring.Ternary{P: 2.0 / 3}) {
		t.Errorf("secret distribution %+v is not uniform ternary", params.Xs())
	}
	if params.MaxSlots() != MaxSlots {
		t.Errorf("%d slots, want %d", params.MaxSlots(), MaxSlots)
	}
	if room := float64(params.Q()[scoreLevel]) / params.DefaultScale().Float64() / 2; room < 2*MaxAbs*MaxAbs*MaxSlots*0.99 {
		t.Errorf("scores wrap at %g, too near the largest, %d", room, MaxAbs*MaxAbs*MaxSlots)
	}
}

func newBaseline(tb testing.TB, d, campaigns int) *Baseline {
	tb.Helper()
	b, err := New(d, campaigns)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func encrypt(tb testing.TB, b *Baseline, x []float64) *rlwe.Ciphertext {
	tb.Helper()
	ct, err := b.Encrypt(x)
	if err != nil {
		tb.Fatal(err)
	}
	return ct
}

func score(tb testing.TB, b *Baseline, ct *rlwe.Ciphertext, w *Weights) *rlwe.Ciphertext {
	tb.Helper()
	out, err := b.Score(ct, w)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func decrypt(tb testing.TB, b *Baseline, ct *rlwe.Ciphertext) []float64 {
	tb.Helper()
	scores, err := b.Decrypt(ct)
	if err != nil {
		tb.Fatal(err)
	}
	return scores
}

func run(tb testing.TB, b *Baseline, x []float64, rows [][]float64) []float64 {
	tb.Helper()
	w, err := b.Prepare(rows)
	if err != nil {
		tb.Fatal(err)
	}
	return decrypt(tb, b, score(tb, b, encrypt(tb, b, x), w))
}

func checkScores(t *testing.T, got, x []float64, rows [][]float64) {
	t.Helper()
	if len(got) != len(rows) {
		t.Fatalf("%d scores, want %d", len(got), len(rows))
	}
	for k, row := range rows {
		want := 0.0
		for i := range row {
			want += x[i] * row[i]
		}
		if !(math.Abs(got[k]-want) <= tolerance) {
			t.Fatalf("campaign %d: score %g, want %g", k, got[k], want)
		}
	}
}

// uniform draws n values within +-bound.
func uniform(rng *rand.Rand, n int, bound float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = (2*rng.Float64() - 1) * bound
	}
	return v
}

func uniformRows(rng *rand.Rand, rows, n int, bound float64) [][]float64 {
	m := make([][]float64, rows)
	for k := range m {
		m[k] = uniform(rng, n, bound)
	}
	return m
}
