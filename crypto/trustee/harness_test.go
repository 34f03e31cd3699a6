package trustee

import (
	"crypto/sha256"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/bidding"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// market is a whole market in one process: real agents, seats and trustees, and all their keys, so that a test can also be
// whatever attacker it likes.
type market struct {
	tb       testing.TB
	keys     *keyring.Keyring
	dir      *directory.Directory
	scheme   scheme.Scheme
	boot     time.Time
	enrolled []string // seats that have enrolled, in the order of their entries
	seats    map[string]*bidding.Seat
	weights  map[string][][]float64
	trustees [scheme.Trustees]*Trustee
	folders  [scheme.Trustees]string
	sessions [scheme.Trustees]*keys.Session // the auctioneer's
}

const (
	campaigns = 3
	dim       = 64
	outsider  = "dora" // the seat in the directory that the harness does not enrol
)

// fourSeats are of three organisations.
var fourSeats = []keyring.Seat{{ID: "acme-1", Organisation: "acme"}, {ID: "acme-2", Organisation: "acme"}, {ID: "bolt", Organisation: "bolt"}, {ID: "cato", Organisation: "cato"}}

// newMarket makes a market of four enrolled seats and the outsider.
func newMarket(tb testing.TB, suite keys.Suite) *market {
	tb.Helper()
	p, err := params.Default(dim)
	if err != nil {
		tb.Fatal(err)
	}
	return makeMarket(tb, p, suite, fourSeats)
}

// makeMarket also makes plaintext markets, which have no trustees.
func makeMarket(tb testing.TB, p *params.Params, suite keys.Suite, seats []keyring.Seat) *market {
	tb.Helper()
	spec := keyring.Spec{
		Params: p.Literal(), Suite: suite, Period: directory.MaxPeriod, Features: "test",
		Auctioneer: keyring.Site{ID: "exchange", URL: "http://exchange.example"}, Publishers: []string{"news", "shop"},
	}
	if p.Encrypted() {
		spec.Trustees = []keyring.Site{{ID: "t0", URL: "http://t0.example"}, {ID: "t1", URL: "http://t1.example"}, {ID: "t2", URL: "http://t2.example"}}
	}
	for _, s := range append(slices.Clone(seats), keyring.Seat{ID: outsider, Organisation: "dora"}) {
		s.URL = "http://" + s.ID + ".example"
		spec.Bidders = append(spec.Bidders, s)
	}
	m := &market{tb: tb, boot: time.Now().Add(-time.Hour), seats: map[string]*bidding.Seat{}, weights: map[string][][]float64{}}
	var err error
	if m.keys, err = keyring.Make(spec, m.boot); err != nil {
		tb.Fatal(err)
	}
	if m.dir, err = m.keys.Directory(); err != nil {
		tb.Fatal(err)
	}
	if m.scheme, err = m.dir.Scheme(); err != nil {
		tb.Fatal(err)
	}
	for i := range m.dir.Trustees() {
		m.folders[i] = tb.TempDir()
		m.start(i, m.folders[i], m.boot)
		tb.Cleanup(func() { m.trustees[i].store.Close() })
		m.enrolAuctioneer(i)
	}
	for _, s := range seats {
		m.enrolSeat(s.ID)
	}
	return m
}

// in is the same market for a subtest.
func (m *market) in(t *testing.T) *market {
	sub := *m
	sub.tb = t
	return &sub
}

// start runs trustee i on the store in a folder.
func (m *market) start(i int, folder string, boot time.Time) {
	m.tb.Helper()
	store, err := OpenStore(folder)
	if err != nil {
		m.tb.Fatal(err)
	}
	if m.trustees[i], err = New(m.dir, m.scheme, i, m.keys.Trustees[i].Period, store, boot); err != nil {
		m.tb.Fatal(err)
	}
}

// restart stops trustee i in good order and starts it again.
func (m *market) restart(i int, boot time.Time) {
	m.tb.Helper()
	if err := m.trustees[i].store.Close(); err != nil {
		m.tb.Fatal(err)
	}
	m.start(i, m.folders[i], boot)
}

func (m *market) enrolAuctioneer(i int) {
	m.tb.Helper()
	session, raw, err := bidding.Enrol(m.dir, message.RoleAuctioneer, m.dir.Auctioneer().ID, m.keys.Auctioneer, i, nil)
	if err != nil {
		m.tb.Fatal(err)
	}
	m.sessions[i] = session
	if err := m.trustees[i].Enrol(raw); err != nil {
		m.tb.Fatal(err)
	}
}

func (m *market) enrolSeat(id string) {
	m.tb.Helper()
	m.weights[id] = weightsOf(id)
	seat, err := bidding.New(m.dir, m.scheme, id, m.keys.Bidders[id], m.weights[id])
	if err != nil {
		m.tb.Fatal(err)
	}
	m.seats[id] = seat
	m.enrolled = append(m.enrolled, id)
	for i, raw := range seat.Enrolments() {
		if m.trustees[i] == nil {
			continue // a plaintext market
		}
		if err := m.trustees[i].Enrol(raw); err != nil {
			m.tb.Fatal(err)
		}
	}
}

func rngOf(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// weightsOf draws weights that belong to a name, of 1-norm 8 at most and on the weights' grid.
func weightsOf(name string) [][]float64 {
	rng := rngOf(name)
	rows := make([][]float64, campaigns)
	for k := range rows {
		rows[k] = make([]float64, dim)
		for i := range rows[k] {
			rows[k][i] = math.Ldexp(math.Round(math.Ldexp((2*rng.Float64()-1)/8, params.WeightBits)), -params.WeightBits)
		}
	}
	return rows
}

func features() []float64 {
	rng := rngOf("user")
	x := make([]float64, dim)
	for i := range x {
		x[i] = 2*rng.Float64() - 1
	}
	return x
}

func opportunity() *agent.Opportunity {
	return &agent.Opportunity{
		Features: features(), Attrs: []message.Attr{{Key: "hour", Value: "21"}},
		Imps: []message.Imp{{ID: "top", Floor: 0.5}, {ID: "side", Floor: 0.1}}, Mode: message.Open, PriceRule: message.SecondPrice,
		Cap: 100, GridBits: 7, TMax: 100 * time.Millisecond, Lifetime: 30 * time.Second, MaxLanes: 256, MinOrgs: 2,
	}
}

// with returns the harness's opportunity with something changed.
func with(edit func(o *agent.Opportunity)) *agent.Opportunity {
	o := opportunity()
	edit(o)
	return o
}

// ask has the agent of a publisher make a request.
func (m *market) ask(o *agent.Opportunity) *message.Request {
	m.tb.Helper()
	a, err := agent.New(m.dir, m.scheme, "news", m.keys.Publishers["news"])
	if err != nil {
		m.tb.Fatal(err)
	}
	raw, _, err := a.Request(o)
	if err != nil {
		m.tb.Fatal(err)
	}
	r, err := m.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		m.tb.Fatal(err)
	}
	return r
}

// bids are what every seat bids: each campaign on each imp.
func bids(t *message.Terms) (all []bidding.LaneBid) {
	for imp := range t.Imps {
		for k := range campaigns {
			all = append(all, bidding.LaneBid{Imp: imp, Campaign: k, LogBid: math.Log(1.5+float64(k)) + float64(imp)/4})
		}
	}
	return all
}

// answer has a seat answer a request.
func (m *market) answer(id string, r *message.Request) *message.Answer {
	m.tb.Helper()
	e := m.dir.Epoch()
	br, err := e.DecodeBidRequest(e.AppendBidRequest(nil, r))
	if err != nil {
		m.tb.Fatal(err)
	}
	raw, err := m.seats[id].Answer(nil, br, r.Terms.Issued, bids(r.Terms))
	if err != nil {
		m.tb.Fatal(id, err)
	}
	a, err := e.DecodeAnswer(raw)
	if err != nil {
		m.tb.Fatal(id, err)
	}
	return a
}

// answers has every enrolled seat answer a request.
func (m *market) answers(r *message.Request) (all []*message.Answer) {
	m.tb.Helper()
	for _, id := range m.enrolled {
		all = append(all, m.answer(id, r))
	}
	return all
}

// closed is an auction as the auctioneer closed it.
type closed struct {
	request  *message.Request
	answers  []*message.Answer // whose boxes are sent along
	manifest *message.Manifest
	raw, sig []byte
}

// close lists answers in a manifest and signs it.
func (m *market) close(r *message.Request, answers ...*message.Answer) *closed {
	manifest := &message.Manifest{Request: r.Digest}
	for _, a := range answers {
		manifest.Entries = append(manifest.Entries, message.NewEntry(a))
	}
	return m.signed(&closed{request: r, answers: answers, manifest: manifest})
}

// signed encodes and signs the manifest as it is now.
func (m *market) signed(c *closed) *closed {
	c.raw = m.dir.Epoch().EncodeManifest(c.manifest)
	c.sig = m.keys.Auctioneer.Sign(keys.DomainManifest, message.ManifestDigest(c.raw))
	return c
}

// sell runs a request up to the manifest.
func (m *market) sell(r *message.Request) *closed {
	m.tb.Helper()
	return m.close(r, m.answers(r)...)
}

// encoded is what trustee i gets.
func (m *market) encoded(c *closed, i int) []byte {
	return m.dir.Epoch().EncodeOpenRequest(c.request, c.raw, c.sig, c.answers, i)
}

// open asks trustee i, at the time of the request, and reads its shares as the auctioneer does.
func (m *market) open(c *closed, i int) (*message.Shares, error) {
	return m.openAt(c, i, c.request.Terms.Issued)
}

func (m *market) openAt(c *closed, i int, now time.Time) (*message.Shares, error) {
	m.tb.Helper()
	sealed, err := m.trustees[i].Open(m.encoded(c, i), now)
	if err != nil {
		return nil, err
	}
	manifest := message.ManifestDigest(c.raw)
	context := message.SharesContext(&manifest, i)
	plaintext, err := m.sessions[i].Open(nil, sealed, &context)
	if err != nil {
		m.tb.Fatalf("shares of trustee %d: %v", i, err)
	}
	s, err := m.dir.Epoch().DecodeShares(plaintext, c.manifest)
	if err != nil {
		m.tb.Fatalf("shares of trustee %d: %v", i, err)
	}
	if s.Trustee != i || s.Manifest != manifest {
		m.tb.Fatalf("trustee %d answers as %d for manifest %x, want %x", i, s.Trustee, s.Manifest[:4], manifest[:4])
	}
	return s, nil
}

// openAll asks all three trustees, which must all answer.
func (m *market) openAll(c *closed) *[scheme.Trustees]*message.Shares {
	m.tb.Helper()
	var all [scheme.Trustees]*message.Shares
	for i := range all {
		var err error
		if all[i], err = m.open(c, i); err != nil {
			m.tb.Fatalf("trustee %d: %v", i, err)
		}
	}
	return &all
}

// pairs are the trustees that can open a bid.
var pairs = [][2]int{{0, 1}, {0, 2}, {1, 2}}

// add adds one entry's shares of two trustees up to its lanes, and requires that what both hold is the same.
func add(tb testing.TB, all *[scheme.Trustees]*message.Shares, pair [2]int, entry int) []uint32 {
	tb.Helper()
	var z [scheme.Trustees][]uint32
	for _, i := range pair {
		e := &all[i].Entries[entry]
		if e.Status != message.Opened {
			tb.Fatalf("trustee %d on entry %d: %s", i, entry, e.Status)
		}
		for at, j := range scheme.SubKeysOf(i) {
			if z[j] != nil && !slices.Equal(z[j], e.Z[at]) {
				tb.Fatalf("trustees %v hold different shares z_%d of entry %d", pair, j, entry)
			}
			z[j] = e.Z[at]
		}
	}
	sum := make([]uint32, len(z[0]))
	for k := range sum {
		sum[k] = z[0][k] + z[1][k] + z[2][k]
	}
	return sum
}

// tolerance is what noise and rounding may make of a log-bid.
var tolerance = math.Exp2(-15)

// logBid is what a lane must open to, computed in floating point.
func logBid(weights [][]float64, t *message.Terms, l message.Lane) float64 {
	sum := bids(t)[int(l.Imp)*campaigns+int(l.Campaign)].LogBid - t.LogCap() + params.BidRange
	for i, x := range features() {
		sum += weights[l.Campaign][i] * x
	}
	return sum
}

// near counts the lanes of an entry that open to what weights make of the features.
func near(weights [][]float64, c *closed, entry int, lanes []uint32) (n int) {
	for k, l := range c.manifest.Entries[entry].Lanes {
		if math.Abs(scheme.LogBid(lanes[k])-logBid(weights, c.request.Terms, l)) < tolerance {
			n++
		}
	}
	return n
}

// works is the honest run that every attack starts from: each pair of trustees opens every entry, to the right log-bids.
func (m *market) works(c *closed) {
	m.tb.Helper()
	all := m.openAll(c)
	for i := range c.manifest.Entries {
		e := &c.manifest.Entries[i]
		for _, pair := range pairs {
			if n := near(m.weights[e.Seat], c, i, add(m.tb, all, pair, i)); n != len(e.Lanes) {
				m.tb.Fatalf("honest run: trustees %v open %d of %d lanes of %q right", pair, n, len(e.Lanes), e.Seat)
			}
		}
	}
}

// alter returns a request with other terms or ciphertext under the old signature and the old boxes.
func (m *market) alter(r *message.Request, edit func(t *message.Terms, c0, b []byte)) *message.Request {
	m.tb.Helper()
	e := m.dir.Epoch()
	out := *r
	out.C0, out.B = slices.Clone(r.C0), slices.Clone(r.B)
	var err error
	if out.Terms, err = e.DecodeTerms(r.RawTerms); err != nil {
		m.tb.Fatal(err)
	}
	edit(out.Terms, out.C0, out.B)
	if out.RawTerms, err = e.EncodeTerms(out.Terms); err != nil {
		m.tb.Fatal(err)
	}
	out.Digest = message.RequestDigest(out.RawTerms, sha256.Sum256(out.C0), sha256.Sum256(out.B))
	return &out
}

// resign returns a request that its publisher has signed again.
func (m *market) resign(r *message.Request) *message.Request {
	out := *r
	out.Signature = m.keys.Publishers[r.Terms.Publisher].Sign(keys.DomainRequest, r.Digest)
	return &out
}

// reseal returns altered, signed again and with the sub-keys of original boxed for it. Only the user agent could do so: it
// shows what an attack would give if boxes were not bound to their request.
func (m *market) reseal(altered, original *message.Request) *message.Request {
	m.tb.Helper()
	out := m.resign(altered)
	for i := range out.Boxes {
		subKeys, err := m.keys.Trustees[i].Period.Open(message.UserBoxInfo(&original.Digest, i), original.Boxes[i])
		if err != nil {
			m.tb.Fatal(err)
		}
		if out.Boxes[i], err = m.dir.TrusteeKey(i).Seal(message.UserBoxInfo(&out.Digest, i), subKeys); err != nil {
			m.tb.Fatal(err)
		}
	}
	return out
}
