package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"cipherbid/bidder/model"
)

// toy makes a design of two advertisers and three features, where feature 0 raises the click rate and feature 1 does so
// for advertiser 1 alone.
func toy(rate float64) *design {
	rng := rand.New(rand.NewPCG(1, 2))
	d := &design{width: 4, blocks: 3, start: []int{0}}
	for len(d.click) < 12000 {
		a := rng.IntN(2)
		eta, active := -4.0, []int32{}
		for j := range 3 {
			if rng.IntN(2) == 0 {
				continue
			}
			active = append(active, int32(j))
			if j == 0 || j == 1 && a == 1 {
				eta++
			}
		}
		click := rng.Float64() < math.Exp(eta)
		if !click && rng.Float64() > rate {
			continue
		}
		d.active = append(d.active, append(active, 3)...)
		d.start = append(d.start, len(d.active))
		d.advertiser = append(d.advertiser, int32(a))
		d.click = append(d.click, click)
	}
	return d
}

func TestDerivatives(t *testing.T) {
	const h = 1e-5
	for _, link := range []string{model.LinkLog, model.LinkLogit} {
		l := loss{link, .1}
		for _, click := range []bool{true, false} {
			for _, eta := range []float64{-9, -2, 0, 1.5} {
				_, d1, d2 := l.at(eta, click)
				above, up, _ := l.at(eta+h, click)
				below, down, _ := l.at(eta-h, click)
				if got := (above - below) / (2 * h); math.Abs(got-d1) > 1e-6*(1+math.Abs(d1)) {
					t.Errorf("%s at %g: slope %g, by differences %g", link, eta, d1, got)
				}
				if got := (up - down) / (2 * h); math.Abs(got-d2) > 1e-6*(1+math.Abs(d2)) {
					t.Errorf("%s at %g: curvature %g, by differences %g", link, eta, d2, got)
				}
			}
		}
	}
}

// TestSolveRecovers fits toy data, down-sampled or not, and expects the effects they were made with, on the true scale.
func TestSolveRecovers(t *testing.T) {
	for _, link := range []string{model.LinkLog, model.LinkLogit} {
		for _, rate := range []float64{1, .2} {
			d := toy(rate)
			p := problem{design: d, loss: loss{link, rate}, penalty: Penalties{.1, .1}.vector(d)}
			theta := initial(d, p.loss)
			if err := p.solve(theta); err != nil {
				t.Fatalf("%s, rate %g: %v", link, rate, err)
			}
			grad := make([]float64, d.parameters())
			p.evaluate(theta, grad, make([]float64, d.rows()))
			if norm(grad) > 1e-2 {
				t.Errorf("%s, rate %g: gradient %g at the solution", link, rate, norm(grad))
			}
			// Advertiser 0 has effects 1, 0, 0 and advertiser 1 has 1, 1, 0; the tolerance is a few standard errors.
			for a, want := range [][]float64{{1, 0, 0, -4}, {1, 1, 0, -4}} {
				for j, v := range want {
					if got := theta[j] + theta[d.width*(1+a)+j]; math.Abs(got-v) > .5 {
						t.Errorf("%s, rate %g: advertiser %d, parameter %d: got %.2f, want %.2f", link, rate, a, j, got, v)
					}
				}
			}
		}
	}
}

func TestProjectL1(t *testing.T) {
	w := []float64{3, -2, .5, 0}
	if projectL1(w, 6) || w[0] != 3 {
		t.Error("moved a point inside the ball")
	}
	if !projectL1(w, 3) {
		t.Error("left a point outside the ball")
	}
	for i, want := range []float64{2, -1, 0, 0} {
		if math.Abs(w[i]-want) > 1e-12 {
			t.Errorf("coordinate %d: got %g, want %g", i, w[i], want)
		}
	}
}

func TestRecentre(t *testing.T) {
	d := toy(.2)
	l := loss{model.LinkLogit, .2}
	w := []float64{.3, .1, 0, -2}
	w[3] += recentre(d, 0, w, l)
	predicted, seen := 0.0, 0.0
	for i := range d.rows() {
		if d.advertiser[i] == 0 {
			predicted += sampledP(l.probability(d.own(i, w)), l.rate)
			if d.click[i] {
				seen++
			}
		}
	}
	if math.Abs(predicted/seen-1) > 1e-6 {
		t.Errorf("%g clicks predicted, %g seen", predicted, seen)
	}
}
