package market

import (
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

func opportunity(x0 float64) *agent.Opportunity {
	x := make([]float64, 64)
	x[0] = x0
	return &agent.Opportunity{
		Features: x, Imps: []message.Imp{{ID: "1", Floor: 0.5}}, Mode: message.Open, PriceRule: message.SecondPrice,
		Cap: 1000, TMax: 2 * time.Second, Lifetime: 10 * time.Second, MaxLanes: 64, MinOrgs: 1,
	}
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

func TestMarketSellsToTheHighestBid(t *testing.T) {
	for name, p := range bothKinds(t) {
		t.Run(name, func(t *testing.T) {
			m := start(t, Config{Params: p, Seats: []Seat{
				{ID: "low", Model: flatModel{math.Log(2), 0}},
				{ID: "high", Model: flatModel{math.Log(1), 2}}, // e^2 times 1 when x_0 is 1
				{ID: "none", Model: flatModel{math.Inf(-1), 0}},
			}})
			for _, tc := range []struct {
				x      float64
				winner string
				price  float64
			}{{1, "high", 2}, {0, "low", 1}, {-1, "low", 0.5}} {
				got, _, err := m.Auction(opportunity(tc.x))
				if err != nil {
					t.Fatal(err)
				}
				o := got.Imps[0]
				if !o.Sold || o.Seat != tc.winner || math.Abs(o.Price-tc.price) > 1e-4*tc.price {
					t.Errorf("x=%g: %+v, want %s at %g", tc.x, o, tc.winner, tc.price)
				}
			}
		})
	}
}

func TestReplayedRequestIsRefused(t *testing.T) {
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}}})
	raw, _, err := m.Agent.Request(opportunity(0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Send(raw, time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Send(raw, time.Second); err == nil {
		t.Error("a request was auctioned twice")
	}
}

func TestTrusteeStopsAndComesBack(t *testing.T) {
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}, {ID: "b", Model: flatModel{2, 0}}}})
	sell := func(when string) {
		t.Helper()
		got, _, err := m.Auction(opportunity(0))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if o := got.Imps[0]; o.Seat != "b" || math.Abs(o.Price-math.E) > 1e-3 {
			t.Fatalf("%s: %+v", when, o)
		}
	}
	for i := range trustees {
		sell("all up")
		if err := m.Stop(trusteeName(i)); err != nil {
			t.Fatal(err)
		}
		sell("one down")
		if err := m.Restart(i); err != nil {
			t.Fatal(err)
		}
		sell("back up")
	}
	if err := m.Stop("trustee-0"); err != nil {
		t.Fatal(err)
	}
	if err := m.Stop("trustee-1"); err != nil {
		t.Fatal(err)
	}
	if got, _, err := m.Auction(opportunity(0)); err == nil {
		t.Errorf("one trustee alone decided an auction: %+v", got)
	}
}
