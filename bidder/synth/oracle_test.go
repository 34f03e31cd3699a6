package synth

import (
	"math"
	"testing"
)

// The oracle's probabilities add up to the clicks of a market, each sampled non-click standing for 1/NonClickRate impressions.
func TestOracleIsCalibrated(t *testing.T) {
	o := NewOracle()
	expected, clicks := 0.0, 0.0
	for _, r := range Market(5, 20_000) {
		p, ok := o.Click(r.Advertiser, r)
		if !ok || !(p > 0 && p < 1) {
			t.Fatalf("row %s: probability %g, %v", r.ID, p, ok)
		}
		if r.Click {
			expected += p
			clicks++
		} else {
			expected += p / NonClickRate
		}
	}
	if tolerance := 4 / math.Sqrt(clicks); math.Abs(expected/clicks-1) > tolerance {
		t.Errorf("%.0f clicks expected, %.0f seen, tolerance %.0f%%", expected, clicks, 100*tolerance)
	}
	if _, ok := o.Click("nobody", Market(1, 1)[0]); ok {
		t.Error("knows the clicks of an unknown advertiser")
	}
}
