package trustee

import (
	"math"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/bidding"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

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

// answer has a seat answer a request with the harness's bids.
func (m *market) answer(id string, r *message.Request) *message.Answer {
	m.tb.Helper()
	return m.answerWith(id, r, bids(r.Terms))
}

func (m *market) answerWith(id string, r *message.Request, bids []bidding.LaneBid) *message.Answer {
	m.tb.Helper()
	e := m.dir.Epoch()
	br, err := e.DecodeBidRequest(e.AppendBidRequest(nil, r))
	if err != nil {
		m.tb.Fatal(err)
	}
	raw, err := m.seats[id].Answer(nil, br, r.Terms.Issued, bids)
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
	raw      []byte
	tag      func(i int) []byte // the auctioneer's, unless a test forges one
}

// close lists answers in a manifest.
func (m *market) close(r *message.Request, answers ...*message.Answer) *closed {
	manifest := &message.Manifest{Request: r.Digest}
	for _, a := range answers {
		manifest.Entries = append(manifest.Entries, message.NewEntry(a))
	}
	return m.signed(&closed{request: r, answers: answers, manifest: manifest})
}

// signed encodes the manifest as it is now, to be tagged when it is sent.
func (m *market) signed(c *closed) *closed {
	c.raw = m.dir.Epoch().EncodeManifest(c.manifest)
	return c
}

// sell runs a request up to the manifest.
func (m *market) sell(r *message.Request) *closed {
	m.tb.Helper()
	return m.close(r, m.answers(r)...)
}

// encoded is what trustee i gets.
func (m *market) encoded(c *closed, i int) []byte {
	tag := m.tag(m.sessions[i], c.raw, i)
	if c.tag != nil {
		tag = c.tag(i)
	}
	return m.dir.Epoch().EncodeOpenRequest(c.request, c.raw, tag, c.answers, i)
}

// tag is a manifest's under a session with trustee i.
func (m *market) tag(session *keys.Session, manifest []byte, i int) []byte {
	digest := message.ManifestDigest(manifest)
	context := message.ManifestContext(&digest, i)
	return session.Seal(nil, nil, &context)
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

// tolerance is how far noise and rounding may take a log-bid.
const tolerance = 1.0 / (1 << 15)

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

// unlock opens the user agent's box and checks b, as trustee i does.
func (m *market) unlock(i int, o *message.OpenRequest) (scheme.Decrypter, error) {
	subKeys, err := m.trustees[i].openUserBox(o)
	if err != nil {
		return nil, err
	}
	return m.trustees[i].unlock(o, subKeys)
}
