package loadgen

import (
	"math"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestPace(t *testing.T) {
	type step struct {
		elapsed  time.Duration
		from, to int
		wait     time.Duration
		done     bool
	}
	for _, tc := range []struct {
		name  string
		due   []time.Duration
		steps []step
	}{
		{"nothing", nil, []step{{0, 0, 0, 0, true}}},
		{"in time", []time.Duration{0, 10 * ms, 20 * ms}, []step{
			{0, 0, 1, 10 * ms, false}, {4 * ms, 1, 1, 6 * ms, false}, {10 * ms, 1, 2, 10 * ms, false}, {21 * ms, 2, 3, 0, true}, {22 * ms, 3, 3, 0, true}}},
		{"late: all that is due at once", []time.Duration{1 * ms, 2 * ms, 3 * ms, 50 * ms}, []step{{40 * ms, 0, 3, 10 * ms, false}, {60 * ms, 3, 4, 0, true}}},
		{"two at the same time", []time.Duration{5 * ms, 5 * ms}, []step{{4 * ms, 0, 0, 1 * ms, false}, {5 * ms, 0, 2, 0, true}}},
	} {
		p := Pacer{Due: tc.due}
		for i, s := range tc.steps {
			if from, to, wait, done := p.Pace(s.elapsed); from != s.from || to != s.to || wait != s.wait || done != s.done {
				t.Errorf("%s, step %d: [%d, %d), wait %s, done %v; want %+v", tc.name, i, from, to, wait, done, s)
			}
		}
	}
}

func TestConstant(t *testing.T) {
	got := Constant(4, time.Second)
	if want := []time.Duration{0, 250 * ms, 500 * ms, 750 * ms}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := len(Constant(1000.0/3, 3*time.Second)); n != 1000 {
		t.Errorf("%d arrivals, want 1000", n)
	}
}

func TestPoissonIsDeterministicAndAscending(t *testing.T) {
	a, b := Poisson(100, 10*time.Second, 5), Poisson(100, 10*time.Second, 5)
	if !slices.Equal(a, b) {
		t.Error("one seed gave two schedules")
	}
	if slices.Equal(a, Poisson(100, 10*time.Second, 6)) {
		t.Error("two seeds gave one schedule")
	}
	if !slices.IsSorted(a) || a[0] < 0 || a[len(a)-1] >= 10*time.Second {
		t.Error("arrivals are out of order or out of range")
	}
}

// Kolmogorov-Smirnov of the gaps against the exponential distribution. Its 99.9 % point is 1.95/sqrt(n); seeds are fixed, so
// this cannot fail by chance later.
func TestPoissonGapsAreExponential(t *testing.T) {
	const rate = 250.0
	for seed := range uint64(5) {
		due := Poisson(rate, 40*time.Second, seed)
		gaps := []float64{due[0].Seconds()}
		for i := 1; i < len(due); i++ {
			gaps = append(gaps, (due[i] - due[i-1]).Seconds())
		}
		slices.Sort(gaps)
		worst, n := 0.0, float64(len(gaps))
		for i, g := range gaps {
			f := 1 - math.Exp(-rate*g)
			worst = max(worst, f-float64(i)/n, float64(i+1)/n-f)
		}
		if limit := 1.95 / math.Sqrt(n); worst > limit {
			t.Errorf("seed %d: distance %.4f over %g gaps, limit %.4f", seed, worst, n, limit)
		}
	}
}

// The numbers of arrivals in equal windows are Poisson distributed: chi-squared over the counts 0 to 8 and more. The 99.9 %
// point with nine classes, so eight degrees of freedom, is 26.1.
func TestPoissonCountsAreIndependent(t *testing.T) {
	const mean, windows, classes = 3.0, 5000, 9
	due := Poisson(mean, windows*time.Second, 3)
	perWindow := make([]int, windows)
	for _, d := range due {
		perWindow[int(d/time.Second)]++
	}
	var seen [classes]float64
	for _, n := range perWindow {
		seen[min(n, classes-1)]++
	}
	chi, rest, p := 0.0, 1.0, math.Exp(-mean)
	for k := range classes {
		expected := windows * p
		if k == classes-1 {
			expected = windows * rest
		}
		chi += (seen[k] - expected) * (seen[k] - expected) / expected
		rest -= p
		p *= mean / float64(k+1)
	}
	if chi > 26.1 {
		t.Errorf("chi-squared %.1f, counts %v", chi, seen)
	}
}

func TestSamplesNeeded(t *testing.T) {
	for _, tc := range []struct {
		percentile float64
		late, want int
	}{
		{99, 0, 459}, {99.9, 0, 4603}, {90, 0, 44}, {99, 1, 662}, {99, 10, 2010}, {99.9, 3, 10042},
	} {
		got := SamplesNeeded(tc.percentile, tc.late)
		miss := 1 - tc.percentile/100
		if lowerTail(got, tc.late, miss) > 0.01 || lowerTail(got-1, tc.late, miss) <= 0.01 {
			t.Errorf("percentile %g with %d late: %d is not the least number", tc.percentile, tc.late, got)
		}
		if math.Abs(float64(got-tc.want)) > 0.01*float64(tc.want) {
			t.Errorf("percentile %g with %d late: %d, want about %d", tc.percentile, tc.late, got, tc.want)
		}
	}
	if SamplesNeeded(99, 0) != 459 || SamplesNeeded(99.9, 0) != 4603 {
		t.Error("not the published numbers")
	}
}
