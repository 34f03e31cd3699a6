package bidder

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// lane is the lane of a CPM bid under the tests' cap of 1000.
func lane(cpm float64) float64 {
	return math.Ldexp(math.Log(cpm)-math.Log(1000)+params.BidRange, params.LaneBits)
}

func TestBidsAreTheModels(t *testing.T) {
	f := newFlat(2, 0.7, 30)
	f.campaigns[1].MaxBid = 5
	d := open(t, f)
	a := d.bid(func(o *agent.Opportunity) {
		o.Imps = []message.Imp{{ID: "1"}, {ID: "2", Attrs: noSlot}, {ID: "3"}}
	})
	if a.Seat != seat || len(a.Lanes) != 6 {
		t.Fatalf("%+v", a.Bid)
	}
	for i, l := range a.Lanes {
		imp, k := []int{0, 2}[i/3], i%3
		if int(l.Imp) != imp || int(l.Campaign) != k || math.Abs(float64(int32(a.Clear[i]))-lane(f.prices[k])) > 1 {
			t.Errorf("lane %d: %+v at %d, want campaign %d on imp %d at %.0f", i, l, int32(a.Clear[i]), k, imp, lane(f.prices[k]))
		}
		if want := lane(5); k == 1 && math.Abs(float64(l.Cap)-want) > 1 || k != 1 && l.Cap != message.NoCap {
			t.Errorf("campaign %d: cap %d", k, l.Cap)
		}
	}
}

func TestNoBid(t *testing.T) {
	for name, m := range map[string]Model{
		"no price":                               newFlat(0),
		"not a price":                            newFlat(math.NaN()),
		"infinite":                               newFlat(math.Inf(1)),
		"above the cap":                          newFlat(1001),
		"below all ranges":                       newFlat(1e-12),
		"more campaigns than the request allows": newFlat(slices.Repeat([]float64{1}, 65)...),
	} {
		d := open(t, m)
		if a := d.bid(nil); a != nil {
			t.Errorf("%s: %+v", name, a.Lanes)
		}
		if s := d.Status(); s.NoBids != 1 || s.Bids != 0 {
			t.Errorf("%s: status %+v", name, s)
		}
	}
	mixed := open(t, newFlat(0, 3, math.NaN(), 1e9, 4))
	if got := campaigns(mixed.bid(nil)); !slices.Equal(got, []int{1, 4}) {
		t.Errorf("campaigns %v bid, want 1 and 4", got)
	}
}

// What the wire cannot carry is declined rather than sent.
func TestMoreLanesThanAnAnswerHoldsAreDeclined(t *testing.T) {
	p, err := params.Plain(13, 8)
	if err != nil {
		t.Fatal(err)
	}
	m := newFlat(slices.Repeat([]float64{1}, model.MaxCampaigns)...)
	for imps, want := range map[int]int{1: 1024, 2: 2048, 3: 0} {
		a := openDesk(t, p, m).bid(func(o *agent.Opportunity) {
			o.MaxLanes, o.Imps = 1<<15, nil
			for i := range imps {
				o.Imps = append(o.Imps, message.Imp{ID: string(rune('1' + i))})
			}
		})
		got := 0
		if a != nil {
			got = len(a.Lanes)
		}
		if got != want {
			t.Errorf("%d imps: %d lanes, want %d", imps, got, want)
		}
	}
}

// random is a model that offers its biases one by one and all at once.
type random struct {
	flat
	seed uint64
}

func newRandom(campaigns int) *random {
	return &random{*newFlat(make([]float64, campaigns)...), 5}
}

func (r *random) Bias(k int, ctx model.Context) (float64, bool) {
	n := r.seed
	for _, key := range model.ContextKeys() {
		for _, c := range ctx.Get(key) {
			n = n*31 + uint64(c)
		}
	}
	rng := rand.New(rand.NewPCG(n, uint64(k)))
	return rng.NormFloat64(), rng.IntN(4) > 0
}

func (r *random) Biases(ctx model.Context, dst []float64) []float64 {
	dst = dst[:0]
	for k := range r.campaigns {
		b, ok := r.Bias(k, ctx)
		if !ok {
			b = math.Inf(-1)
		}
		dst = append(dst, b)
	}
	return dst
}

// oneByOne hides Biases.
type oneByOne struct{ Model }

func TestBiasesAreBias(t *testing.T) {
	r := newRandom(12)
	if _, ok := Model(oneByOne{r}).(Biaser); ok {
		t.Fatal("the wrapper hides nothing")
	}
	all, single := open(t, r), open(t, oneByOne{r})
	bids := 0
	for _, hour := range strings.Split("0 1 2 3 4 5 6 7 8 9", " ") {
		change := func(o *agent.Opportunity) {
			o.Attrs = []message.Attr{{Key: "hour", Value: hour}}
			o.Imps = []message.Imp{{ID: "1", Floor: 1}, {ID: "2", Floor: 60, Attrs: []message.Attr{{Key: "slotwidth", Value: "300"}}}}
		}
		a, b := all.bid(change), single.bid(change)
		if a == nil || b == nil || !slices.Equal(a.Lanes, b.Lanes) || !slices.Equal(a.Clear, b.Clear) {
			t.Errorf("hour %s: %+v and %+v", hour, a, b)
			continue
		}
		bids += len(a.Lanes)
	}
	if bids < 100 || bids >= 240 {
		t.Errorf("%d bids of 240: the test needs no-bids too", bids)
	}
}

func TestContextOfAnImp(t *testing.T) {
	terms := &message.Terms{
		Attrs: []message.Attr{{Key: "hour", Value: "3"}, {Key: "slotwidth", Value: "0"}, {Key: "floorband", Value: "forged"}},
		Imps:  []message.Imp{{ID: "1", Floor: 0}, {ID: "2", Floor: 60, Attrs: []message.Attr{{Key: "slotwidth", Value: "300"}}}},
	}
	for imp, want := range []map[string]string{
		{"hour": "3", "slotwidth": "0", "floorband": "none", "weekday": ""},
		{"hour": "3", "slotwidth": "300", "floorband": "to70", "weekday": ""},
	} {
		for key, value := range want {
			if got := (&impContext{terms, imp}).Get(key); got != value {
				t.Errorf("imp %d: %s is %q, want %q", imp, key, got, value)
			}
		}
	}
}

// Private features count by the weights, and bids of many requests at once do not mix.
func TestBidsOfManyUsersAtOnce(t *testing.T) {
	d := open(t, &weighted{*newFlat(2, 3)})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				x := float64(g*20+i)/80 - 1
				a := d.bid(func(o *agent.Opportunity) { o.Features[3] = x })
				for k, price := range []float64{2, 3} {
					want := lane(price) + math.Ldexp(float64(k+1)*x, params.LaneBits)
					if got := float64(int32(a.Clear[k])); math.Abs(got-want) > math.Ldexp(1e-4, params.LaneBits) {
						t.Errorf("x = %g, campaign %d: log-bid %g, want %g", x, k, scheme.LogBid(a.Clear[k]), math.Ldexp(want, -params.LaneBits))
					}
				}
			}
		})
	}
	wg.Wait()
}

// weighted adds k+1 times the fourth feature.
type weighted struct{ flat }

func (w *weighted) Weights(k int) []float64 {
	all := make([]float64, w.dim)
	all[3] = float64(k + 1)
	return all
}

var noSlot = []message.Attr{{Key: "slotwidth", Value: "no"}}
