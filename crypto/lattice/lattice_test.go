package lattice

import (
	"crypto/rand"
	"fmt"
	"math"
	"math/big"
	mrand "math/rand/v2"
	"strings"
	"testing"

	"cipherbid/crypto/params"
)

func testRings(tb testing.TB) map[string]*Ring {
	rings := map[string]*Ring{}
	add := func(name string, p *params.Params, err error) {
		if err != nil {
			tb.Fatal(err)
		}
		r, err := New(p)
		if err != nil {
			tb.Fatal(err)
		}
		rings[name] = r
	}
	for name, make := range map[string]func(int) (*params.Params, error){"default": params.Default, "wide": params.Wide} {
		for _, d := range []int{64, 128} {
			p, err := make(d)
			add(name+map[int]string{64: "/64", 128: "/128"}[d], p, err)
		}
	}
	return rings
}

func randomSeed() *Seed {
	var s Seed
	rand.Read(s[:])
	return &s
}

func randomPoly(r *Ring) Poly {
	p := r.NewPoly()
	r.Uniform(r.NewExpander(), p, randomSeed(), LabelMask)
	return p
}

// The fold equals the two ring products, an inverse transform and rounding, on random operands.
func TestFoldEqualsInverseTransform(t *testing.T) {
	for name, r := range testRings(t) {
		w, a, v, b := randomPoly(r), randomPoly(r), randomPoly(r), randomPoly(r)
		want := slowLanes(r, w, a, v, b)
		lanes := r.params.MaxLanes()
		got := make([]uint32, lanes)
		r.Fold(got, make([]uint64, r.FoldScratch(lanes)), r.Twist(w), a, r.Twist(v), b)
		for k := range got {
			// Rounding may differ by one unit where the fraction ends within 2^-29 of a half.
			if diff := int32(got[k] - want[k]); diff != 0 && r.params.LogN() == 11 || diff > 1 || diff < -1 {
				t.Errorf("%s: lane %d is %d, want %d", name, k, got[k], want[k])
			}
		}
	}
}

func slowLanes(r *Ring, w, a, v, b Poly) []uint32 {
	mw, mv := clone(r, w), clone(r, v)
	r.MForm(mw)
	r.MForm(mv)
	y := r.NewPoly()
	r.MulAdd(y, mw, a)
	r.MulAdd(y, mv, b)
	r.INTT(y)
	full := make([]uint32, r.params.N())
	r.Round(full, y)
	lanes := make([]uint32, r.params.MaxLanes())
	for k := range lanes {
		lanes[k] = full[r.params.LaneIndex(k)]
	}
	return lanes
}

func clone(r *Ring, p Poly) Poly {
	c := r.NewPoly()
	for l := range p {
		copy(c[l], p[l])
	}
	return c
}

// Round equals exact arbitrary-precision rounding.
func TestRoundIsExact(t *testing.T) {
	for name, r := range testRings(t) {
		p := randomPoly(r)
		for l := range p { // edges: 0, 1, q-1
			p[l][0], p[l][1], p[l][2] = 0, 1, r.primes[l].q-1
		}
		got := make([]uint32, r.params.N())
		r.Round(got, p)
		q := big.NewInt(1)
		for _, prime := range r.params.Primes() {
			q.Mul(q, new(big.Int).SetUint64(prime))
		}
		for i := range got {
			x := crtCompose(r, p, i, q)
			x.Lsh(x, 33).Add(x, q).Div(x, new(big.Int).Lsh(q, 1)) // floor((2^32 x + q/2) / q)
			if want := uint32(x.Uint64()); got[i] != want {
				t.Fatalf("%s: coefficient %d rounds to %d, want %d", name, i, got[i], want)
			}
		}
	}
}

func crtCompose(r *Ring, p Poly, i int, q *big.Int) *big.Int {
	x := new(big.Int)
	for l, prime := range r.params.Primes() {
		m := new(big.Int).Div(q, new(big.Int).SetUint64(prime))
		m.Mul(m, new(big.Int).ModInverse(m, new(big.Int).SetUint64(prime)))
		x.Add(x, m.Mul(m, new(big.Int).SetUint64(p[l][i])))
	}
	return x.Mod(x, q)
}

func TestPackRoundTripAndRefusals(t *testing.T) {
	for name, r := range testRings(t) {
		p := randomPoly(r)
		buf := make([]byte, r.params.PolyBytes())
		r.Pack(buf, p)
		back := r.NewPoly()
		if err := r.Unpack(back, buf); err != nil {
			t.Fatal(name, err)
		}
		for l := range p {
			for i := range p[l] {
				if p[l][i] != back[l][i] {
					t.Fatalf("%s: coefficient %d changed", name, i)
				}
			}
		}
		for _, at := range []int{0, 1, r.params.N() / 2, r.params.N() - 2, r.params.N() - 1} {
			bad := clone(r, p)
			last := len(bad) - 1
			bad[last][at] = r.primes[last].q
			r.Pack(buf, bad)
			if r.Unpack(back, buf) == nil {
				t.Errorf("%s: coefficient %d equal to its prime was accepted", name, at)
			}
		}
		if r.Unpack(back, buf[1:]) == nil || r.Unpack(back, append(buf, 0)) == nil || r.Unpack(back, nil) == nil {
			t.Errorf("%s: a wrong length was accepted", name)
		}
	}
}

func TestTernaryProductCoefficient(t *testing.T) {
	r := testRings(t)["default/64"]
	n := r.params.N()
	rng := mrand.New(mrand.NewPCG(1, 2))
	c, s := make([]uint32, n), make([]int8, n)
	for i := range c {
		c[i], s[i] = rng.Uint32(), int8(rng.IntN(3)-1)
	}
	key := r.NewReversedKey()
	key.Set(s)
	for _, at := range []int{0, 1, 63, 64, 1000, n - 2, n - 1} {
		var want uint32
		for i := range c {
			if j := at - i; j >= 0 {
				want += c[i] * uint32(s[j])
			} else {
				want -= c[i] * uint32(s[j+n])
			}
		}
		if got := key.Coefficient(c, at); got != want {
			t.Errorf("coefficient %d is %d, want %d", at, got, want)
		}
	}
}

// Chi-squared of the ternary sampler with two degrees of freedom, for every position class of its words, and determinism.
func TestTernaryDistribution(t *testing.T) {
	r := testRings(t)["default/64"]
	e := r.NewExpander()
	n := r.params.N()
	dst := make([]int8, n)
	var counts [3]float64
	var pairs [9]float64
	const rounds = 200
	for i := range rounds {
		seed := Seed{0: byte(i), 1: 77}
		e.Ternary(dst, &seed, LabelKey)
		for j, v := range dst {
			if v < -1 || v > 1 {
				t.Fatalf("sampled %d", v)
			}
			counts[v+1]++
			if j%2 == 1 {
				pairs[3*(dst[j-1]+1)+v+1]++
			}
		}
	}
	// 99.99 % quantiles of chi-squared: 18.4 at 2 degrees of freedom, 31.8 at 8.
	if x := chiSquared(counts[:]); x > 18.4 {
		t.Errorf("ternary values are not uniform: chi-squared %.1f, counts %v", x, counts)
	}
	if x := chiSquared(pairs[:]); x > 31.8 {
		t.Errorf("neighbouring ternary values depend on each other: chi-squared %.1f", x)
	}
	again := make([]int8, n)
	seed := Seed{0: rounds - 1, 1: 77}
	e.Ternary(again, &seed, LabelKey)
	for j := range dst {
		if dst[j] != again[j] {
			t.Fatal("one seed gave two polynomials")
		}
	}
	e.Ternary(again, &seed, LabelError)
	same := 0
	for j := range dst {
		if dst[j] == again[j] {
			same++
		}
	}
	if float64(same) > 0.4*float64(n) {
		t.Errorf("two labels of one seed agree in %d of %d values", same, n)
	}
}

func chiSquared(counts []float64) float64 {
	total := 0.0
	for _, c := range counts {
		total += c
	}
	mean, x := total/float64(len(counts)), 0.0
	for _, c := range counts {
		x += (c - mean) * (c - mean) / mean
	}
	return x
}

// The error sampler against the binomial probabilities of eta = 21, and its moments.
func TestErrorDistribution(t *testing.T) {
	r := testRings(t)["default/64"]
	e := r.NewExpander()
	dst := make([]int8, r.params.N())
	counts := map[int8]float64{}
	total, sum, squares := 0.0, 0.0, 0.0
	for i := range 200 {
		seed := Seed{0: byte(i), 1: 78}
		e.Error(dst, &seed, LabelError)
		for _, v := range dst {
			counts[v]++
			sum += float64(v)
			squares += float64(v) * float64(v)
			total++
		}
	}
	// P(v) = C(42, 21+v) / 2^42.
	x, cells := 0.0, 0
	for v := int8(-12); v <= 12; v++ {
		p, _ := new(big.Float).SetInt(new(big.Int).Binomial(42, int64(21+v))).Float64()
		want := total * p * math.Exp2(-42)
		x += (counts[v] - want) * (counts[v] - want) / want
		cells++
	}
	if x > 60 { // 99.99 % quantile at 24 degrees of freedom is 58.6
		t.Errorf("errors are not binomial: chi-squared %.1f over %d cells", x, cells)
	}
	if mean := sum / total; math.Abs(mean) > 5*ErrorStd/math.Sqrt(total) {
		t.Errorf("mean error %g", mean)
	}
	if std := math.Sqrt(squares / total); math.Abs(std-ErrorStd) > 0.02 {
		t.Errorf("error std %g, want %g", std, ErrorStd)
	}
}

func TestUniformCoversTheModulus(t *testing.T) {
	r := testRings(t)["wide/64"]
	var buckets [64]float64
	for range 8 {
		p := randomPoly(r)
		for l := range p {
			for _, v := range p[l] {
				if v >= r.primes[l].q {
					t.Fatalf("%d is not below its prime", v)
				}
				buckets[v>>44]++
			}
		}
	}
	if x := chiSquared(buckets[:]); x > 117 { // 99.99 % at 63 degrees of freedom: 114
		t.Errorf("not uniform: chi-squared %.1f", x)
	}
}

func BenchmarkFold32Lanes(b *testing.B) {
	r := testRings(b)["default/64"]
	w, a, v, c := r.Twist(randomPoly(r)), randomPoly(r), r.Twist(randomPoly(r)), randomPoly(r)
	dst, scratch := make([]uint32, 32), make([]uint64, r.FoldScratch(32))
	b.ReportAllocs()
	for b.Loop() {
		r.Fold(dst, scratch, w, a, v, c)
	}
}

// What the fold replaces: two ring products, an inverse transform, rounding.
func BenchmarkTwoProductsAndInverseNTT(b *testing.B) {
	r := testRings(b)["default/64"]
	w, a, v, c := randomPoly(r), randomPoly(r), randomPoly(r), randomPoly(r)
	y, dst := r.NewPoly(), make([]uint32, r.params.N())
	b.ReportAllocs()
	for b.Loop() {
		clear(y[0])
		r.MulAdd(y, w, a)
		r.MulAdd(y, v, c)
		r.INTT(y)
		r.Round(dst, y)
	}
}

func BenchmarkTernaryCoefficient(b *testing.B) {
	r := testRings(b)["default/64"]
	c, s, key := make([]uint32, r.params.N()), make([]int8, r.params.N()), r.NewReversedKey()
	r.NewExpander().Ternary(s, randomSeed(), LabelKey)
	key.Set(s)
	b.ReportAllocs()
	for b.Loop() {
		c[0] += key.Coefficient(c, 1023)
	}
}

// What a partial decryption would cost for all lanes through transforms: one round trip.
func BenchmarkNTTRoundTrip(b *testing.B) {
	r := testRings(b)["default/64"]
	p := randomPoly(r)
	b.ReportAllocs()
	for b.Loop() {
		r.NTT(p)
		r.INTT(p)
	}
}

func BenchmarkSample(b *testing.B) {
	r := testRings(b)["default/64"]
	e, dst, seed := r.NewExpander(), make([]int8, r.params.N()), randomSeed()
	b.Run("ternary", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Ternary(dst, seed, LabelKey)
		}
	})
	b.Run("error", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Error(dst, seed, LabelError)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	r := testRings(b)["default/64"]
	p, buf := randomPoly(r), make([]byte, r.params.PolyBytes())
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			r.Pack(buf, p)
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			if err := r.Unpack(p, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestSeedsDoNotPrint(t *testing.T) {
	seed := Seed{0xab, 0xcd}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%d", "%s", "%q"} {
		for _, v := range []any{seed, &seed, struct{ S Seed }{seed}, []Seed{seed}} {
			if got := strings.ToLower(fmt.Sprintf(verb, v)); strings.Contains(got, "abcd") || strings.Contains(got, "171") || strings.Contains(got, "ab, 0x") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}
