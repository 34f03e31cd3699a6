package audit

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

const dim = 64

// bidder is a model that bids exp(base + x_0) with its first campaign and half of that with its second, which has a cap; on an imp
// of slot "none" it does not bid.
type bidder struct{ base float64 }

func (b bidder) Campaigns() []model.Campaign {
	return []model.Campaign{{ID: "a"}, {ID: "b", MaxBid: 3}}
}

func (b bidder) Weights(int) []float64 {
	w := make([]float64, dim)
	w[0] = 1
	return w
}

func (b bidder) Bias(campaign int, ctx model.Context) (float64, bool) {
	return b.base - float64(campaign)*math.Ln2, ctx.Get("slot") != "none"
}

func opportunity(floors ...float64) *agent.Opportunity {
	o := &agent.Opportunity{
		Features: make([]float64, dim), Mode: message.Sealed, PriceRule: message.SecondPrice, Cap: 1000, GridBits: 8,
		TMax: 10 * time.Second, Lifetime: 30 * time.Second, MaxLanes: 64, MinOrgs: 1,
	}
	for i, floor := range floors {
		o.Imps = append(o.Imps, message.Imp{ID: fmt.Sprint(i + 1), Floor: floor})
	}
	return o
}

// house is what a market has left behind: records, transcripts, and what its auctioneer answered.
type house struct {
	keys   *keyring.Keyring
	dir    *directory.Directory
	scheme scheme.Scheme
	folder string // of records

	mu       sync.Mutex
	order    []message.Digest
	signed   map[message.Digest]*auction.SignedTranscript
	answered map[message.Digest]*auction.Result
}

// hold runs a market with three bidders while f auctions, and returns what is left. ask auctions once.
func hold(folder string, route func(from, to, url string) (string, error), f func(m *market.Market, ask func(*agent.Opportunity) (message.Digest, error)) error) (*house, error) {
	p, err := params.Default(dim)
	if err != nil {
		return nil, err
	}
	h := &house{folder: folder, signed: map[message.Digest]*auction.SignedTranscript{}, answered: map[message.Digest]*auction.Result{}}
	m, err := market.Start(market.Config{
		Params: p, Records: folder, Route: route, Stock: -1,
		Seats:   []market.Seat{{ID: "ada", Model: bidder{math.Log(2)}}, {ID: "bob", Model: bidder{math.Log(5)}}, {ID: "cyd", Model: bidder{math.Log(4)}}},
		Auction: auction.Config{Transcript: h.add},
	})
	if err != nil {
		return nil, err
	}
	h.keys, h.dir = m.Keys, m.Dir
	if h.scheme, err = m.Dir.Scheme(); err == nil {
		err = f(m, func(o *agent.Opportunity) (message.Digest, error) {
			result, request, err := m.Auction(o)
			h.answered[request] = result
			h.order = append(h.order, request)
			return request, err
		})
	}
	if closeErr := m.Close(); err == nil { // writes what waits
		err = closeErr
	}
	return h, err
}

func (h *house) add(s *auction.SignedTranscript) error {
	t, err := s.Verify(h.keys.Auctioneer.Public())
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signed[message.Digest(t.Request)] = s
	return nil
}

// record is a trustee's folder.
func (h *house) record(trustee int) string {
	return filepath.Join(h.folder, fmt.Sprintf("trustee-%d", trustee))
}

// gather reads the records of some trustees.
func (h *house) gather(request message.Digest, trustees ...int) (*Evidence, error) {
	var paths []string
	for _, i := range trustees {
		paths = append(paths, h.record(i))
	}
	return Gather(paths, h.dir.Epoch(), request)
}

var pairs = [][]int{{0, 1}, {2, 0}, {1, 2}, {0, 1, 2}}

// common is a market that most tests replay: one auction of each kind.
type common struct {
	*house
	second, first, two, floor, unsold, nobody message.Digest
}

// kinds runs the common market, once for all tests.
var kinds = sync.OnceValues(func() (*common, error) {
	c := &common{}
	var err error
	c.house, err = hold(shared, nil, func(_ *market.Market, ask func(*agent.Opportunity) (message.Digest, error)) error {
		high := opportunity(0.5)
		high.Features[0] = 1
		firstPrice := opportunity(0.5)
		firstPrice.PriceRule = message.FirstPrice
		none := opportunity(0.5)
		none.Attrs = []message.Attr{{Key: "slot", Value: "none"}}
		for _, x := range []struct {
			request *message.Digest
			o       *agent.Opportunity
		}{
			{&c.second, high}, {&c.first, firstPrice}, {&c.two, opportunity(0.1, 4.5)}, {&c.floor, opportunity(4.5)}, {&c.unsold, opportunity(900)},
			{&c.nobody, none},
		} {
			var err error
			if *x.request, err = ask(x.o); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
})

// shared is the folder of the common market's records.
var shared string

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "cipherbid-audit-"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(shared)
	os.Exit(status)
}

func commonMarket(t testing.TB) *common {
	t.Helper()
	c, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
