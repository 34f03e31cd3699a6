package replay

import (
	"math"
	"testing"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// bids is a seat's bids, one for each campaign, and its campaigns' maximum bids where there are any.
type bids struct {
	seat string
	cpm  []float64
	max  []float64
}

// referenceOf returns the reference for seats that bid the same for every user.
func referenceOf(t *testing.T, seats ...bids) (*reference, *model.FeatureMap) {
	t.Helper()
	features, err := model.NewFeatureMap(8, []string{"usertag=1"})
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{cap: 1000}
	for _, s := range seats {
		spec := model.Spec{Version: 1, Seat: s.seat, FeaturesDigest: features.Digest(), Link: model.LinkLog}
		for k, v := range s.cpm {
			c := model.CampaignSpec{ID: string(rune('a' + k)), ValuePerClick: v}
			if k < len(s.max) {
				c.MaxBid = s.max[k]
			}
			spec.Campaigns = append(spec.Campaigns, c)
		}
		m, err := model.NewGLM(spec, features)
		if err != nil {
			t.Fatal(err)
		}
		r.models = append(r.models, m)
	}
	return r, features
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) }

func TestDecide(t *testing.T) {
	one := func(seat string, cpm ...float64) bids { return bids{seat: seat, cpm: cpm} }
	for _, tc := range []struct {
		name  string
		floor float64
		seats []bids
		want  decision
	}{
		{"nobody", 0, nil, decision{}},
		{"alone without a floor", 0, []bids{one("a", 5)}, decision{"a", 0, 5, 0}},
		{"alone pays the floor", 2, []bids{one("a", 5)}, decision{"a", 2, 5, 0}},
		{"second price", 1, []bids{one("a", 5), one("b", 7), one("c", 3)}, decision{"b", 5, 7, 5}},
		{"order does not matter", 1, []bids{one("b", 7), one("c", 3), one("a", 5)}, decision{"b", 5, 7, 5}},
		{"floor above the second", 6, []bids{one("a", 5), one("b", 7)}, decision{"b", 6, 7, 0}},
		{"floor above all", 8, []bids{one("a", 5), one("b", 7)}, decision{}},
		{"a seat does not compete with itself", 1, []bids{one("a", 5), one("b", 7, 6.5, 6)}, decision{"b", 5, 7, 5}},
		{"the best campaign bids for the seat", 1, []bids{one("a", 2, 5), one("b", 3, 7)}, decision{"b", 5, 7, 5}},
		{"a tie costs what was bid", 1, []bids{one("a", 5), one("b", 5)}, decision{"a", 5, 5, 5}},
		{"worthless clicks make no bid", 0, []bids{one("a", 0)}, decision{}},
		{"at the cap is void", 1, []bids{one("a", 5), one("b", 1001)}, decision{"a", 1, 5, 0}},
		{"above the campaign's own maximum is void", 1, []bids{one("a", 5), {"b", []float64{7}, []float64{6}}}, decision{"a", 1, 5, 0}},
		{"another campaign of the seat is not", 1, []bids{one("a", 5), {"b", []float64{7, 5.5}, []float64{6}}}, decision{"b", 5, 5.5, 5}},
		{"below its maximum counts", 1, []bids{one("a", 5), {"b", []float64{7}, []float64{7.5}}}, decision{"b", 5, 7, 5}},
	} {
		r, features := referenceOf(t, tc.seats...)
		got := r.decide(newUser(features, ipinyou.Row{Floor: tc.floor}))
		if got.winner != tc.want.winner || !near(got.price, tc.want.price) || !near(got.top, tc.want.top) || !near(got.second, tc.want.second) {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// Private features and public context move the reference's bids as they move the model's.
func TestDecideSeesUserAndContext(t *testing.T) {
	r, features := referenceOf(t, bids{seat: "flat", cpm: []float64{5}})
	m, err := model.NewGLM(model.Spec{
		Version: 1, Seat: "keen", FeaturesDigest: features.Digest(), Link: model.LinkLog,
		Campaigns: []model.CampaignSpec{{
			ID: "c", ValuePerClick: 2, Intercept: 0.5, Weights: map[string]float64{"usertag=1": 0.25}, Context: map[string]float64{"hour=20": 0.75},
		}},
	}, features)
	if err != nil {
		t.Fatal(err)
	}
	r.models = append(r.models, m)
	for _, tc := range []struct {
		tags   []string
		hour   string
		logBid float64 // of the keen seat
	}{
		{nil, "8", math.Log(2) + 0.5},
		{[]string{"1"}, "8", math.Log(2) + 0.75},
		{[]string{"1"}, "20", math.Log(2) + 1.5},
	} {
		u := newUser(features, ipinyou.Row{User: ipinyou.User{Tags: tc.tags}, Context: ipinyou.Context{Hour: tc.hour}})
		bid := math.Exp(tc.logBid)
		winner := "flat"
		if bid > 5 {
			winner = "keen"
		}
		got := r.decide(u)
		if got.winner != winner || !near(got.price, min(bid, 5)) || !near(got.top, max(bid, 5)) {
			t.Errorf("%+v: %+v, keen bids %g", tc, got, bid)
		}
		if got, want := logClick(m, u), tc.logBid-math.Log(2); !near(got, want) {
			t.Errorf("%+v: log click rate %g, want %g", tc, got, want)
		}
	}
}

// A disagreement is judged by the bids of the two that won, not by the two highest.
func TestGap(t *testing.T) {
	r, features := referenceOf(t, bids{seat: "a", cpm: []float64{100}}, bids{seat: "b", cpm: []float64{99.99}}, bids{seat: "c", cpm: []float64{50, 25}}, bids{seat: "none", cpm: []float64{0}})
	u := newUser(features, ipinyou.Row{Floor: 49.99})
	for _, tc := range []struct {
		a, b string
		want float64
	}{
		{"a", "b", 1e-4}, {"b", "a", 1e-4}, {"a", "c", 0.5}, {"c", "", 2e-4}, {"", "c", 2e-4}, {"a", "", 0.5001}, {"a", "none", 1},
	} {
		if got := r.gap(u, tc.a, tc.b); !near(got, tc.want) {
			t.Errorf("between %q and %q: %g, want %g", tc.a, tc.b, got, tc.want)
		}
	}
	noFloor := newUser(features, ipinyou.Row{})
	if got := r.gap(noFloor, "none", ""); got != 1 {
		t.Errorf("a seat that never bids: %g", got)
	}
}
