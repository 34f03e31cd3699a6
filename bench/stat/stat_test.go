package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestBootstrapCoversTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	covered := 0
	const trials = 200
	for trial := range trials {
		v := make([]float64, 30)
		for i := range v {
			v[i] = 10 + random.NormFloat64()
		}
		before := slices.Clone(v)
		got, err := Bootstrap(v, Mean, uint64(trial))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v, before) {
			t.Fatal("changed its argument")
		}
		if got.Low <= 10 && 10 <= got.High {
			covered++
		}
	}
	if covered < trials*88/100 || covered == trials { // nominally 95 %, a little less with 30 observations
		t.Errorf("%d of %d intervals cover the mean", covered, trials)
	}
}

func TestBootstrapOfMedian(t *testing.T) {
	got, err := Bootstrap([]float64{5, 1, 3, 2, 4}, Median, 1)
	if err != nil || got.Estimate != 3 || got.N != 5 || got.Low < 1 || got.Low > 2 || got.High < 4 || got.High > 5 {
		t.Errorf("%+v, %v", got, err)
	}
	again, _ := Bootstrap([]float64{5, 1, 3, 2, 4}, Median, 1)
	if again != got {
		t.Error("the same seed gave another interval")
	}
	one, err := Bootstrap([]float64{7}, Median, 1)
	if err != nil || one != (Interval{7, 7, 7, 1}) {
		t.Errorf("one observation: %+v, %v", one, err)
	}
}

func TestClustersWidenTheInterval(t *testing.T) {
	// 20 users with 50 auctions each that all say the same: only 20 independent observations.
	random := rand.New(rand.NewPCG(3, 4))
	var clustered, single []Pair
	for user := range 20 {
		d := random.NormFloat64()
		for auction := range 50 {
			clustered = append(clustered, Pair{string(rune('a' + user)), d, 0})
			single = append(single, Pair{string(rune('a'+user)) + string(rune('0'+auction)), d, 0})
		}
	}
	wide, err := PairedBootstrap(clustered, MeanDifference, 1)
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := PairedBootstrap(single, MeanDifference, 1)
	if err != nil {
		t.Fatal(err)
	}
	if wide.N != 20 || narrow.N != 1000 || wide.High-wide.Low < 4*(narrow.High-narrow.Low) {
		t.Errorf("clustered %+v, single %+v", wide, narrow)
	}
	slices.Reverse(clustered)
	if again, _ := PairedBootstrap(clustered, MeanDifference, 1); again != wide {
		t.Errorf("another order of pairs gave %+v, not %+v", again, wide)
	}
}

func TestRatioOfSums(t *testing.T) {
	got, err := PairedBootstrap([]Pair{{"a", 1, 2}, {"b", 2, 4}}, RatioOfSums, 1)
	if err != nil || got != (Interval{0.5, 0.5, 0.5, 2}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := PairedBootstrap([]Pair{{"a", 1, 0}}, RatioOfSums, 1); err == nil {
		t.Error("division by 0 accepted")
	}
}

func TestEmpty(t *testing.T) {
	if _, err := Bootstrap(nil, Mean, 1); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := PairedBootstrap(nil, MeanDifference, 1); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
	if _, err := Bootstrap([]float64{1, math.NaN()}, Mean, 1); err == nil {
		t.Error("NaN accepted")
	}
}

func TestFits(t *testing.T) {
	x := []float64{1, 2, 4, 8}
	line, err := FitLine(x, []float64{5, 7, 11, 19})
	if err != nil || math.Abs(line.Slope-2) > 1e-12 || math.Abs(line.Intercept-3) > 1e-12 || math.Abs(line.R2-1) > 1e-12 {
		t.Errorf("%+v, %v", line, err)
	}
	power, err := FitPower(x, []float64{3, 12, 48, 192})
	if err != nil || math.Abs(power.Exponent-2) > 1e-12 || math.Abs(power.Factor-3) > 1e-9 || math.Abs(power.R2-1) > 1e-12 {
		t.Errorf("%+v, %v", power, err)
	}
	noisy, err := FitLine([]float64{0, 1, 2, 3}, []float64{0, 1, 0, 1})
	if err != nil || math.Abs(noisy.R2-0.2) > 1e-12 { // by hand: covariance 1/4, variances 5/4 and 1/4
		t.Errorf("%+v, %v", noisy, err)
	}
	for name, points := range map[string][2][]float64{
		"lengths": {{1, 2}, {1}}, "one point": {{1}, {1}}, "one x": {{1, 1}, {1, 2}}, "nan": {{1, math.NaN()}, {1, 2}},
	} {
		if _, err := FitLine(points[0], points[1]); !errors.Is(err, ErrFit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := FitPower([]float64{0, 1}, []float64{1, 2}); !errors.Is(err, ErrFit) {
		t.Errorf("0: %v", err)
	}
}
