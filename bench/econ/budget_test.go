package econ

import (
	"math"
	"testing"
)

func TestSpend(t *testing.T) {
	lots := []lot{{at: 0, price: 10, weight: 1, click: 1}, {at: 1, price: 20, weight: 2}, {at: 2, price: 30, weight: 1, click: 1}}
	for name, tt := range map[string]struct {
		count        []uint8
		budget       float64
		clicks, cost float64
	}{
		"everything": {nil, math.Inf(1), 2, 80},
		"exactly":    {nil, 80, 2, 80},
		"half":       {nil, 40, 1, 40},
		"in part":    {nil, 65, 1.5, 65},
		"nothing":    {nil, 0, 0, 0},
		"drawn":      {[]uint8{3, 0, 1}, 100, 4, 60},
	} {
		got := spend(lots, tt.count, tt.budget)
		if math.Abs(got.clicks-tt.clicks) > 1e-12 || math.Abs(got.cost-tt.cost) > 1e-12 {
			t.Errorf("%s: got %+v, want %g clicks for %g", name, got, tt.clicks, tt.cost)
		}
	}
}

func TestTuneFindsTheCheapClicks(t *testing.T) {
	// Dear impressions without clicks come first: bidding the full value wastes the budget of 100 on them.
	var lots []lot
	for range 10 {
		lots = append(lots, lot{logBid: math.Log(90), price: 80, weight: 1})
	}
	for range 10 {
		lots = append(lots, lot{logBid: math.Log(90), price: 10, weight: 1, click: 1})
	}
	f := tune(lots, 100)
	if got := spend(affordable(lots, f), nil, 100); got.clicks != 10 {
		t.Errorf("factor %g buys %g clicks, want 10", math.Exp(f), got.clicks)
	}
	if got := spend(affordable(lots, 0), nil, 100); got.clicks != 0 {
		t.Errorf("truthful bids buy %g clicks, want none", got.clicks)
	}
}

func TestBudgetsByHand(t *testing.T) {
	s, reference, treatment := hand(t)
	got := values(s, treatment, reference, nil)
	// Seat a could win everything for 10 + 2*20 = 50, b for 30 + 2*40 = 110. Truthful bids win all four lots at once, clicks first.
	// With half of it, a buys its click for 10 and 15 of the rest, b its click for 30 and 25 of the rest.
	if got["clicks_b2"] != 2 || math.Abs(got["cpc_b2"]-(25+55)/2.) > 1e-9 {
		t.Errorf("half: %g clicks at %g", got["clicks_b2"], got["cpc_b2"])
	}
	// With an eighth, 6.25 and 13.75, they buy 0.625 and 0.4583 of a click.
	if want := 6.25/10 + 13.75/30; math.Abs(got["clicks_b8"]-want) > 1e-9 {
		t.Errorf("eighth: %g clicks, want %g", got["clicks_b8"], want)
	}
}
