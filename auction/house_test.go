package auction

import (
	"context"
	"crypto/rand"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"
)

// patience bounds waits in tests: reaching it means that something hangs.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// They end by themselves: after a server's idle time, after a client's, and with the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"),
	)
}

// fake is a bidder of a test.
type fake struct {
	seat, org string // the organisation is the seat if empty
	bid       func(c *call)
	notice    func(body []byte) (status int)
	absent    bool // nobody listens at its address
}

// call is one bid request to a fake bidder.
type call struct {
	ctx     *fasthttp.RequestCtx
	request *message.BidRequest
	house   *house
	seat    string
}

// lane is a bid of one campaign.
type lane struct {
	imp, campaign int
	value         uint32
	cap           int32
}

// answer is the answer of an honest bidder.
func (c *call) answer(lanes ...lane) *message.Answer {
	a := &message.Answer{Request: c.request.Digest, Bid: message.Bid{Seat: c.seat}}
	for _, l := range lanes {
		a.Lanes = append(a.Lanes, message.Lane{Imp: uint8(l.imp), Campaign: uint16(l.campaign), Cap: l.cap})
		a.Clear = append(a.Clear, l.value)
	}
	return a
}

func (c *call) send(a *message.Answer) { c.ctx.SetBody(c.house.dir.Epoch().AppendAnswer(nil, a)) }

// bids answers with one campaign for each price on imp 0.
func bids(prices ...float64) func(*call) {
	return func(c *call) {
		var lanes []lane
		for k, p := range prices {
			lanes = append(lanes, lane{0, k, laneOf(p, limit), message.NoCap})
		}
		c.send(c.answer(lanes...))
	}
}

// house is an auctioneer on a plaintext market with the test's bidders.
type house struct {
	*Auctioneer
	t       testing.TB
	keys    *keyring.Keyring
	scheme  scheme.Scheme
	over    chan struct{} // closed when the test ends: bidders that hang wait for it
	closed  bool
	mu      sync.Mutex
	records []*Record
}

// open opens a house. A nil ranker is the one for clear lanes.
func open(t testing.TB, r Ranker, bidders ...fake) *house {
	t.Helper()
	h := &house{t: t, over: make(chan struct{})}
	p, err := params.Plain(11, 8)
	if err != nil {
		t.Fatal(err)
	}
	spec := keyring.Spec{
		Params: p.Literal(), Suite: keys.X25519, Period: time.Hour, Publishers: []string{"publisher"},
		Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"},
	}
	for _, b := range bidders {
		org := b.org
		if org == "" {
			org = b.seat
		}
		spec.Bidders = append(spec.Bidders, keyring.Seat{ID: b.seat, Organisation: org, URL: "http://" + h.serve(b)})
	}
	if h.keys, err = keyring.Make(spec, time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	dir, err := h.keys.Directory()
	if err != nil {
		t.Fatal(err)
	}
	if h.scheme, err = dir.Scheme(); err != nil {
		t.Fatal(err)
	}
	if r == nil {
		r = &Cleartext{}
	}
	h.Auctioneer, err = New(dir, h.keys.Auctioneer, r, Config{Observe: func(rec *Record) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.records = append(h.records, rec)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(h.over)
		h.shut()
	})
	return h
}

// shut closes the auctioneer, once, which sends the notices that wait.
func (h *house) shut() {
	h.t.Helper()
	if h.closed {
		return
	}
	h.closed = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h.Close(ctx)
}

// serve serves a fake bidder until the test ends and returns its address.
func (h *house) serve(b fake) string {
	h.t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	if b.absent {
		ln.Close()
		return ln.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	routes := transport.Routes{
		"POST /bid": func(ctx *fasthttp.RequestCtx) {
			r, err := h.dir.Epoch().DecodeBidRequest(ctx.PostBody())
			if err != nil {
				h.t.Errorf("%s: %v", b.seat, err)
				return
			}
			b.bid(&call{ctx, r, h, b.seat})
		},
		"POST /notice": func(ctx *fasthttp.RequestCtx) {
			ctx.SetStatusCode(fasthttp.StatusNoContent)
			if b.notice != nil {
				ctx.SetStatusCode(b.notice(append([]byte(nil), ctx.PostBody()...)))
			}
		},
	}
	go func() {
		done <- transport.Serve(ctx, ln, routes.Handler(), transport.ServerConfig{MaxBodyBytes: message.MaxNoticeBytes})
	}()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	return ln.Addr().String()
}

// build makes a signed request with terms that the test may change.
func (h *house) build(change func(*message.Terms)) *message.Request {
	h.t.Helper()
	enc, err := h.scheme.Encrypt(make([]float64, h.dir.Params().Dim()))
	if err != nil {
		h.t.Fatal(err)
	}
	terms := terms(limit, 0.5)
	terms.Publisher, terms.Mode, terms.MaxLanes, terms.MinOrgs = "publisher", message.Open, 64, 1
	terms.Issued, terms.TMax = time.Now(), uint16(patience/time.Millisecond)
	terms.Expiry = terms.Issued.Add(time.Minute)
	terms.Recipient = h.dir.Auctioneer().Identity.ID()
	rand.Read(terms.Auction[:])
	if change != nil {
		change(terms)
	}
	raw, err := h.dir.Epoch().EncodeTerms(terms)
	if err != nil {
		h.t.Fatal(err)
	}
	r := &message.Request{Terms: terms, RawTerms: raw, C0: enc.C0}
	h.sign(r)
	return r
}

func (h *house) sign(r *message.Request) {
	r.Digest = message.RequestDigest(r.RawTerms, scheme.HashPacked(r.C0), scheme.HashPacked(r.B))
	r.Signature = h.keys.Publishers["publisher"].Sign(keys.DomainRequest, r.Digest)
}

// auction runs one auction and returns its result and record.
func (h *house) auction(change func(*message.Terms)) (*Result, *Record) {
	h.t.Helper()
	result, err := h.Run(h.dir.Epoch().EncodeRequest(h.build(change)), time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return result, h.records[len(h.records)-1]
}

// do calls the handler without a network.
func (h *house) do(method, path string, body []byte) (status int, answer string) {
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.SetBody(body)
	var ctx fasthttp.RequestCtx
	ctx.Init(&req, nil, nil)
	h.Handler()(&ctx)
	return ctx.Response.StatusCode(), string(ctx.Response.Body())
}

// counters reads /metrics: what stands before the value -> value.
func (h *house) counters() map[string]float64 {
	h.t.Helper()
	status, text := h.do("GET", "/metrics", nil)
	if status != 200 {
		h.t.Fatalf("metrics: status %d", status)
	}
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' {
			v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
			if err != nil {
				h.t.Fatalf("metrics: %v", err)
			}
			all[line[:at]] = v
		}
	}
	return all
}
