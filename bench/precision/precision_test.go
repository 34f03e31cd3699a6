package precision

import (
	"context"
	"math"
	"testing"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/synth"
	"cipherbid/bidder/train"
	"cipherbid/crypto/params"
)

func fitSmall(t *testing.T) (*train.Result, []ipinyou.Row) {
	t.Helper()
	rows := synth.Market(7, 3000)
	fit, err := train.Fit(rows, train.Options{Dim: 64, Seed: 1, NonClickRate: synth.NonClickRate, Values: synth.Values()})
	if err != nil {
		t.Fatal(err)
	}
	_, test := train.Split(rows, 1, 0.7)
	return fit, test[:40]
}

// At the design's setting errors are small and no winner changes; every scale that is made coarser makes them larger.
func TestErrorsGrowAsScalesShrink(t *testing.T) {
	fit, rows := fitSmall(t)
	p, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	points, err := Run(context.Background(), Options{Fit: fit, Rows: rows, Params: p})
	if err != nil {
		t.Fatal(err)
	}
	bySweep := map[string][]Point{}
	for _, x := range points {
		bySweep[x.Sweep] = append(bySweep[x.Sweep], x)
	}
	for name, sweep := range bySweep {
		coarse, fine := sweep[0], sweep[len(sweep)-1]
		if fine.Setting != design {
			t.Fatalf("%s: the finest setting is %+v", name, fine.Setting)
		}
		if fine.ErrorStd > math.Exp2(-14) || fine.NoiseStd > math.Exp2(-18) || fine.WinnerFlips > 0 {
			t.Errorf("%s at the design's setting: %+v", name, fine)
		}
		if coarse.ErrorStd < 8*fine.ErrorStd {
			t.Errorf("%s: error %g at %+v, only %g times that of the design", name, coarse.ErrorStd, coarse.Setting, coarse.ErrorStd/fine.ErrorStd)
		}
		if coarse.Auctions != len(rows) || coarse.LogBids != 9*len(rows) {
			t.Errorf("%s: %d auctions and %d log-bids", name, coarse.Auctions, coarse.LogBids)
		}
	}
}

func TestCancelledRunReturnsWhatItHas(t *testing.T) {
	fit, rows := fitSmall(t)
	p, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	points, err := Run(ctx, Options{Fit: fit, Rows: rows, Params: p, Progress: func(done, _ int) {
		if done == 2 {
			cancel()
		}
	}})
	if err == nil || len(points) != 2 {
		t.Errorf("%d points, error %v", len(points), err)
	}
}

func TestSecondPrice(t *testing.T) {
	ln := math.Log
	for _, tc := range []struct {
		bids   []float64
		floor  float64
		winner int
		price  float64
	}{
		{[]float64{ln(2), ln(3)}, 1, 1, 2},
		{[]float64{ln(2), ln(3)}, 2.5, 1, 2.5},
		{[]float64{ln(2), math.Inf(-1)}, 0, 0, 0},
		{[]float64{ln(2)}, 3, -1, 3},
	} {
		if w, p := secondPrice(tc.bids, tc.floor); w != tc.winner || math.Abs(p-tc.price) > 1e-12 {
			t.Errorf("%v floor %g: winner %d at %g", tc.bids, tc.floor, w, p)
		}
	}
}
