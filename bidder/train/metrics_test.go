package train

import (
	"math"
	"testing"
)

func TestAUC(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name   string
		score  []float64
		click  []bool
		weight []float64
		want   float64
	}{
		{"perfect", []float64{1, 2, 3, 4}, []bool{no, no, yes, yes}, nil, 1},
		{"reversed", []float64{4, 3, 2, 1}, []bool{no, no, yes, yes}, nil, 0},
		{"all tied", []float64{1, 1, 1}, []bool{no, yes, no}, nil, .5},
		{"one of four pairs wrong", []float64{1, 3, 2, 4}, []bool{no, no, yes, yes}, nil, .75},
		{"a tie is half a pair", []float64{1, 2, 2, 4}, []bool{no, no, yes, yes}, nil, .875},
		{"weights count rows", []float64{1, 3, 2}, []bool{no, no, yes}, []float64{3, 1, 1}, .75},
	}
	for _, tt := range tests {
		if got := AUC(tt.score, tt.click, tt.weight); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: got %g, want %g", tt.name, got, tt.want)
		}
	}
	if got := AUC([]float64{1}, []bool{yes}, nil); !math.IsNaN(got) {
		t.Errorf("without non-clicks: got %g, want NaN", got)
	}
}

func TestLogLossAndCalibration(t *testing.T) {
	p, click, weight := []float64{.5, .25}, []bool{true, false}, []float64{1, 3}
	if got, want := LogLoss(p, click, nil), -(math.Log(.5)+math.Log(.75))/2; math.Abs(got-want) > 1e-12 {
		t.Errorf("log loss %g, want %g", got, want)
	}
	if got, want := LogLoss(p, click, weight), -(math.Log(.5)+3*math.Log(.75))/4; math.Abs(got-want) > 1e-12 {
		t.Errorf("weighted log loss %g, want %g", got, want)
	}
	if got := LogLoss([]float64{1.5, 0}, []bool{false, true}, nil); math.IsInf(got, 0) || math.IsNaN(got) {
		t.Errorf("log loss of impossible predictions %g, want it finite", got)
	}
	if got := Calibration(p, click, weight); got != 1.25 {
		t.Errorf("calibration %g, want 1.25", got)
	}
}

func TestSampledOdds(t *testing.T) {
	const p, rate = .002, .01
	got := sampledP(p, rate)
	if odds, want := got/(1-got), p/(1-p)/rate; math.Abs(odds/want-1) > 1e-12 {
		t.Errorf("odds %g in the sample, want %g", odds, want)
	}
}
