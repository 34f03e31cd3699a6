package trees

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// crossed makes rows of which only the crossing of features 0 and 1 tells anything: clicks with 0.4 if exactly one is there, 0.05 else.
func crossed(n int, seed uint64) (*Data, []bool) {
	rng := rand.New(rand.NewPCG(seed, 1))
	d, click := &Data{Width: 5}, []bool{}
	for range n {
		var row []int32
		on := [5]bool{}
		for f := range on {
			if on[f] = rng.IntN(2) == 0; on[f] {
				row = append(row, int32(f))
			}
		}
		d.Append(row)
		p := .05
		if on[0] != on[1] {
			p = .4
		}
		click = append(click, rng.Float64() < p)
	}
	return d, click
}

func TestFindsACross(t *testing.T) {
	d, click := crossed(4000, 1)
	m, err := Fit(d, click, nil, nil, Options{Rounds: 100, Rate: .2})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		has  []bool
		want float64
	}{
		{[]bool{true, false, true, true, false}, .4}, {[]bool{false, true, false, true, false}, .4},
		{[]bool{true, true, true, false, false}, .05}, {[]bool{false, false, true, false, true}, .05},
	} {
		if p := 1 / (1 + math.Exp(-m.Score(tt.has))); math.Abs(p-tt.want) > .12 {
			t.Errorf("%v: probability %.3f, want %.2f", tt.has, p, tt.want)
		}
	}
	again, err := Fit(d, click, nil, nil, Options{Rounds: 100, Rate: .2})
	if err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("two fits differ, %v", err)
	}
}

// Held rows stop trees that learn noise, and trees on a perfect offset add next to nothing.
func TestStops(t *testing.T) {
	d, click := crossed(2000, 2)
	rng := rand.New(rand.NewPCG(5, 5))
	held := make([]bool, len(click))
	for i := range held {
		click[i], held[i] = rng.IntN(4) == 0, i%3 == 0
	}
	m, err := Fit(d, click, nil, held, Options{Rounds: 200, Rate: .3})
	if err != nil {
		t.Fatal(err)
	}
	if m.Rounds() > 20 {
		t.Errorf("%d trees kept of pure noise", m.Rounds())
	}
	d, click = crossed(2000, 3)
	offset := make([]float64, len(click))
	for i := range offset {
		p, ones := .05, 0
		for _, f := range d.Row(i) {
			if f < 2 {
				ones++
			}
		}
		if ones == 1 {
			p = .4
		}
		offset[i] = math.Log(p / (1 - p))
	}
	if m, err = Fit(d, click, offset, held, Options{}); err != nil {
		t.Fatal(err)
	}
	if s := m.Score([]bool{true, false, false, false, false}); math.Abs(s) > .5 {
		t.Errorf("trees add %.2f to what is right already", s)
	}
}

func TestRefuses(t *testing.T) {
	d, click := crossed(10, 1)
	for name, f := range map[string]func() error{
		"clicks":  func() error { _, err := Fit(d, click[:3], nil, nil, Options{}); return err },
		"offset":  func() error { _, err := Fit(d, click, []float64{1}, nil, Options{}); return err },
		"depth":   func() error { _, err := Fit(d, click, nil, nil, Options{Depth: 40}); return err },
		"rate":    func() error { _, err := Fit(d, click, nil, nil, Options{Rate: -1}); return err },
		"no rows": func() error { _, err := Fit(&Data{Width: 1, Start: []int{0}}, nil, nil, nil, Options{}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
