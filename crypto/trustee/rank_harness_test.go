package trustee

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

const (
	patience = 8 * time.Second       // more than anything honest takes
	shortly  = 30 * time.Millisecond // for those who wait in vain
)

var errCut = errors.New("link is down")

// wired is a market whose trustees are linked in memory.
type wired struct {
	*market
	mu       sync.Mutex
	circuits *sealed.Cache  // the auctioneer's
	number   int            // of connections so far
	up       map[[2]int]int // pairs that are connected, by number of the connection
	pass     func(from, to int, frame []byte) [][]byte
	refused  []error                                      // of frames
	ready    [scheme.Trustees]map[string][]message.Ticket // what evaluators have announced, by shape
}

// wire links the trustees of a market.
func (m *market) wire(c RankConfig) *wired {
	w := &wired{market: m, circuits: &sealed.Cache{}, up: map[[2]int]int{}}
	for i, t := range m.trustees {
		t.Link(wireEnd{w, i}, c)
		for k := range i {
			w.connect(i, k)
		}
	}
	return w
}

// newWired is a wired market without stocks.
func newWired(tb testing.TB) *wired { return newMarket(tb, keys.X25519).wire(RankConfig{}) }

func pair(a, b int) [2]int { return [2]int{min(a, b), max(a, b)} }

func (w *wired) connect(a, b int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
	w.up[pair(a, b)] = w.number
}

func (w *wired) cut(a, b int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.up, pair(a, b))
}

// passing sets what arrives of frames from now on: everything if nil. Calls of pass do not overlap.
func (w *wired) passing(pass func(from, to int, frame []byte) [][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pass = pass
}

// wireEnd is one trustee's end of its links.
type wireEnd struct {
	*wired
	self int
}

func (e wireEnd) Send(peer int, parts ...[]byte) error {
	frames, err := e.arriving(peer, slices.Concat(parts...))
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := e.trustees[peer].Receive(e.self, f, time.Now()); err != nil {
			e.mu.Lock()
			e.refused = append(e.refused, err)
			e.mu.Unlock()
		}
	}
	return nil
}

// arriving is what arrives of a frame.
func (e wireEnd) arriving(peer int, frame []byte) ([][]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.up[pair(e.self, peer)] == 0:
		return nil, errCut
	case e.pass != nil:
		return e.pass(e.self, peer, frame), nil
	}
	return [][]byte{frame}, nil
}

func (e wireEnd) Session(peer int) (secret sealed.Secret, name [8]byte, up bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.up[pair(e.self, peer)]
	copy(secret[:], fmt.Sprint("secret ", n))
	copy(name[:], fmt.Sprint(n))
	return secret, name, n > 0
}

// sealedSale closes an auction for sealed ranking.
func (w *wired) sealedSale() *closed {
	w.tb.Helper()
	return w.sell(w.ask(with(func(o *agent.Opportunity) { o.Mode = message.Sealed })))
}

// call is an attempt by all three, with whoever evaluates waiting as long as said.
func (c *closed) call(attempt uint8, wait time.Duration) *message.Call {
	return &message.Call{Attempt: attempt, Absent: message.Nobody, Wait: wait, Tickets: make([]message.Ticket, len(c.request.Terms.Imps))}
}

// rolesOf are the parts in an attempt.
func (c *closed) rolesOf(call *message.Call) sealed.Roles {
	return sealed.RolesOf(&c.request.Digest, call.Attempt, call.Absent)
}

// encodedCall is what trustee i gets.
func (w *wired) encodedCall(c *closed, raw []byte, i int) []byte {
	digest := message.ManifestDigest(c.raw)
	context := message.CallContext(&digest, raw, i)
	tag := w.sessions[i].Seal(nil, nil, &context)
	if c.tag != nil {
		tag = c.tag(i)
	}
	return w.dir.Epoch().EncodeRankRequest(c.request, raw, c.raw, tag, c.answers, i)
}

// rankAt asks trustee i and reads its answer as the auctioneer does.
func (w *wired) rankAt(c *closed, call *message.Call, i int) (*message.Ranked, error) {
	answer, err := w.trustees[i].Rank(w.encodedCall(c, message.EncodeCall(call), i), time.Now())
	if err != nil {
		return nil, err
	}
	digest := message.ManifestDigest(c.raw)
	context := message.RankedContext(&digest, call.Attempt, i)
	plaintext, err := w.sessions[i].Open(nil, answer, &context)
	if err != nil {
		return nil, fmt.Errorf("answer does not open: %w", err)
	}
	ranked, err := w.dir.Epoch().DecodeRanked(plaintext)
	if err == nil && (ranked.Trustee != i || ranked.Manifest != digest || ranked.Attempt != call.Attempt || len(ranked.Statuses) != len(c.manifest.Entries)) {
		err = errors.New("answer is of something else")
	}
	if err == nil {
		w.announced(ranked)
	}
	return ranked, err
}

func (w *wired) announced(ranked *message.Ranked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready[ranked.Trustee] == nil {
		w.ready[ranked.Trustee] = map[string][]message.Ticket{}
	}
	pools := w.ready[ranked.Trustee]
	for _, r := range ranked.Ready {
		for _, n := range r.Numbers {
			pools[r.Shape] = append(pools[r.Shape], message.Ticket{Session: r.Session, Number: n})
		}
	}
}

// answersOf asks the given trustees at once.
func (w *wired) answersOf(c *closed, call *message.Call, trustees ...int) (answers [scheme.Trustees]*message.Ranked, errs [scheme.Trustees]error) {
	var wait sync.WaitGroup
	for _, i := range trustees {
		wait.Go(func() { answers[i], errs[i] = w.rankAt(c, call, i) })
	}
	wait.Wait()
	return answers, errs
}

// rank asks all who take part, and reads the outcome.
func (w *wired) rank(c *closed, call *message.Call) ([]sealed.Outcome, error) {
	w.tb.Helper()
	var trustees []int
	for i := range scheme.Trustees {
		if i != int(call.Absent) {
			trustees = append(trustees, i)
		}
	}
	answers, errs := w.answersOf(c, call, trustees...)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return w.read(c, call, &answers)
}

// read puts the trustees' answers together, as the auctioneer does.
func (w *wired) read(c *closed, call *message.Call, answers *[scheme.Trustees]*message.Ranked) ([]sealed.Outcome, error) {
	w.tb.Helper()
	plans := w.plans(c)
	digest := message.ManifestDigest(c.raw)
	runs, err := sealed.Runs(w.circuits, plans, &c.request.Digest, &digest, call)
	if err != nil {
		w.tb.Fatal(err)
	}
	roles := c.rolesOf(call)
	garbler, checker, evaluator := answers[roles[message.Garbler]], answers[roles[message.Checker]], answers[roles[message.Evaluator]]
	outcomes := make([]sealed.Outcome, len(runs))
	for i, run := range runs {
		checked := &garbler.Imps[i]
		if checker != nil {
			checked = &checker.Imps[i]
			if err := run.CheckOpened(&evaluator.Imps[i], garbler.Statuses, checker.Statuses); err != nil {
				return nil, err
			}
		}
		if outcomes[i], err = run.Read(c.request.Terms, &garbler.Imps[i], checked, &evaluator.Imps[i], i); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func (w *wired) plans(c *closed) []*sealed.Plan {
	w.tb.Helper()
	plans, err := sealed.Plans(c.request.Terms, c.manifest)
	if err != nil {
		w.tb.Fatal(err)
	}
	return plans
}

// sold is what an auction must come to, from the shares of two trustees: bids of entries in without do not count.
func (w *wired) sold(c *closed, without ...int) []sealed.Outcome {
	w.tb.Helper()
	t := c.request.Terms
	var entries [2][]message.EntryShares
	for i := range entries {
		o, err := w.dir.Epoch().DecodeOpenRequest(w.encoded(c, i), i)
		if err != nil {
			w.tb.Fatal(err)
		}
		subKeys, err := w.trustees[i].openUserBox(o)
		if err != nil {
			w.tb.Fatal(err)
		}
		if entries[i], err = w.trustees[i].openEntries(o, subKeys, nil); err != nil {
			w.tb.Fatal(err)
		}
	}
	type offer struct {
		entry, lane int
		value       uint32
	}
	outcomes := make([]sealed.Outcome, len(t.Imps))
	for imp := range outcomes {
		var all []offer
		for e, entry := range c.manifest.Entries {
			for k, l := range entry.Lanes {
				if int(l.Imp) != imp || slices.Contains(without, e) {
					continue
				}
				// Trustee 0 holds z_1 and z_2, trustee 1 holds z_0 and z_2.
				x := sealed.Cut(0, entries[1][e].Z[0][k]) + sealed.Cut(1, entries[0][e].Z[0][k]) + sealed.Cut(2, entries[0][e].Z[1][k])
				all = append(all, offer{e, k, uint32(int32(x<<sealed.DroppedBits)>>sealed.DroppedBits) + 1<<(sealed.ValueBits-1)})
			}
		}
		slices.SortFunc(all, func(a, b offer) int { return cmp.Compare(b.value, a.value) })
		best := all[0]
		rivals := slices.DeleteFunc(all, func(o offer) bool { return o.entry == best.entry })
		// No bid of the harness is below the floor.
		price := sealed.Price(t, rivals[0].value>>(sealed.FractionBits-int(t.GridBits)), imp)
		outcomes[imp] = sealed.Outcome{Sold: true, Entry: best.entry, Lane: best.lane, Price: price}
	}
	return outcomes
}

// ranks is the honest run: all three rank an auction, and it comes to what it must.
func (w *wired) ranks(c *closed, call *message.Call, without ...int) {
	w.tb.Helper()
	got, err := w.rank(c, call)
	if want := w.sold(c, without...); err != nil || !slices.Equal(got, want) {
		w.tb.Fatalf("honest run of attempt %d: %+v, %v; want %+v", call.Attempt, got, err, want)
	}
}
