package bidder

import (
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"math"
	"testing"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// They end by themselves: after a server's idle time, after a client's, and with the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"),
	)
}

// seat is the seat whose server the tests are about.
const seat = "seat-1"

// flat bids one price for each campaign, whoever the user is, unless the imp's slot width says "no".
type flat struct {
	campaigns []model.Campaign
	prices    []float64
	dim       int
}

func (f *flat) Campaigns() []model.Campaign { return f.campaigns }
func (f *flat) Weights(int) []float64       { return make([]float64, f.dim) }
func (f *flat) Bias(k int, ctx model.Context) (float64, bool) {
	return math.Log(f.prices[k]), ctx.Get("slotwidth") != "no"
}

// newFlat is a model with one unlimited campaign for each price.
func newFlat(prices ...float64) *flat {
	f := &flat{prices: prices, dim: 8}
	for k := range prices {
		f.campaigns = append(f.campaigns, model.Campaign{ID: string(rune('a' + k))})
	}
	return f
}

// desk is a bidder's server with everything around it that tests need.
type desk struct {
	*Server
	t     testing.TB
	dir   *directory.Directory
	keys  *keyring.Keyring
	agent *agent.Agent
}

func plainParams(t testing.TB) *params.Params {
	t.Helper()
	p, err := params.Plain(11, 8)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// openDesk opens a market with the seat, another one and, if there are parameters for encryption, trustees at the given URLs.
func openDesk(t testing.TB, p *params.Params, m Model, trustees ...string) *desk {
	t.Helper()
	spec := keyring.Spec{
		Params: p.Literal(), Suite: keys.X25519, Period: time.Hour, Publishers: []string{"publisher"},
		Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"},
		Bidders: []keyring.Seat{
			{ID: seat, Organisation: "org", URL: "http://127.0.0.1:1"}, {ID: "seat-2", Organisation: "org", URL: "http://127.0.0.1:1"},
		},
	}
	for i, url := range trustees {
		spec.Trustees = append(spec.Trustees, keyring.Site{ID: string(rune('0' + i)), URL: url})
	}
	d := &desk{t: t}
	var err error
	if d.keys, err = keyring.Make(spec, time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if d.dir, err = d.keys.Directory(); err != nil {
		t.Fatal(err)
	}
	sch, err := d.dir.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	if d.Server, err = New(d.dir, sch, seat, d.keys.Bidders[seat], m, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if d.agent, err = agent.New(d.dir, sch, "publisher", d.keys.Publishers["publisher"]); err != nil {
		t.Fatal(err)
	}
	return d
}

// open opens a desk in a plaintext market.
func open(t testing.TB, m Model) *desk {
	t.Helper()
	return openDesk(t, plainParams(t), m)
}

// request makes an encoded bid request whose opportunity the test may change.
func (d *desk) request(change func(*agent.Opportunity)) []byte {
	d.t.Helper()
	o := &agent.Opportunity{
		Features: make([]float64, d.dir.Params().Dim()), Imps: []message.Imp{{ID: "1", Floor: 0.5}}, Mode: message.Open,
		PriceRule: message.SecondPrice, Cap: 1000, TMax: time.Second, Lifetime: time.Minute, MaxLanes: 64, MinOrgs: 1,
	}
	if change != nil {
		change(o)
	}
	raw, _, err := d.agent.Request(o)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := d.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.dir.Epoch().AppendBidRequest(nil, r)
}

// do calls the handler without a network.
func (d *desk) do(method, path string, body []byte, tmax string) (status int, answer []byte) {
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.SetBody(body)
	if tmax != "" {
		req.Header.Set(transport.TMaxHeader, tmax)
	}
	var ctx fasthttp.RequestCtx
	ctx.Init(&req, nil, nil)
	d.Handler()(&ctx)
	return ctx.Response.StatusCode(), ctx.Response.Body()
}

// bid asks for bids and returns them, or nil for a no-bid.
func (d *desk) bid(change func(*agent.Opportunity)) *message.Answer {
	d.t.Helper()
	status, body := d.do("POST", "/bid", d.request(change), "")
	if status == 204 {
		return nil
	}
	if status != 200 {
		d.t.Fatalf("status %d: %s", status, body)
	}
	a, err := d.dir.Epoch().DecodeAnswer(body)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// campaigns lists the campaigns that bid on the first imp.
func campaigns(a *message.Answer) (all []int) {
	if a == nil {
		return nil
	}
	for _, l := range a.Lanes {
		if l.Imp == 0 {
			all = append(all, int(l.Campaign))
		}
	}
	return all
}

// notices signs a batch for a seat as the auctioneer does.
func (d *desk) notices(sequence uint64, to string, signer keys.Identity, all ...message.Notice) []byte {
	d.t.Helper()
	raw, err := json.Marshal(message.NoticeBatch{Sequence: sequence, Seat: to, Notices: all})
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := json.Marshal(message.SignedBatch{Batch: raw, Signature: signer.Sign(keys.DomainNotice, sha256.Sum256(raw))})
	if err != nil {
		d.t.Fatal(err)
	}
	return body
}

func win(campaign int, price float64) message.Notice {
	return message.Notice{Auction: "1", Imp: "1", Loss: message.Won, Campaign: campaign, Price: price}
}
