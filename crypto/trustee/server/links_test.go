package server

import (
	"encoding/json"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/bidding"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
	"cipherbid/crypto/trustee"
)

// patience bounds waits in tests: reaching it means that something hangs.
const patience = message.MaxWait

// offices are three trustees of a market with links over loopback, and everybody who talks to them.
type offices struct {
	*office  // the market, and the first of them
	servers  [scheme.Trustees]*Server
	links    [scheme.Trustees]*Links
	sessions [scheme.Trustees]*keys.Session // the auctioneer's
	closed   [scheme.Trustees]bool
}

func openOffices(t *testing.T, c trustee.RankConfig) *offices {
	t.Helper()
	p, err := params.Default(dim)
	if err != nil {
		t.Fatal(err)
	}
	spec := keyring.Spec{
		Params: p.Literal(), Suite: keys.X25519, Period: 2 * time.Hour, Publishers: []string{"publisher"},
		Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"},
		Bidders:    []keyring.Seat{{ID: seat, Organisation: "org", URL: "http://127.0.0.1:1"}},
	}
	var listeners [scheme.Trustees]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		spec.Trustees = append(spec.Trustees, keyring.Site{ID: string(rune('0' + i)), URL: "http://127.0.0.1:1", Link: listeners[i].Addr().String()})
	}
	o := &offices{office: &office{tb: t}}
	if o.keys, err = keyring.Make(spec, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if o.dir, err = o.keys.Directory(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for i, ln := range listeners {
		if o.links[i], err = StartLinks(o.dir, i, o.keys.Trustees[i].Identity, ln, c, log); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { o.hangUp(i) })
	}
	o.begin(time.Now().Add(-time.Minute))
	return o
}

// begin begins a period: new trustees on the same links, with whom everybody enrols.
func (o *offices) begin(boot time.Time) {
	o.tb.Helper()
	sch, err := o.dir.Scheme()
	if err != nil {
		o.tb.Fatal(err)
	}
	if o.agent, err = agent.New(o.dir, sch, "publisher", o.keys.Publishers["publisher"]); err != nil {
		o.tb.Fatal(err)
	}
	if o.seat, err = bidding.New(o.dir, sch, seat, o.keys.Bidders[seat], [][]float64{make([]float64, dim)}); err != nil {
		o.tb.Fatal(err)
	}
	for i := range o.servers {
		store, err := trustee.OpenStore(o.tb.TempDir())
		if err != nil {
			o.tb.Fatal(err)
		}
		o.tb.Cleanup(func() { store.Close() })
		t, err := trustee.New(o.dir, sch, i, o.keys.Trustees[i].Period, store, boot)
		if err != nil {
			o.tb.Fatal(err)
		}
		o.links[i].Attach(t)
		o.servers[i] = New(t, o.links[i], "trustee", o.dir.Period().Number, boot, slog.New(slog.DiscardHandler))
		session, raw, err := enrol.One(o.dir, message.RoleAuctioneer, "auctioneer", o.keys.Auctioneer, i)
		if err != nil {
			o.tb.Fatal(err)
		}
		o.sessions[i] = session
		o.at(i).must(204, "/enrol", raw)
		o.at(i).must(204, "/enrol", o.seat.Enrolments()[i])
	}
	o.Server = o.servers[0]
}

// hangUp closes a trustee's links, once.
func (o *offices) hangUp(i int) {
	if o.closed[i] {
		return
	}
	o.closed[i] = true
	if err := o.links[i].Close(); err != nil {
		o.tb.Error(err)
	}
}

// at is the office of trustee i.
func (o *offices) at(i int) *office { return &office{tb: o.tb, Server: o.servers[i]} }

// linked waits until trustee i says this about its links.
func (o *offices) linked(i int, want ...bool) {
	o.tb.Helper()
	for start := time.Now(); ; runtime.Gosched() {
		_, body := o.at(i).do("GET", "/status", nil)
		var s Status
		if err := json.Unmarshal(body, &s); err != nil {
			o.tb.Fatal(err)
		}
		if slices.Equal(s.Linked, want) {
			return
		}
		if time.Since(start) > patience {
			o.tb.Fatalf("trustee %d says that its links are %v, want %v", i, s.Linked, want)
		}
	}
}

// sealedSale holds a sealed auction of one bid.
func (o *offices) sealedSale() *closed {
	o.tb.Helper()
	return o.hold(func(op *agent.Opportunity) { op.Mode, op.GridBits = message.Sealed, 7 })
}

func (o *offices) call(c *closed, call *message.Call, i int) []byte {
	raw, encoded := o.dir.Epoch().EncodeManifest(c.manifest), message.EncodeCall(call)
	digest := message.ManifestDigest(raw)
	context := message.CallContext(&digest, encoded, i)
	return o.dir.Epoch().EncodeRankRequest(c.request, encoded, raw, o.sessions[i].Seal(nil, nil, &context), c.answers, i)
}

// rank asks all who take part, and returns their statuses and the outcome, if there is one.
func (o *offices) rank(c *closed, call *message.Call) (statuses [scheme.Trustees]int, outcome sealed.Outcome) {
	o.tb.Helper()
	raw := o.dir.Epoch().EncodeManifest(c.manifest)
	digest := message.ManifestDigest(raw)
	var answers [scheme.Trustees]*message.Ranked
	var wait sync.WaitGroup
	for i := range answers {
		if i == int(call.Absent) {
			continue
		}
		wait.Go(func() {
			var body []byte
			if statuses[i], body = o.at(i).do("POST", "/rank", o.call(c, call, i)); statuses[i] != 200 {
				return
			}
			context := message.RankedContext(&digest, call.Attempt, i)
			plaintext, err := o.sessions[i].Open(nil, body, &context)
			if err == nil {
				answers[i], err = o.dir.Epoch().DecodeRanked(plaintext)
			}
			if err != nil {
				o.tb.Error(err)
			}
		})
	}
	wait.Wait()
	roles := sealed.RolesOf(&c.request.Digest, call.Attempt, call.Absent)
	garbler, checker, evaluator := answers[roles[message.Garbler]], answers[roles[message.Checker]], answers[roles[message.Evaluator]]
	if int(call.Absent) == roles[message.Checker] {
		checker = garbler
	}
	if garbler == nil || checker == nil || evaluator == nil {
		return statuses, outcome
	}
	plans, err := sealed.Plans(c.request.Terms, c.manifest)
	if err != nil {
		o.tb.Fatal(err)
	}
	runs, err := sealed.Runs(&sealed.Cache{}, plans, &c.request.Digest, &digest, call)
	if err != nil {
		o.tb.Fatal(err)
	}
	outcome, err = runs[0].Read(c.request.Terms, &garbler.Imps[0], &checker.Imps[0], &evaluator.Imps[0], 0)
	if err != nil {
		o.tb.Error(err)
	}
	return statuses, outcome
}

func attemptOf(n uint8, wait time.Duration) *message.Call {
	return &message.Call{Attempt: n, Absent: message.Nobody, Wait: wait, Tickets: make([]message.Ticket, 1)}
}

// sells requires that an attempt ends in a sale.
func (o *offices) sells(what string, c *closed, call *message.Call) {
	o.tb.Helper()
	statuses, outcome := o.rank(c, call)
	if want := (sealed.Outcome{Sold: true}); outcome != want {
		o.tb.Errorf("%s: statuses %v, %+v", what, statuses, outcome)
	}
}

// Three trustees rank over real links, and go on over those that are left when one has gone.
func TestRankOverLinks(t *testing.T) {
	o := openOffices(t, trustee.RankConfig{Stock: 4})
	for i := range o.servers {
		o.linked(i, true, true)
	}
	c := o.sealedSale()
	o.sells("all three", c, attemptOf(0, patience))
	o.sells("all three, with other parts", c, attemptOf(1, patience))
	for i := range o.servers {
		if status, body := o.at(i).do("POST", "/rank", o.call(c, attemptOf(0, patience), i)); status != 409 {
			t.Errorf("an attempt again: status %d: %s", status, body)
		}
		if sent, received := o.links[i].Traffic(); sent == 0 || received == 0 {
			t.Errorf("trustee %d has sent %d and received %d bytes", i, sent, received)
		}
	}
	call := attemptOf(2, patience)
	call.Absent = 1
	if statuses, _ := o.rank(c, call); statuses != [3]int{422, 0, 422} {
		t.Errorf("without one that is there: statuses %v", statuses)
	}

	o.hangUp(1)
	o.linked(0, false, true)
	o.linked(2, true, false)
	statuses, outcome := o.rank(c, attemptOf(3, 20*time.Millisecond))
	if outcome.Sold || !slices.Contains(statuses[:], 502) || slices.Contains(statuses[:], 403) {
		t.Errorf("with one gone: statuses %v, %+v", statuses, outcome)
	}
	call = attemptOf(4, patience)
	call.Absent = 1
	o.sells("without the one that is gone", c, call)
}

// Links outlive a period, and frames find the trustee of theirs: auctions of the last period end on it.
func TestLinksOutliveAPeriod(t *testing.T) {
	o := openOffices(t, trustee.RankConfig{})
	for i := range o.servers {
		o.linked(i, true, true)
	}
	last := *o
	c := o.sealedSale()
	if err := o.keys.Roll(time.Now().Add(-time.Hour), 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	next, err := o.keys.Directory()
	if err != nil {
		t.Fatal(err)
	}
	o.office = &office{tb: t, keys: o.keys, dir: next}
	o.begin(time.Now().Add(-time.Minute))
	last.sells("an auction of the last period", c, attemptOf(0, patience))
	o.sells("an auction of this period", o.sealedSale(), attemptOf(0, patience))
}

// Who may not call, or calls in the wrong way, hears so.
func TestRankStatuses(t *testing.T) {
	o := openOffices(t, trustee.RankConfig{RequireAll: true})
	for i := range o.servers {
		o.linked(i, true, true)
	}
	c := o.sealedSale()
	valid := o.call(c, attemptOf(0, patience), 0)
	open := o.hold(nil)
	for name, tc := range map[string]struct {
		body   []byte
		status int
	}{
		"empty":                  {nil, 400},
		"garbage":                {[]byte("{}"), 400},
		"truncated":              {valid[:len(valid)-1], 400},
		"an open request":        {o.call(open, attemptOf(0, patience), 0), 403},
		"for another trustee":    {o.call(c, attemptOf(0, patience), 1), 400},
		"ninth attempt":          {o.call(c, attemptOf(8, patience), 0), 400},
		"a call that was edited": {[]byte(strings.Replace(string(valid), string(message.EncodeCall(attemptOf(0, patience))[:4]), string(message.EncodeCall(attemptOf(1, patience))[:4]), 1)), 412},
	} {
		if got, body := o.do("POST", "/rank", tc.body); got != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, got, tc.status, body)
		}
	}
	absent := attemptOf(1, patience)
	absent.Absent = 2
	if statuses, _ := o.rank(c, absent); statuses != [3]int{403, 403, 0} {
		t.Errorf("trustees that rank with all or not at all: statuses %v", statuses)
	}
	o.sells("after all that", c, attemptOf(0, patience))
	alone := openOffice(t, time.Now().Add(-time.Minute), nowhere)
	if got, body := alone.do("POST", "/rank", valid); got != 403 || !strings.Contains(string(body), "has no links") {
		t.Errorf("without links: status %d: %s", got, body)
	}
}

// A trustee does not start links under another's identity, and gives the listener up.
func TestStartLinksRefuses(t *testing.T) {
	o := openOffice(t, time.Now(), nowhere)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if l, err := StartLinks(o.dir, 0, o.keys.Trustees[1].Identity, ln, trustee.RankConfig{}, log); err == nil {
		l.Close()
		t.Error("links under another's identity")
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

// Frames that come before a trustee is there wait for it, and do not keep links from closing.
func TestLinksWithoutATrustee(t *testing.T) {
	o := openOffices(t, trustee.RankConfig{})
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.linked(0, true, true)
	o.linked(1, true, true)
	o.hangUp(2)
	o.linked(0, true, false)
	l, err := StartLinks(o.dir, 2, o.keys.Trustees[2].Identity, ln, trustee.RankConfig{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Linked(); slices.Contains(got, true) {
		t.Errorf("linked %v without a trustee", got)
	}
	done := make(chan struct{})
	go func() { defer close(done); l.handle(0, []byte("frame")) }()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	<-done
}
