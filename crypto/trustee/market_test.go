package trustee

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/bidding"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
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
		m.start(i, m.boot)
		tb.Cleanup(func() { m.trustees[i].store.Close() })
		m.enrolAuctioneer(i)
	}
	for _, s := range seats {
		m.enrolled = append(m.enrolled, s.ID)
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

// start runs trustee i on the store in its folder.
func (m *market) start(i int, boot time.Time) {
	m.tb.Helper()
	store, err := OpenStore(m.folders[i])
	if err != nil {
		m.tb.Fatal(err)
	}
	if m.trustees[i], err = New(m.dir, m.scheme, i, m.keys.Trustees[i].Period, store, boot); err != nil {
		m.tb.Fatal(err)
	}
}

// stop ends trustee i in good order.
func (m *market) stop(i int) {
	m.tb.Helper()
	if err := m.trustees[i].store.Close(); err != nil {
		m.tb.Fatal(err)
	}
}

// kill ends trustee i such that what it leaves behind is what it had written so far, without the flushing of a Close.
func (m *market) kill(i int) {
	m.tb.Helper()
	left := m.tb.TempDir()
	if err := os.CopyFS(left, os.DirFS(m.folders[i])); err != nil {
		m.tb.Fatal(err)
	}
	m.stop(i)
	m.folders[i] = left
}

func (m *market) enrolAuctioneer(i int) {
	m.tb.Helper()
	session, raw, err := enrol.One(m.dir, message.RoleAuctioneer, m.dir.Auctioneer().ID, m.keys.Auctioneer, i)
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
