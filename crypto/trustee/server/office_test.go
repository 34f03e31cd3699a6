package server

import (
	"log/slog"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/bidding"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/trustee"

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

const (
	seat = "seat-1"
	dim  = 64
)

// office is trustee 0 of a market behind its handler, and everybody who talks to it. Nobody has enrolled.
type office struct {
	*Server
	tb         testing.TB
	keys       *keyring.Keyring
	dir        *directory.Directory
	agent      *agent.Agent
	seat       *bidding.Seat
	auctioneer *keys.Session // after enrolAuctioneer
}

// openOffice opens an office in a market whose trustees are at the given URLs. The market has begun an hour ago and the trustee
// when boot says.
func openOffice(tb testing.TB, boot time.Time, urls [scheme.Trustees]string) *office {
	tb.Helper()
	p, err := params.Default(dim)
	if err != nil {
		tb.Fatal(err)
	}
	o := &office{tb: tb}
	spec := keyring.Spec{
		Params: p.Literal(), Suite: keys.X25519, Period: 2 * time.Hour, Publishers: []string{"publisher"},
		Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"},
		Bidders:    []keyring.Seat{{ID: seat, Organisation: "org", URL: "http://127.0.0.1:1"}},
	}
	for i, url := range urls {
		spec.Trustees = append(spec.Trustees, keyring.Site{ID: string(rune('0' + i)), URL: url})
	}
	if o.keys, err = keyring.Make(spec, time.Now().Add(-time.Hour)); err != nil {
		tb.Fatal(err)
	}
	if o.dir, err = o.keys.Directory(); err != nil {
		tb.Fatal(err)
	}
	sch, err := o.dir.Scheme()
	if err != nil {
		tb.Fatal(err)
	}
	store, err := trustee.OpenStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	t, err := trustee.New(o.dir, sch, 0, o.keys.Trustees[0].Period, store, boot)
	if err != nil {
		tb.Fatal(err)
	}
	o.Server = New(t, nil, "trustee-0", 1, boot, slog.New(slog.DiscardHandler))
	if o.agent, err = agent.New(o.dir, sch, "publisher", o.keys.Publishers["publisher"]); err != nil {
		tb.Fatal(err)
	}
	if o.seat, err = bidding.New(o.dir, sch, seat, o.keys.Bidders[seat], [][]float64{make([]float64, dim)}); err != nil {
		tb.Fatal(err)
	}
	return o
}

// nowhere are addresses of trustees whom nobody calls.
var nowhere = [scheme.Trustees]string{"http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1"}

// newSession draws a session of the auctioneer and returns the enrolment.
func (o *office) newSession() (enrolment []byte) {
	o.tb.Helper()
	session, raw, err := enrol.One(o.dir, message.RoleAuctioneer, "auctioneer", o.keys.Auctioneer, 0)
	if err != nil {
		o.tb.Fatal(err)
	}
	o.auctioneer = session
	return raw
}

// closed is an auction with one answer, as the auctioneer has closed it.
type closed struct {
	request  *message.Request
	manifest *message.Manifest
	answers  []*message.Answer
}

// hold holds an auction of an opportunity that the test may change.
func (o *office) hold(change func(*agent.Opportunity)) *closed {
	o.tb.Helper()
	opportunity := &agent.Opportunity{
		Features: make([]float64, dim), Imps: []message.Imp{{ID: "1"}}, Mode: message.Open, PriceRule: message.SecondPrice,
		Cap: 100, TMax: time.Second, Lifetime: time.Minute, MaxLanes: 4, MinOrgs: 1,
	}
	if change != nil {
		change(opportunity)
	}
	raw, _, err := o.agent.Request(opportunity)
	if err != nil {
		o.tb.Fatal(err)
	}
	r, err := o.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		o.tb.Fatal(err)
	}
	asked, err := o.dir.Epoch().DecodeBidRequest(o.dir.Epoch().AppendBidRequest(nil, r))
	if err != nil {
		o.tb.Fatal(err)
	}
	raw, err = o.seat.Answer(nil, asked, time.Now(), []bidding.LaneBid{{LogBid: 1}})
	if err != nil {
		o.tb.Fatal(err)
	}
	a, err := o.dir.Epoch().DecodeAnswer(raw)
	if err != nil {
		o.tb.Fatal(err)
	}
	return &closed{r, &message.Manifest{Request: r.Digest, Entries: []message.Entry{message.NewEntry(a)}}, []*message.Answer{a}}
}

// encode makes the request to the trustee, tagged under the auctioneer's session.
func (o *office) encode(c *closed) []byte {
	o.tb.Helper()
	raw := o.dir.Epoch().EncodeManifest(c.manifest)
	digest := message.ManifestDigest(raw)
	context := message.ManifestContext(&digest, 0)
	return o.dir.Epoch().EncodeOpenRequest(c.request, raw, o.auctioneer.Seal(nil, nil, &context), c.answers, 0)
}

// do calls the handler without a network.
func (o *office) do(method, path string, body []byte) (status int, answer []byte) {
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.SetBody(body)
	var ctx fasthttp.RequestCtx
	ctx.Init(&req, nil, nil)
	o.Handler()(&ctx)
	return ctx.Response.StatusCode(), ctx.Response.Body()
}

func (o *office) must(want int, path string, body []byte) []byte {
	o.tb.Helper()
	got, answer := o.do("POST", path, body)
	if got != want {
		o.tb.Fatalf("%s: status %d, want %d: %s", path, got, want, answer)
	}
	return answer
}
