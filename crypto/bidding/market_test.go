package bidding

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

const (
	dim      = 64
	campaign = 32 // all lanes that a hint has
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// market is a bidder with the keys of everybody else, at noon of a period of an hour.
type market struct {
	keys *keyring.Keyring
	dir  *directory.Directory
	sch  scheme.Scheme
}

// newMarket makes a market with encryption, or without if there is no suite.
func newMarket(tb testing.TB, suite keys.Suite, dim int) *market {
	tb.Helper()
	p, err := params.Plain(11, dim)
	spec := keyring.Spec{
		Suite: suite, Period: time.Hour, Auctioneer: keyring.Site{ID: "exchange", URL: "http://exchange.example"},
		Bidders: []keyring.Seat{{ID: "seat-a", Organisation: "a", URL: "http://a.example"}, {ID: "seat-b", Organisation: "b", URL: "http://b.example"}},
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
	m := &market{}
	if m.keys, err = keyring.Make(spec, noon); err != nil {
		tb.Fatal(err)
	}
	if m.dir, err = m.keys.Directory(); err != nil {
		tb.Fatal(err)
	}
	if m.sch, err = m.dir.Scheme(); err != nil {
		tb.Fatal(err)
	}
	return m
}

func eachMarket(t *testing.T, f func(t *testing.T, m *market)) {
	t.Run("x25519", func(t *testing.T) { f(t, newMarket(t, keys.X25519, dim)) })
	t.Run("plaintext", func(t *testing.T) { f(t, newMarket(t, "", dim)) })
}

// matrix is rows of values in [-0.2, 0.2], the same for the same seed.
func matrix(seed uint64, rows, width int) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := make([][]float64, rows)
	for k := range m {
		m[k] = make([]float64, width)
		for i := range m[k] {
			m[k][i] = (2*rng.Float64() - 1) / 5
		}
	}
	return m
}

func (m *market) seat(tb testing.TB, weights [][]float64) *Seat {
	tb.Helper()
	s, err := New(m.dir, m.sch, "seat-a", m.keys.Bidders["seat-a"], weights)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// request encrypts features for two imps, under a cap of 100.
func (m *market) request(tb testing.TB, x []float64) (*message.BidRequest, *scheme.Encryption) {
	tb.Helper()
	enc, err := m.sch.Encrypt(x)
	if err != nil {
		tb.Fatal(err)
	}
	r := &message.BidRequest{C0: enc.C0, B: enc.B, Terms: &message.Terms{
		Mode: message.Open, PriceRule: message.SecondPrice, Cap: 100, Issued: noon, Expiry: noon.Add(time.Second), TMax: 100, MaxLanes: 512,
		Imps: []message.Imp{{ID: "1"}, {ID: "2"}}, BDigests: enc.BDigests,
	}}
	number(r, rand.Uint64())
	return r, enc
}

// number makes r another request, as far as a bidder can tell.
func number(r *message.BidRequest, n uint64) { binary.LittleEndian.PutUint64(r.Digest[:], n) }

// bidsOnFirst bids with every campaign on imp 0, without private part e^k/8 times the middle of the range.
func bidsOnFirst(campaigns int) []LaneBid {
	bids := make([]LaneBid, campaigns)
	for k := range bids {
		bids[k] = LaneBid{Campaign: k, LogBid: math.Log(100) - params.BidRange + float64(k)/8}
	}
	return bids
}

func (m *market) answer(tb testing.TB, s *Seat, r *message.BidRequest, bids []LaneBid) *message.Answer {
	tb.Helper()
	b, err := s.Answer(nil, r, noon, bids)
	if err != nil {
		tb.Fatal(err)
	}
	if len(b) > message.MaxAnswerBytes {
		tb.Fatalf("answer of %d bytes, nobody accepts more than %d", len(b), message.MaxAnswerBytes)
	}
	a, err := m.dir.Epoch().DecodeAnswer(b)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// expected are the masked lanes that an answer must hold.
func expected(tb testing.TB, s *Seat, r *message.BidRequest, bids []LaneBid) []uint32 {
	tb.Helper()
	scores := make([]uint32, s.Campaigns())
	if err := s.scorer.Score(scores, r.C0, r.B); err != nil {
		tb.Fatal(err)
	}
	lanes := make([]uint32, len(bids))
	for k, b := range bids {
		bias := b.LogBid - math.Log(r.Terms.Cap) + params.BidRange
		lanes[k] = scores[b.Campaign] + uint32(int64(math.Round(bias*(1<<params.LaneBits))))
	}
	return lanes
}
