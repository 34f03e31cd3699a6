package auction

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// safe is an open ranker with three fake trustees, which know the lanes of its one auction instead of decrypting them. What
// they say travels as that of real ones does.
type safe struct {
	dir      *directory.Directory
	ranker   *OpenRanker
	trustees [scheme.Trustees]*fakeTrustee
	auction  *Case
}

type fakeTrustee struct {
	index      int
	dir        *directory.Directory
	key        *keys.BoxKey
	opening    *opening
	over       chan struct{} // closed when the test ends
	session    atomic.Pointer[keys.Session]
	enrolments atomic.Int32
	fault      atomic.Pointer[fault]
}

// fault is what may be wrong with a trustee. It changes the shares and says whether to send them, or answers otherwise.
type fault func(f *fakeTrustee, ctx *fasthttp.RequestCtx, s *message.Shares) (send bool)

func openSafe(t *testing.T, bids []bid) *safe {
	t.Helper()
	p, err := params.Default(8)
	if err != nil {
		t.Fatal(err)
	}
	s := &safe{}
	spec := keyring.Spec{Params: p.Literal(), Suite: keys.X25519, Period: time.Hour, Auctioneer: keyring.Site{ID: "auctioneer", URL: "http://127.0.0.1:1"}}
	over := make(chan struct{})
	for i, name := range []string{"t0", "t1", "t2"} {
		s.trustees[i] = &fakeTrustee{index: i, over: over}
		spec.Trustees = append(spec.Trustees, keyring.Site{ID: name, URL: "http://" + s.trustees[i].serve(t)})
	}
	t.Cleanup(func() {
		close(over)
		for _, l := range s.ranker.links {
			l.client.Close()
		}
	})
	k, err := keyring.Make(spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if s.dir, err = k.Directory(); err != nil {
		t.Fatal(err)
	}
	if s.ranker, err = NewOpenRanker(s.dir, k.Auctioneer, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s.auction = caseOf(t, s.dir, bids, message.Open)
	for i, f := range s.trustees {
		f.dir, f.key, f.opening = s.dir, k.Trustees[i].Period, openingOf(bids)
	}
	return s
}

// caseOf closes an auction of bids over noise instead of a ciphertext.
func caseOf(t *testing.T, dir *directory.Directory, bids []bid, mode message.Mode) *Case {
	t.Helper()
	epoch := dir.Epoch()
	terms := terms(limit, 0.5)
	terms.Publisher, terms.Mode, terms.MaxLanes, terms.TMax = "publisher", mode, 64, 1000
	if mode == message.Sealed {
		terms.GridBits = 7
	}
	terms.Issued = time.Now()
	terms.Expiry = terms.Issued.Add(time.Minute)
	raw, err := epoch.EncodeTerms(terms)
	if err != nil {
		t.Fatal(err)
	}
	noise := func(n int) []byte { b := make([]byte, n); rand.Read(b); return b }
	r := &message.Request{Terms: terms, RawTerms: raw, C0: noise(epoch.Params.PolyBytes()), B: noise(epoch.Params.PolyBytes()), Signature: noise(64)}
	r.Digest = message.RequestDigest(raw, scheme.HashPacked(r.C0), scheme.HashPacked(r.B))
	c := &Case{Request: r, Manifest: &message.Manifest{Request: r.Digest}}
	entries, _ := entriesOf(r.Digest, bids)
	for _, e := range entries.Entries {
		a := &message.Answer{Request: r.Digest, Bid: e.Bid, Boxes: [scheme.Trustees][]byte{noise(9), noise(9), noise(9)}}
		c.Answers = append(c.Answers, a)
		c.Manifest.Entries = append(c.Manifest.Entries, message.NewEntry(a))
	}
	c.RawManifest = epoch.EncodeManifest(c.Manifest)
	return c
}

func (s *safe) rank(t *testing.T, timeout time.Duration) ([]Outcome, *RankReport, error) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return s.ranker.Rank(ctx, s.auction)
}

// waitForAll makes the ranker wait for the third trustee, so that whether it is compared does not depend on the machine's load.
func (s *safe) waitForAll(all bool) {
	s.ranker.grace = compareGrace
	if all {
		s.ranker.grace = patience
	}
}

func (f *fakeTrustee) serve(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	routes := transport.Routes{"POST /enrol": f.enrol, "POST /open": f.open}
	go func() {
		done <- transport.Serve(ctx, ln, routes.Handler(), transport.ServerConfig{MaxBodyBytes: 1 << 22})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func (f *fakeTrustee) enrol(ctx *fasthttp.RequestCtx) {
	n, err := f.dir.Epoch().DecodeEnrolment(ctx.PostBody())
	if err != nil {
		transport.Fail(ctx, 400, err.Error())
		return
	}
	plaintext, err := f.key.Open(n.Info(f.dir.Epoch()), n.Box)
	if err != nil {
		transport.Fail(ctx, 403, err.Error())
		return
	}
	key, _, err := message.DecodeSession(plaintext, 0)
	if err != nil {
		transport.Fail(ctx, 400, err.Error())
		return
	}
	session, err := keys.NewSession(key)
	if err != nil {
		transport.Fail(ctx, 500, err.Error())
		return
	}
	f.session.Store(session)
	f.enrolments.Add(1)
	ctx.SetStatusCode(204)
}

func (f *fakeTrustee) open(ctx *fasthttp.RequestCtx) {
	o, err := f.dir.Epoch().DecodeOpenRequest(ctx.PostBody(), f.index)
	if err != nil {
		transport.Fail(ctx, 400, err.Error())
		return
	}
	session := f.session.Load()
	if session == nil {
		transport.Fail(ctx, 412, "enrol first")
		return
	}
	shares := *f.opening.shares[f.index]
	shares.Manifest = o.ManifestBound
	shares.Entries = slices.Clone(shares.Entries)
	if wrong := f.fault.Load(); wrong != nil && !(*wrong)(f, ctx, &shares) {
		return
	}
	context := message.SharesContext(&o.ManifestBound, f.index)
	ctx.SetBody(session.Seal(nil, f.dir.Epoch().EncodeShares(&shares), &context))
}
