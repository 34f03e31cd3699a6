package auction

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// vault is a sealed ranker with three fake trustees behind HTTP, which hold shares of its one auction's lanes. They play the
// parts of real ones on them, and leave what they say to each other on a board instead of links.
type vault struct {
	dir      *directory.Directory
	keys     *keyring.Keyring
	ranker   *SealedRanker
	auction  *Case
	lanes    [][]uint32 // what cut shares add up to
	trustees [scheme.Trustees]*guard
	bases    [scheme.Trustees][scheme.Trustees]transfers // by sender and receiver

	mu   sync.Mutex
	legs map[said]chan *message.Leg
}

type transfers struct {
	sender   *ot.Sender
	receiver *ot.Receiver
}

type said struct {
	attempt uint8
	by      message.Part
}

// leg is where a leg comes.
func (v *vault) leg(attempt uint8, by message.Part) chan *message.Leg {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := said{attempt, by}
	if v.legs[k] == nil {
		v.legs[k] = make(chan *message.Leg, 1)
	}
	return v.legs[k]
}

// openVault opens a vault on a second-price auction of bids that all trustees can open.
func openVault(t *testing.T, bids []bid) *vault {
	t.Helper()
	p, err := params.Default(8)
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{}
	spec := keyring.Spec{Params: p.Literal(), Suite: keys.X25519, Period: time.Hour, Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"}}
	for i, name := range []string{"t0", "t1", "t2"} {
		g := &guard{fakeTrustee: &fakeTrustee{index: i}, vault: v, linked: `{"linked":[true,true]}`}
		v.trustees[i] = g
		if g.ln, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		spec.Trustees = append(spec.Trustees, keyring.Site{ID: name, URL: "http://" + g.ln.Addr().String(), Link: "127.0.0.1:1"})
	}
	if v.keys, err = keyring.Make(spec, time.Now()); err != nil {
		t.Fatal(err)
	}
	if v.dir, err = v.keys.Directory(); err != nil {
		t.Fatal(err)
	}
	if v.ranker, err = NewSealedRanker(v.dir, v.keys.Auctioneer, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	v.auction = caseOf(t, v.dir, bids, message.Sealed)
	v.share(bids)
	for i, g := range v.trustees {
		g.dir, g.key = v.dir, v.keys.Trustees[i].Period
		g.lives(t)
	}
	t.Cleanup(func() {
		for _, g := range v.trustees {
			g.dies(t)
		}
		v.ranker.Close()
	})
	return v
}

// share deals the lanes of the auction, and base transfers.
func (v *vault) share(bids []bid) {
	rng := rand.New(rand.NewPCG(5, 6))
	_, lanes := entriesOf(v.auction.Request.Digest, bids)
	for i, g := range v.trustees {
		g.holding = &sealed.Holding{Trustee: i, Entries: make([]message.EntryShares, len(lanes))}
		for k := range v.bases[i] {
			sender, receiver := ot.Deal()
			v.bases[i][k] = transfers{ot.NewSender(sender), ot.NewReceiver(receiver)}
		}
	}
	for e, values := range lanes {
		var z [scheme.Trustees][]uint32
		sums := make([]uint32, len(values))
		for k, lane := range values {
			z0, z1 := rng.Uint32(), rng.Uint32()
			z[0], z[1], z[2] = append(z[0], z0), append(z[1], z1), append(z[2], lane-z0-z1)
			for j := range z {
				sums[k] += sealed.Cut(j, z[j][k]) << sealed.DroppedBits
			}
		}
		v.lanes = append(v.lanes, sums)
		for i, g := range v.trustees {
			for at, j := range scheme.SubKeysOf(i) {
				g.holding.Entries[e].Z[at] = slices.Clone(z[j])
			}
		}
	}
}

// rank ranks the auction as if for the first time, and returns what each trustee was asked.
func (v *vault) rank(t *testing.T, timeout time.Duration) ([]Outcome, *RankReport, error) {
	t.Helper()
	v.mu.Lock()
	v.legs = map[said]chan *message.Leg{}
	v.mu.Unlock()
	for _, g := range v.trustees {
		g.mu.Lock()
		g.calls = nil
		g.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return v.ranker.Rank(ctx, v.auction)
}

// roles are the parts in an attempt.
func (v *vault) roles(attempt, absent uint8) sealed.Roles {
	return sealed.RolesOf(&v.auction.Request.Digest, attempt, absent)
}

// decided requires the outcome of the auction, without the bids of some seats.
func (v *vault) decided(t *testing.T, what string, got []Outcome, err error, without ...string) {
	t.Helper()
	lanes := slices.Clone(v.lanes)
	for i, e := range v.auction.Manifest.Entries {
		if slices.Contains(without, e.Seat) {
			lanes[i] = nil
		}
	}
	if want := Rank(v.auction.Request.Terms, v.auction.Manifest, lanes); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
	}
}

// pranked sets what is wrong with trustees from now on: nothing if nil.
func (v *vault) pranked(p prank, trustees ...int) {
	for i, g := range v.trustees {
		g.mu.Lock()
		g.prank = nil
		if slices.Contains(trustees, i) {
			g.prank = p
		}
		g.mu.Unlock()
	}
}

// guard is a fake trustee.
type guard struct {
	*fakeTrustee // for enrolment
	vault        *vault
	cache        sealed.Cache
	holding      *sealed.Holding
	ln           net.Listener
	stop         func() error
	gone         chan struct{} // closed when it dies

	mu     sync.Mutex
	prank  prank
	linked string // what /status answers
	calls  []*message.RankRequest
	probes int
	ready  []message.Ready // to be announced with the next answer
}

// prank is what may be wrong with a guard. It may change its answer, and reports whether to send it, or answers otherwise.
type prank func(g *guard, ctx *fasthttp.RequestCtx, a *message.Ranked) (send bool)

// lives serves a trustee at its address.
func (g *guard) lives(t *testing.T) {
	t.Helper()
	if g.ln == nil {
		var err error
		if g.ln, err = net.Listen("tcp4", g.dir.Trustees()[g.index].URL[len("http://"):]); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	routes := transport.Routes{"POST /enrol": g.enrol, "POST /rank": g.rank, "GET /status": g.answerStatus}
	ln := g.ln
	go func() {
		done <- transport.Serve(ctx, ln, routes.Handler(), transport.ServerConfig{MaxBodyBytes: 1 << 22})
	}()
	g.gone = make(chan struct{})
	g.stop = func() error { cancel(); return <-done }
}

// dies ends a trustee, if it lives, and whatever it waits for.
func (g *guard) dies(t *testing.T) {
	t.Helper()
	if g.ln == nil {
		return
	}
	close(g.gone)
	if err := g.stop(); err != nil {
		t.Error(err)
	}
	g.ln = nil
}

func (g *guard) answerStatus(ctx *fasthttp.RequestCtx) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probes++
	ctx.SetBodyString(g.linked)
}

// asked are the calls since the auction began.
func (g *guard) asked() []*message.RankRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.calls)
}

func (g *guard) rank(ctx *fasthttp.RequestCtx) {
	r, err := g.dir.Epoch().DecodeRankRequest(slices.Clone(ctx.PostBody()), g.index)
	if err != nil {
		transport.Fail(ctx, 400, err.Error())
		return
	}
	session := g.session.Load()
	tagged := message.CallContext(&r.ManifestBound, r.RawCall, g.index)
	if session == nil || !opens(session, r.ManifestTag, &tagged) {
		transport.Fail(ctx, 412, "enrol first")
		return
	}
	g.mu.Lock()
	again := slices.ContainsFunc(g.calls, func(c *message.RankRequest) bool { return c.Attempt == r.Attempt })
	g.calls = append(g.calls, r)
	wrong := g.prank
	a := &message.Ranked{Trustee: g.index, Manifest: r.ManifestBound, Attempt: r.Attempt, Ready: g.ready}
	g.mu.Unlock()
	if again {
		transport.Fail(ctx, 409, "this attempt was served before")
		return
	}
	for _, e := range g.holding.Entries {
		a.Statuses = append(a.Statuses, e.Status)
	}
	if a.Imps, err = g.takePart(r); err != nil {
		transport.Fail(ctx, 502, err.Error())
		return
	}
	if wrong != nil && !wrong(g, ctx, a) {
		return
	}
	context := message.RankedContext(&r.ManifestBound, r.Attempt, g.index)
	ctx.SetBody(session.Seal(nil, g.dir.Epoch().EncodeRanked(a), &context))
}

func opens(s *keys.Session, tag []byte, context *message.Digest) bool {
	_, err := s.Open(nil, tag, context)
	return err == nil
}
