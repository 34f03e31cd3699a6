package econ

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestResamplesDrawUsers(t *testing.T) {
	s, _, _ := hand(t)
	all := s.Resamples(200, 7)
	if !reflect.DeepEqual(all, s.Resamples(200, 7)) {
		t.Error("one seed drew two sets")
	}
	if len(all) != 201 || !reflect.DeepEqual(all[0], []uint8{1, 1, 1, 1}) {
		t.Fatalf("%d resamples, the first %v", len(all), all[0])
	}
	sum := 0
	for _, c := range all[1:] {
		if c[0] != c[1] {
			t.Fatalf("rows of one user drawn %d and %d times", c[0], c[1])
		}
		sum += int(c[0]) + int(c[2]) + int(c[3])
	}
	if sum != 200*3 {
		t.Errorf("%d draws of three users in 200 resamples", sum)
	}
}

// The interval of a mean is as wide as theory says, and the difference from itself is nothing.
func TestCombine(t *testing.T) {
	const n, draws = 400, 1000
	rng := rand.New(rand.NewPCG(3, 4))
	s := &Split{Log: &Log{Users: n}}
	c := make(column, n)
	one := make(column, n)
	for i := range n {
		s.Log.User = append(s.Log.User, int32(i))
		s.Test = append(s.Test, i)
		c[i], one[i] = rng.NormFloat64(), 1
	}
	block := Block{[]Metric{{"mean", ""}}, func(count []uint8) []float64 { return []float64{c.sum(count) / one.sum(count)} }}
	sheet := Measure([]Block{block}, s.Resamples(draws, 1))
	e := Combine([]*Sheet{sheet}, []*Sheet{sheet}, n, 1)[0]
	if width, want := e.Value.High-e.Value.Low, 2*1.96/math.Sqrt(n); math.Abs(width/want-1) > .15 {
		t.Errorf("interval of width %g, theory says %g", width, want)
	}
	if e.Value.Estimate != sheet.Values[0][0] || e.Value.N != n {
		t.Errorf("estimate %+v", e.Value)
	}
	if e.Delta.Estimate != 0 || e.Delta.Low != 0 || e.Delta.High != 0 || e.Ratio.Low != 1 || e.Ratio.High != 1 {
		t.Errorf("differs from itself by %+v, %+v", e.Delta, e.Ratio)
	}
	// Two repeats that differ widen the interval of what they measure, not of their common part.
	far := &Sheet{sheet.Metrics, [][]float64{make([]float64, draws+1)}}
	for b, v := range sheet.Values[0] {
		far.Values[0][b] = v + 1
	}
	two := Combine([]*Sheet{sheet, far}, []*Sheet{sheet, far}, n, 1)[0]
	if math.Abs(two.Value.Estimate-e.Value.Estimate-.5) > 1e-12 || two.Value.High-two.Value.Low < .9 || two.Delta.High != 0 {
		t.Errorf("two repeats: %+v, difference %+v", two.Value, two.Delta)
	}
}

func TestIntervalWithoutValues(t *testing.T) {
	nan := math.NaN()
	if i := interval([]float64{1, nan, nan, 2}, 5); i.Estimate != 1 || !math.IsNaN(i.Low) || !math.IsNaN(i.High) {
		t.Errorf("two draws give %+v", i)
	}
	if i := interval(append([]float64{nan}, make([]float64, 100)...), 5); !math.IsNaN(i.Estimate) || !math.IsNaN(i.Low) {
		t.Errorf("no estimate gives %+v", i)
	}
}

func TestWilson(t *testing.T) {
	// Wilson's interval of 10 in 100 is 5.52 % to 17.44 %.
	low, high := Wilson(10, 100)
	if math.Abs(low-.0552) > 1e-4 || math.Abs(high-.1744) > 1e-4 {
		t.Errorf("10 of 100: [%g, %g]", low, high)
	}
	if low, high := Wilson(0, 50); low != 0 || high < .05 || high > .09 {
		t.Errorf("0 of 50: [%g, %g]", low, high)
	}
}
