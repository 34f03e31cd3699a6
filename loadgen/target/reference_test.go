package target

import (
	"errors"
	"math"
	"testing"

	"cipherbid/bench/replay"
	"cipherbid/bidder/model"
	"cipherbid/loadgen"
)

// seat is a model whose campaigns bid the given CPM, whoever the user is.
func seat(t *testing.T, m *model.FeatureMap, id string, bids ...float64) *model.GLM {
	t.Helper()
	s := model.Spec{Version: 1, Seat: id, FeaturesDigest: m.Digest(), Link: model.LinkLog}
	for i, b := range bids {
		s.Campaigns = append(s.Campaigns, model.CampaignSpec{ID: string(rune('a' + i)), ValuePerClick: b})
	}
	g, err := model.NewGLM(s, m)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestReference(t *testing.T) {
	m := data(t).Fit.FeatureMap
	models := []*model.GLM{seat(t, m, "a", 10, 8), seat(t, m, "b", 6), seat(t, m, "c", 3), seat(t, m, "void", 2*replay.Cap)}
	sold := func(seat string, price float64, missing ...string) loadgen.Answer {
		return loadgen.Answer{Outcome: loadgen.Sold, Seat: seat, Price: price, Missing: missing}
	}
	noBid := func(missing ...string) loadgen.Answer {
		return loadgen.Answer{Outcome: loadgen.NoBid, Missing: missing}
	}
	const right, partial, wrong = "right", "partial", "wrong"
	for _, tc := range []struct {
		name          string
		floor         float64
		a             loadgen.Answer
		heard, unsure string // verdict where missing bidders are known, and where not
	}{
		{"second price, of another seat", 0, sold("a", 6), right, right},
		{"price off by rounding", 0, sold("a", 6.001), right, right},
		{"price off by more", 0, sold("a", 6.01), wrong, wrong},
		{"own second campaign sets the price", 0, sold("a", 8), wrong, wrong},
		{"third price", 0, sold("a", 3), wrong, partial},
		{"floor above the second", 7, sold("a", 7), right, right},
		{"floor not paid", 7, sold("a", 6), wrong, wrong},
		{"a little less than the floor", 7, sold("a", 6.9999), wrong, wrong},
		{"loser at its own bid", 0, sold("b", 6), wrong, wrong},
		{"loser that pays more than it bids", 0, sold("b", 10), wrong, wrong},
		{"second, with the first missing", 0, sold("b", 3, "a"), right, partial},
		{"below the floor", 4, sold("c", 4), wrong, wrong},
		{"void bid", 0, sold("void", 10), wrong, wrong},
		{"nobody", 0, sold("x", 6), wrong, wrong},
		{"all below the floor", 11, noBid(), right, right},
		{"floor at the bid: either way", 10, noBid(), right, right},
		{"not sold", 0, noBid(), wrong, partial},
		{"not sold, all missing", 0, noBid("a", "b", "c"), right, partial},
		{"only one bids", 6.5, sold("a", 6.5), right, right},
	} {
		u := &user{x: make([]float64, m.Dim()), context: &model.RowContext{}}
		u.row.Floor = tc.floor
		for heard, want := range map[bool]string{true: tc.heard, false: tc.unsure} {
			a := tc.a
			if !heard {
				a.Missing = nil
			}
			got := right
			if err := (&reference{models: models, heard: heard}).check(u, &a); errors.Is(err, loadgen.ErrPartial) {
				got = partial
			} else if err != nil {
				got = wrong
			}
			if got != want {
				t.Errorf("%s, missing bidders known %v: %s, want %s", tc.name, heard, got, want)
			}
		}
	}
}

// With a grid prices are on it or below the exact ones, by a step at most and never below the floor.
func TestReferenceAllowsTheGrid(t *testing.T) {
	m := data(t).Fit.FeatureMap
	r := &reference{models: []*model.GLM{seat(t, m, "a", 10), seat(t, m, "b", 6), seat(t, m, "c", 3)}, step: 0.01}
	for _, tc := range []struct {
		name         string
		floor, price float64
		missing      string // whose absence is known, if not ""
		right        bool
	}{
		{"exact", 0, 6, "-", true},
		{"half a step", 0, 5.97, "-", true},
		{"a step", 0, 5.94, "-", true},
		{"two steps", 0, 5.88, "-", false},
		{"above", 0, 6.01, "-", false},
		{"floor just below the second", 5.98, 5.98, "-", true},
		{"below that floor", 5.98, 5.97, "-", false},
		{"floor above all rivals", 7, 7, "-", true},
		{"below it", 7, 6.99, "-", false},
		{"the floor has no grid", 5, 5, "-", false},
		{"third, on the grid", 0, 2.98, "b", true},
		{"third, two steps down", 0, 2.94, "b", false},
		{"third, may be", 0, 2.98, "", true},
		{"third, two steps down, may not be", 0, 2.94, "", false},
	} {
		u := &user{x: make([]float64, m.Dim()), context: &model.RowContext{}}
		u.row.Floor = tc.floor
		a := loadgen.Answer{Outcome: loadgen.Sold, Seat: "a", Price: tc.price, Missing: []string{tc.missing}}
		r.heard = tc.missing != ""
		if err := r.check(u, &a); (err == nil || errors.Is(err, loadgen.ErrPartial)) != tc.right {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestEqualBidsMayGoEitherWay(t *testing.T) {
	m := data(t).Fit.FeatureMap
	r := reference{models: []*model.GLM{seat(t, m, "a", 5), seat(t, m, "b", 5.0001)}, heard: true}
	u := &user{x: make([]float64, m.Dim()), context: &model.RowContext{}}
	for _, winner := range []string{"a", "b"} {
		if err := r.check(u, &loadgen.Answer{Outcome: loadgen.Sold, Seat: winner, Price: 5}); err != nil {
			t.Error(err)
		}
	}
}

func TestShape(t *testing.T) {
	e := startEmbedded(t, Config{Params: plain(t), Bidders: 2})
	s := shape{e.Market().Dir}
	u := e.user(0)
	u.row.Floor = 5
	known := e.reference.models[0].Seat()
	for name, tc := range map[string]struct {
		a  loadgen.Answer
		ok bool
	}{
		"no bid":         {loadgen.Answer{Outcome: loadgen.NoBid}, true},
		"sold":           {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Price: 6}, true},
		"at the floor":   {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Price: 5}, true},
		"below it":       {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Price: 4.9}, false},
		"NaN":            {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Price: math.NaN()}, false},
		"above the cap":  {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Price: 2 * replay.Cap}, false},
		"unknown seat":   {loadgen.Answer{Outcome: loadgen.Sold, Seat: "x", Price: 6}, false},
		"campaign -1":    {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Campaign: -1, Price: 6}, false},
		"campaign 10000": {loadgen.Answer{Outcome: loadgen.Sold, Seat: known, Campaign: 10000, Price: 6}, false},
	} {
		if err := s.check(u, &tc.a); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
