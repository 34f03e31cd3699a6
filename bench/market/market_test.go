package market

import (
	"errors"
	"math"
	"testing"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// flatModel bids exp(base + weight x_0) for its only campaign.
type flatModel struct{ base, weight float64 }

func (m flatModel) Campaigns() []model.Campaign { return []model.Campaign{{ID: "c"}} }
func (m flatModel) Weights(int) []float64 {
	w := make([]float64, 64)
	w[0] = m.weight
	return w
}
func (m flatModel) Bias(int, model.Context) (float64, bool) { return m.base, true }

// gridBits is the price grid of the tests' sealed auctions.
const gridBits = 8

func opportunity(x0 float64, mode message.Mode) *agent.Opportunity {
	x := make([]float64, 64)
	x[0] = x0
	return &agent.Opportunity{
		Features: x, Imps: []message.Imp{{ID: "1", Floor: 0.5}}, Mode: mode, PriceRule: message.SecondPrice, GridBits: gridBits,
		Cap: 1000, TMax: 2 * time.Second, Lifetime: 10 * time.Second, MaxLanes: 64, MinOrgs: 1,
	}
}

// samePrice reports whether a price is what an exact one comes to in a mode: up to rounding and noise the same, or at most a
// step of the grid lower.
func samePrice(mode message.Mode, price, exact float64) bool {
	const slack = 1e-4
	lowest := exact
	if mode == message.Sealed {
		lowest *= math.Exp(-math.Ldexp(1, -gridBits))
	}
	return price >= lowest*(1-slack) && price <= exact*(1+slack)
}

func start(t *testing.T, c Config) *Market {
	t.Helper()
	m, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func bothKinds(t *testing.T) map[string]*params.Params {
	t.Helper()
	enc, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := params.Plain(11, 64)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*params.Params{"encrypted": enc, "plaintext": plain}
}

// modes are both modes of ranking, the default first.
var modes = []message.Mode{message.Sealed, message.Open}

// eachMode runs a test in both modes.
func eachMode(t *testing.T, test func(t *testing.T, mode message.Mode)) {
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) { test(t, mode) })
	}
}

func TestMarketSellsToTheHighestBid(t *testing.T) {
	for name, p := range bothKinds(t) {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, mode message.Mode) {
				m := start(t, Config{Params: p, Mode: mode, Seats: []Seat{
					{ID: "low", Model: flatModel{math.Log(2), 0}},
					{ID: "high", Model: flatModel{math.Log(1), 2}}, // e^2 times 1 when x_0 is 1
					{ID: "none", Model: flatModel{math.Inf(-1), 0}},
				}})
				for _, tc := range []struct {
					x      float64
					winner string
					price  float64
				}{{1, "high", 2}, {0, "low", 1}, {-1, "low", 0.5}} {
					got, _, err := m.Auction(opportunity(tc.x, mode))
					if err != nil {
						t.Fatal(err)
					}
					o := got.Imps[0]
					if !o.Sold || o.Seat != tc.winner || !samePrice(mode, o.Price, tc.price) {
						t.Errorf("x=%g: %+v, want %s at %g", tc.x, o, tc.winner, tc.price)
					}
				}
			})
		})
	}
}

// A winner without rivals pays the floor, which lies on no grid.
func TestFloorIsPaidExactly(t *testing.T) {
	eachMode(t, func(t *testing.T, mode message.Mode) {
		m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: mode, Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}}})
		o := opportunity(0, mode)
		for _, floor := range []float64{0, 0.1, math.Pi / 3, 2.718, 2.719, 5} {
			o.Imps[0].Floor = floor
			got, _, err := m.Auction(o)
			if err != nil {
				t.Fatal(err)
			}
			if imp, sold := got.Imps[0], floor < math.E; imp.Sold != sold || sold && imp.Price != floor {
				t.Errorf("floor %g: %+v", floor, imp)
			}
		}
	})
}

// A market ranks in one mode; requests for the other are refused, as those that were served before.
func TestRequestsThatAreRefused(t *testing.T) {
	eachMode(t, func(t *testing.T, mode message.Mode) {
		m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: mode, Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}}})
		raw, _, err := m.Agent.Request(opportunity(0, mode))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Send(raw, time.Second); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Send(raw, time.Second); err == nil {
			t.Error("a request was auctioned twice")
		}
		other := modes[0]
		if mode == other {
			other = modes[1]
		}
		if got, _, err := m.Auction(opportunity(0, other)); err == nil {
			t.Errorf("%s ranking of a request for %s ranking: %+v", mode, other, got)
		}
	})
}

func TestTrusteeStopsAndComesBack(t *testing.T) {
	eachMode(t, trusteeStopsAndComesBack)
}

func trusteeStopsAndComesBack(t *testing.T, mode message.Mode) {
	m := start(t, Config{
		Params: bothKinds(t)["encrypted"], Mode: mode, Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}, {ID: "b", Model: flatModel{2, 0}}},
	})
	sell := func(when string) {
		t.Helper()
		got, _, err := m.Auction(opportunity(0, mode))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if o := got.Imps[0]; o.Seat != "b" || !samePrice(mode, o.Price, math.E) {
			t.Fatalf("%s: %+v", when, o)
		}
	}
	for i := range trustees {
		sell("all up")
		if err := m.Stop(trusteeName(i)); err != nil {
			t.Fatal(err)
		}
		sell("one down")
		m.restartAndAwait(t, i, mode, opportunity(0, mode))
		sell("back up")
	}
	err := errors.Join(m.Stop("trustee-0"), m.Stop("trustee-1"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := m.Auction(opportunity(0, mode)); err == nil {
		t.Errorf("one trustee alone decided an auction: %+v", got)
	}
}
