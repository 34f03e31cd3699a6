package textbook

import (
	"math/rand/v2"
	"testing"
)

func BenchmarkTextbookScore64x64(b *testing.B) {
	base := newBaseline(b, 64, 64)
	rng := rand.New(rand.NewPCG(3, 4))
	w, err := base.Prepare(uniformRows(rng, 64, 64, 4))
	if err != nil {
		b.Fatal(err)
	}
	ct := encrypt(b, base, uniform(rng, 64, 1))
	answer := score(b, base, ct, w)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base.Score(ct, w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ct.BinarySize()), "request-bytes")
	b.ReportMetric(float64(answer.BinarySize()), "answer-bytes")
	b.ReportMetric(float64(base.GaloisKeyBytes()), "key-bytes")
}

func BenchmarkTextbookEncrypt64(b *testing.B) {
	base := newBaseline(b, 64, 64)
	x := uniform(rand.New(rand.NewPCG(5, 6)), 64, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base.Encrypt(x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTextbookDecrypt64x64(b *testing.B) {
	base := newBaseline(b, 64, 64)
	rng := rand.New(rand.NewPCG(7, 8))
	w, err := base.Prepare(uniformRows(rng, 64, 64, 4))
	if err != nil {
		b.Fatal(err)
	}
	answer := score(b, base, encrypt(b, base, uniform(rng, 64, 1)), w)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base.Decrypt(answer); err != nil {
			b.Fatal(err)
		}
	}
}
