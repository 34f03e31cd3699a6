package market

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"

	"go.uber.org/goleak"
)

// patience bounds waits in tests: reaching it means that something hangs.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// They end by themselves: after a server's idle time, after a client's, and with the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"),
	)
}

const dim = 64

// nearTie is a difference of log-bids that encryption's rounding and noise may turn around.
const nearTie = 1.0 / (1 << 14)

// linear is a model of several campaigns, whose biases depend on the imp's slot.
type linear struct {
	campaigns []model.Campaign
	weights   [][]float64
	biases    map[string][]float64 // slot -> log-bid of each campaign, -Inf for a no-bid
}

func (l *linear) Campaigns() []model.Campaign { return l.campaigns }
func (l *linear) Weights(k int) []float64     { return l.weights[k] }
func (l *linear) Bias(k int, ctx model.Context) (float64, bool) {
	b := l.biases[ctx.Get("slotwidth")][k]
	return b, !math.IsInf(b, -1)
}

// logBid is the bid in float64.
func (l *linear) logBid(k int, slot string, x []float64) float64 {
	sum := l.biases[slot][k]
	for i, w := range l.weights[k] {
		sum += w * x[i]
	}
	return sum
}

var slots = []string{"300", "728"}

func newLinear(rng *rand.Rand, campaigns int) *linear {
	l := &linear{biases: map[string][]float64{}}
	for k := range campaigns {
		c := model.Campaign{ID: fmt.Sprint("campaign-", k)}
		if rng.IntN(4) == 0 {
			c.MaxBid = 1 + 5*rng.Float64()
		}
		w := make([]float64, dim)
		for range 12 {
			w[rng.IntN(dim)] = rng.NormFloat64() / 2
		}
		l.campaigns, l.weights = append(l.campaigns, c), append(l.weights, w)
		for _, slot := range slots {
			b := math.Log(0.2) + 3*rng.Float64()
			if rng.IntN(6) == 0 {
				b = math.Inf(-1)
			}
			l.biases[slot] = append(l.biases[slot], b)
		}
	}
	return l
}

// world is a seeded set of bidders and users, to be auctioned in several markets.
type world struct {
	mode   message.Mode
	models map[string]*linear
	seats  []Seat
	users  []*agent.Opportunity
}

func newWorld(seed uint64, mode message.Mode, bidders, users int) *world {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &world{mode: mode, models: map[string]*linear{}}
	for i := range bidders {
		id := fmt.Sprint("seat-", i)
		w.models[id] = newLinear(rng, 1+rng.IntN(4))
		w.seats = append(w.seats, Seat{ID: id, Model: w.models[id]})
	}
	for i := range users {
		x := make([]float64, dim)
		for j := range x {
			x[j] = float64(rng.IntN(3)-1) * rng.Float64()
		}
		o := opportunity(0, mode)
		o.Features, o.TMax, o.Imps = x, 20*time.Second, nil
		for s, slot := range slots {
			o.Imps = append(o.Imps, message.Imp{ID: slot, Floor: float64(s) * 1.7 * rng.Float64(), Attrs: []message.Attr{{Key: "slotwidth", Value: slot}}})
		}
		if i%3 == 0 {
			o.PriceRule = message.FirstPrice
		}
		w.users = append(w.users, o)
	}
	return w
}

// reference ranks float64 bids of some seats for a user. close says of each imp whether noise may decide it.
func (w *world) reference(o *agent.Opportunity, seats []string) (want []auction.Outcome, close []bool) {
	t := &message.Terms{PriceRule: o.PriceRule, Cap: o.Cap, Imps: o.Imps}
	m, lanes := &message.Manifest{}, make([][]uint32, len(seats))
	at := make([][]float64, len(o.Imps)) // where bids, floors and caps lie
	for i, seat := range seats {
		entry := message.Entry{Bid: message.Bid{Seat: seat}}
		for imp := range o.Imps {
			for k, c := range w.models[seat].campaigns {
				bid := w.models[seat].logBid(k, o.Imps[imp].ID, o.Features)
				if math.IsInf(bid, -1) {
					continue
				}
				at[imp] = append(at[imp], bid)
				if c.MaxBid > 0 && bid > math.Log(c.MaxBid) {
					continue
				}
				entry.Lanes = append(entry.Lanes, message.Lane{Imp: uint8(imp), Campaign: uint16(k), Cap: message.NoCap})
				lanes[i] = append(lanes[i], scheme.Lane(bid-t.LogCap()+params.BidRange))
				if c.MaxBid > 0 {
					at[imp] = append(at[imp], math.Log(c.MaxBid))
				}
			}
		}
		m.Entries = append(m.Entries, entry)
	}
	for imp := range o.Imps {
		values := append(at[imp], math.Log(o.Imps[imp].Floor))
		slices.Sort(values)
		tie := false
		for i := 1; i < len(values); i++ {
			tie = tie || values[i]-values[i-1] < nearTie
		}
		close = append(close, tie)
	}
	return auction.Rank(t, m, lanes), close
}

// check compares an auction with the reference among the seats that took part, and counts imps that noise may have decided.
func (w *world) check(t *testing.T, o *agent.Opportunity, got []auction.Outcome, seats []string) (ties int) {
	t.Helper()
	want, tie := w.reference(o, seats)
	if len(got) != len(want) {
		t.Errorf("%d imps, want %d", len(got), len(want))
		return 0
	}
	for i := range want {
		price := got[i].Price
		same := samePrice(w.mode, price, want[i].Price)
		if got[i].Sold && price < o.Imps[i].Floor {
			t.Errorf("imp %s: sold at %g, below the floor of %g", o.Imps[i].ID, price, o.Imps[i].Floor)
		}
		g, e := got[i], want[i]
		g.Price, e.Price = 0, 0
		switch {
		case same && g == e:
		case tie[i]:
			ties++
		default:
			t.Errorf("imp %s: %+v at %g, want %+v at %g", o.Imps[i].ID, g, price, e, want[i].Price)
		}
	}
	return ties
}

func (w *world) all() (ids []string) {
	for _, s := range w.seats {
		ids = append(ids, s.ID)
	}
	return ids
}
