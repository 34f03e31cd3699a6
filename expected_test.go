package main

import (
	"maps"
	"math"
	"slices"
	"testing"

	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/message"
)

// fourBidders are models with two campaigns each.
func fourBidders(t *testing.T) *train.Result {
	t.Helper()
	features, err := model.NewFeatureMap(64, []string{"usertag=cars", "usertag=food", "usertag=games", "usertag=trips"})
	must(t, err)
	r := &train.Result{FeatureMap: features}
	for _, s := range []struct {
		seat     string
		cpm      float64
		weights  map[string]float64
		tonight  float64
		campaign float64 // of a second campaign, CPM
	}{
		{"ada", 2.0, map[string]float64{"usertag=cars": 1.5, "usertag=food": -0.4}, 0, 3.1},
		{"bob", 2.3, map[string]float64{"usertag=food": 1.3, "usertag=games": 0.2}, -0.3, 0.5},
		{"cyd", 1.7, map[string]float64{"usertag=games": 1.7, "usertag=trips": 0.35}, 0.45, 0.5},
		{"dee", 2.6, map[string]float64{"usertag=trips": 1.15, "usertag=cars": 0.1}, 0.75, 0.5},
	} {
		g, err := model.NewGLM(model.Spec{
			Version: 1, Seat: s.seat, FeaturesDigest: features.Digest(), Link: model.LinkLog,
			Campaigns: []model.CampaignSpec{
				{ID: s.seat + "-1", ValuePerClick: s.cpm, Weights: s.weights, Context: map[string]float64{"hour=20": s.tonight}},
				{ID: s.seat + "-2", ValuePerClick: s.campaign},
			},
		}, features)
		must(t, err)
		r.Models = append(r.Models, g)
	}
	return r
}

// users is the number of different users.
const users = 64

// userAt is user n of them: every set of tags, at two hours, with and without a floor.
func userAt(n int) ipinyou.Row {
	row := ipinyou.Row{Context: ipinyou.Context{Hour: [2]string{"8", "20"}[n>>4&1]}, Floor: [2]float64{0, 4.03}[n>>5&1]}
	for i, tag := range []string{"cars", "food", "games", "trips"} {
		if n>>i&1 == 1 {
			row.User.Tags = append(row.User.Tags, tag)
		}
	}
	return row
}

// sale is what an auction decides.
type sale struct {
	seat  string // "" if unsold
	price float64
}

// bidsFor lists what every seat bids for a user, in plaintext.
func (m *processes) bidsFor(row ipinyou.Row) map[string]float64 {
	x := m.fit.FeatureMap.Encode(model.Attributes(row.User, nil), nil)
	bids := map[string]float64{}
	for _, g := range m.fit.Models {
		for k := range g.Campaigns() {
			bids[g.Seat()] = max(bids[g.Seat()], math.Exp(g.LogBid(k, x, model.NewRowContext(row))))
		}
	}
	return bids
}

// checkDistances makes sure that noise decides nothing: no two bids for a user, or bid and floor, are within a per cent.
func (m *processes) checkDistances() {
	for n := range users {
		row := userAt(n)
		all := []float64{row.Floor}
		for _, bid := range m.bidsFor(row) {
			all = append(all, bid)
		}
		slices.Sort(all)
		for i := range all[1:] {
			if all[i+1] < 1.01*all[i] {
				m.t.Fatalf("%+v: bids and floor %v", row, all)
			}
		}
	}
}

// decide is the second-price auction among some seats, in plaintext.
func (m *processes) decide(row ipinyou.Row, among []string) sale {
	var top, second float64
	s := sale{}
	bids := m.bidsFor(row)
	for _, name := range among {
		switch bid := bids[name]; {
		case bid < row.Floor:
		case bid > top:
			top, second, s.seat = bid, top, name
		default:
			second = max(second, bid)
		}
	}
	if s.seat != "" {
		s.price = max(second, row.Floor)
	}
	return s
}

// is allows for noise, and for the price grid, which takes a step off at most.
func (s sale) is(want sale) bool {
	const noise = 1e-3
	lowest := want.price * (1 - replay.Step(message.Sealed))
	return s.seat == want.seat && s.price <= want.price*(1+noise) && s.price >= lowest*(1-noise)
}

// seat is what a test knows of a bidder. Every change gets a new version.
type seat struct {
	version int
	up      bool // bids
	down    bool // does not
}

// set notes a bidder's new state.
func (m *processes) set(name string, up, down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seats[name] = seat{m.seats[name].version + 1, up, down}
}

// snapshot is what a test knows of the market at a moment.
type snapshot struct {
	seats    map[string]seat
	trustees seat // all of them together: up if none has come or gone lately
}

func (m *processes) snapshot() snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return snapshot{maps.Clone(m.seats), m.trustees}
}

// settle notes whether the auctioneer has had time to notice which trustees are there.
func (m *processes) settle(yes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trustees = seat{version: m.trustees.version + 1, up: yes}
}

// calm reports whether no trustee came or went between two snapshots.
func calm(before, after snapshot) bool {
	return before.trustees.up && before.trustees == after.trustees
}

// allowed lists what an auction may decide that ran between two snapshots: a bidder whose state changed meanwhile, or was
// not known, may have taken part or not.
func (m *processes) allowed(row ipinyou.Row, before, after snapshot) []sale {
	sets := [][]string{nil}
	for _, name := range m.bidders {
		s := before.seats[name]
		known := s == after.seats[name] && (s.up || s.down)
		var next [][]string
		for _, set := range sets {
			if !known || s.up {
				next = append(next, append(slices.Clone(set), name))
			}
			if !known || s.down {
				next = append(next, set)
			}
		}
		sets = next
	}
	var all []sale
	for _, set := range sets {
		all = append(all, m.decide(row, set))
	}
	return all
}
