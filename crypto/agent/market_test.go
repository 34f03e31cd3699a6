package agent

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

const dim = 64

// market is a publisher's agent with the keys of everybody else.
type market struct {
	keys  *keyring.Keyring
	dir   *directory.Directory
	sch   scheme.Scheme
	agent *Agent
	now   time.Time
}

// newMarket makes a market with encryption under a suite, or without if there is none, whose period begins now.
func newMarket(tb testing.TB, suite keys.Suite) *market {
	tb.Helper()
	p, err := params.Plain(11, dim)
	spec := keyring.Spec{
		Suite: suite, Period: time.Hour, Auctioneer: keyring.Site{ID: "exchange", URL: "http://exchange.example"},
		Publishers: []string{"news.example", "games.example"},
	}
	if suite != "" {
		p, err = params.Default(dim)
		for i := range scheme.Trustees {
			spec.Trustees = append(spec.Trustees, keyring.Site{ID: fmt.Sprintf("t%d", i), URL: "http://t.example"})
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	spec.Params = p.Literal()
	m := &market{now: time.Now()}
	if m.keys, err = keyring.Make(spec, m.now); err != nil {
		tb.Fatal(err)
	}
	if m.dir, err = m.keys.Directory(); err != nil {
		tb.Fatal(err)
	}
	if m.sch, err = m.dir.Scheme(); err != nil {
		tb.Fatal(err)
	}
	if m.agent, err = New(m.dir, m.sch, "news.example", m.keys.Publishers["news.example"]); err != nil {
		tb.Fatal(err)
	}
	return m
}

func eachMarket(t *testing.T, f func(t *testing.T, m *market)) {
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519, ""} {
		name := string(suite)
		if suite == "" {
			name = "plaintext"
		}
		t.Run(name, func(t *testing.T) { f(t, newMarket(t, suite)) })
	}
}

func features(seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, dim)
	for i := range x {
		x[i] = 2*rng.Float64() - 1
	}
	return x
}

func opportunity() *Opportunity {
	return &Opportunity{
		Features: features(1), Attrs: []message.Attr{{Key: "hour", Value: "21"}}, Imps: []message.Imp{{ID: "1", Floor: 0.25}},
		Mode: message.Open, PriceRule: message.SecondPrice, Cap: 100, GridBits: 7,
		TMax: 120 * time.Millisecond, Lifetime: 2 * time.Second, MaxLanes: 512, MinOrgs: 2,
	}
}

func (m *market) request(tb testing.TB, o *Opportunity) *message.Request {
	tb.Helper()
	raw, digest, err := m.agent.Request(o)
	if err != nil {
		tb.Fatal(err)
	}
	if len(raw) > m.dir.Epoch().MaxRequestBytes() {
		tb.Fatalf("request of %d bytes, nobody accepts more than %d", len(raw), m.dir.Epoch().MaxRequestBytes())
	}
	r, err := m.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		tb.Fatal(err)
	}
	if r.Digest != digest {
		tb.Fatal("the receiver computes another digest")
	}
	return r
}

// openBoxes returns each trustee's two sub-keys.
func (m *market) openBoxes(tb testing.TB, r *message.Request) (seeds [scheme.Trustees][2]*lattice.Seed) {
	tb.Helper()
	for i := range seeds {
		b, err := m.keys.Trustees[i].Period.Open(message.UserBoxInfo(&r.Digest, i), r.Boxes[i][1:])
		if err != nil || len(b) != 2*lattice.SeedSize {
			tb.Fatalf("trustee %d finds %d bytes: %v", i, len(b), err)
		}
		first, second := lattice.Seed(b[:lattice.SeedSize]), lattice.Seed(b[lattice.SeedSize:])
		seeds[i] = [2]*lattice.Seed{&first, &second}
	}
	return seeds
}
