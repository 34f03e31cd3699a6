package textbook

import (
	"math"
	"testing"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
	"github.com/tuneinsight/lattigo/v5/ring"
)

func TestModuliAboveTheLimitAreRefused(t *testing.T) {
	params, err := hefloat.NewParametersFromLiteral(hefloat.ParametersLiteral{
		LogN: logN, LogQ: []int{60, 55, 45}, LogP: []int{55}, LogDefaultScale: logScale,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSecurity(params); err == nil {
		t.Fatalf("log QP %.2f accepted", params.LogQP())
	}
}

func TestBadShapesAreRefused(t *testing.T) {
	for _, s := range []struct{ d, campaigns int }{
		{0, 1}, {1, 0}, {-64, 64}, {64, -64}, {63, 64}, {64, 48}, {128, 64}, {8192, 1}, {1, 8192},
		{1 << 32, 1 << 32}, {math.MinInt, 1},
	} {
		if _, err := New(s.d, s.campaigns); err == nil {
			t.Errorf("%d campaigns of %d features accepted", s.campaigns, s.d)
		}
	}
}

func TestBadInputIsRefused(t *testing.T) {
	b := newBaseline(t, 4, 2)
	ones := []float64{1, 1, 1, 1}
	for name, x := range map[string][]float64{
		"none": nil, "short": ones[:3], "long": {1, 1, 1, 1, 1}, "nan": {0, math.NaN(), 0, 0},
		"infinite": {math.Inf(-1), 0, 0, 0}, "too large": {0, 0, 0, MaxAbs + 0.5},
	} {
		if _, err := b.Encrypt(x); err == nil {
			t.Errorf("features, %s: accepted", name)
		}
		if _, err := b.Prepare([][]float64{ones, x}); err == nil {
			t.Errorf("weights, %s: accepted", name)
		}
	}
	for _, rows := range [][][]float64{nil, {ones}, {ones, ones, ones}} {
		if _, err := b.Prepare(rows); err == nil {
			t.Errorf("%d campaigns accepted, want 2", len(rows))
		}
	}

	w, err := b.Prepare([][]float64{ones, ones})
	if err != nil {
		t.Fatal(err)
	}
	fresh := encrypt(t, b, ones)
	scored := score(t, b, fresh, w)
	foreign, err := newBaseline(t, 2, 4).Prepare([][]float64{{1, 1}, {1, 1}, {1, 1}, {1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	small := fresh.CopyNew()
	small.Value[1] = ring.NewPoly(1<<(logN-1), small.Level())
	for name, c := range map[string]struct {
		ct *rlwe.Ciphertext
		w  *Weights
	}{
		"no ciphertext":        {nil, w},
		"empty ciphertext":     {&rlwe.Ciphertext{}, w},
		"scored twice":         {scored, w},
		"other ring":           {small, w},
		"degree two":           {hefloat.NewCiphertext(b.params, 2, b.params.MaxLevel()), w},
		"no weights":           {fresh, nil},
		"weights, other shape": {fresh, foreign},
	} {
		if _, err := b.Score(c.ct, c.w); err == nil {
			t.Errorf("scoring with %s: accepted", name)
		}
	}
	for name, ct := range map[string]*rlwe.Ciphertext{"none": nil, "not scored": fresh} {
		if _, err := b.Decrypt(ct); err == nil {
			t.Errorf("decrypting, %s: accepted", name)
		}
	}
}
