package message

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// epochs returns one period of the same market with encryption and in the plaintext stand-in.
func epochs(tb testing.TB) []*Epoch {
	tb.Helper()
	encrypted, err := params.Default(64)
	if err != nil {
		tb.Fatal(err)
	}
	plain, err := params.Plain(11, 64)
	if err != nil {
		tb.Fatal(err)
	}
	market := MarketID{'m', 'a', 'r', 'k', 'e', 't', 0, 1}
	return []*Epoch{{encrypted, market, 7}, {plain, market, 7}}
}

// eachEpoch runs a subtest for either kind of parameters.
func eachEpoch(t *testing.T, f func(t *testing.T, e *Epoch)) {
	t.Helper()
	for _, e := range epochs(t) {
		t.Run(string(e.Params.Kind()), func(t *testing.T) { f(t, e) })
	}
}

// noise is n bytes that look random and are the same for the same seed.
func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

var issued = time.UnixMilli(1_795_000_000_123)

func sampleTerms() *Terms {
	t := &Terms{
		Publisher: "news.example", Mode: Open, PriceRule: SecondPrice, Cap: 100, GridBits: 7,
		Issued: issued, Expiry: issued.Add(2 * time.Second), TMax: 120, MaxLanes: 512, MinOrgs: 2,
		Recipient: KeyID(noise(1, 8)),
		Attrs:     []Attr{{"hour", "21"}, {"domain", "news.example"}, {"empty", ""}},
		Imps: []Imp{
			{ID: "imp-1", Floor: 0.25, Attrs: []Attr{{"size", "300x250"}, {"hour", "22"}}},
			{ID: "imp-2", Floor: 0},
		},
	}
	copy(t.Auction[:], noise(2, 16))
	for i := range scheme.Trustees {
		t.TrusteeKeys[i] = KeyID(noise(byte(3+i), 8))
		t.BDigests[i] = Digest(noise(byte(6+i), 32))
	}
	return t
}

// sampleRequest has boxes of real size, of which the stand-in has none.
func sampleRequest(tb testing.TB, e *Epoch) *Request {
	tb.Helper()
	raw, err := e.EncodeTerms(sampleTerms())
	if err != nil {
		tb.Fatal(err)
	}
	r := &Request{Terms: sampleTerms(), RawTerms: raw, Signature: noise(11, signatureBytes)}
	if e.Params.Encrypted() {
		r.C0, r.B = noise(9, e.Params.PolyBytes()), noise(10, e.Params.PolyBytes())
	} else {
		r.C0 = noise(9, e.Params.PayloadBytes())
	}
	for i := range r.Boxes {
		r.Boxes[i] = []byte{}
		if e.Params.Encrypted() {
			r.Boxes[i] = noise(byte(12+i), 1200)
		}
	}
	r.Digest = RequestDigest(raw, scheme.HashPacked(r.C0), scheme.HashPacked(r.B))
	return r
}

func sampleLanes(imps, campaigns int) []Lane {
	var lanes []Lane
	for i := range imps {
		for c := range campaigns {
			lanes = append(lanes, Lane{uint8(i), uint16(c), NoCap - int32(c)<<20})
		}
	}
	return lanes
}

func sampleAnswer(e *Epoch, request Digest, seat string, lanes []Lane) *Answer {
	seed := seat[len(seat)-1]
	a := &Answer{Request: request, Bid: Bid{Seat: seat, Hint: Digest(noise(seed, 32)), Lanes: lanes}}
	if !e.Params.Encrypted() {
		a.Clear = make([]uint32, len(lanes))
		for k := range a.Clear {
			a.Clear[k] = uint32(k) << 24
		}
		return a
	}
	for i := range scheme.Trustees {
		a.Commitments[i] = Digest(noise(seed+byte(i)+1, 32))
		a.Boxes[i] = noise(seed+byte(i)+4, 28+PartsBytes(len(lanes)))
	}
	return a
}

// sampleAuction is a request with answers of some bidders and their manifest. The stand-in answers with empty boxes.
func sampleAuction(tb testing.TB, e *Epoch, bidders, campaigns int) (*Request, []*Answer, *Manifest) {
	tb.Helper()
	r := sampleRequest(tb, e)
	m := &Manifest{Request: r.Digest}
	answers := make([]*Answer, bidders)
	for i := range answers {
		answers[i] = sampleAnswer(e, r.Digest, fmt.Sprintf("seat-%d", i), sampleLanes(1, campaigns))
		m.Entries = append(m.Entries, NewEntry(answers[i]))
	}
	return r, answers, m
}

func encodeOpen(e *Epoch, r *Request, m *Manifest, answers []*Answer, trustee int) []byte {
	return e.EncodeOpenRequest(r, e.EncodeManifest(m), noise(20, BoxOverhead), answers, trustee)
}

func sampleShares(m *Manifest) *Shares {
	s := &Shares{Manifest: Digest(noise(21, 32)), Trustee: 2, Entries: make([]EntryShares, len(m.Entries))}
	for i := range s.Entries {
		if s.Entries[i].Status = Status(i % int(statuses)); s.Entries[i].Status != Opened {
			continue
		}
		for at := range s.Entries[i].Z {
			s.Entries[i].Z[at] = Lanes(noise(byte(22+at), 4*len(m.Entries[i].Lanes)))
		}
	}
	return s
}

func sampleEnrolment() *Enrolment {
	return &Enrolment{
		Role: RoleBidder, ID: "seat-1", Sequence: 1 << 60, Trustee: KeyID(noise(30, 8)),
		Box: noise(31, 300), Signature: noise(32, signatureBytes),
	}
}

func sampleCall() *Call {
	return &Call{Attempt: 3, Absent: Nobody, Wait: 47 * time.Millisecond, Tickets: []Ticket{{Session: [8]byte(noise(40, 8)), Number: 1 << 40}, {}}}
}

// sampleRank is a rank request to trustee 1.
func sampleRank(tb testing.TB, e *Epoch) []byte {
	r, answers, m := sampleAuction(tb, e, 3, 4)
	return e.EncodeRankRequest(r, EncodeCall(sampleCall()), e.EncodeManifest(m), noise(20, BoxOverhead), answers, 1)
}

func sampleRanked() *Ranked {
	return &Ranked{
		Trustee: 1, Manifest: Digest(noise(41, 32)), Attempt: 2, Statuses: []Status{Opened, BadBox, Opened},
		Imps: []RankedImp{
			{TableDigest: Digest(noise(42, 32)), Table: []byte{}, Labels: []byte{}, Opened: []byte{}},
			{Table: noise(43, 320), Labels: noise(44, 160), Opened: []byte{1, 1, 1, 0, 1, 0}},
		},
		Ready: []Ready{{Shape: "10x1 g7 p2", Session: [8]byte(noise(45, 8)), Numbers: []uint64{1, 2, 1 << 63}}, {Shape: "1x1 g0 p1", Numbers: []uint64{}}},
	}
}

func sampleLeg() *Leg {
	return &Leg{
		Manifest: Digest(noise(46, 32)), Attempt: 1, From: Checker, Session: [8]byte(noise(47, 8)),
		Imps: []LegImp{
			{Share: [16]byte(noise(48, 16)), Labels: noise(49, 96), Colours: noise(50, 1), Reveal: noise(51, 2), Tables: noise(52, 160), Digests: noise(53, 48), Transfer: noise(54, 20)},
			{Labels: []byte{}, Colours: []byte{}, Reveal: []byte{}, Tables: []byte{}, Digests: []byte{}, Transfer: []byte{}},
		},
	}
}

func sampleStock() *Stock {
	return &Stock{Shape: "2x6+8x1 g7 p1 capped", Session: [8]byte(noise(55, 8)), Number: 1 << 50}
}

func sampleDeal() *Deal { return &Deal{ID: [8]byte(noise(56, 8)), Sender: true, Half: noise(57, 100)} }

// decodeBareStock is DecodeStock for the checker, to whom no tables are sent.
func decodeBareStock(e *Epoch, b []byte) error {
	_, tables, err := e.DecodeStock(b)
	if err == nil && len(tables) > 0 {
		err = fmt.Errorf("%w: tables of %d bytes", wire.ErrMalformed, len(tables))
	}
	return err
}

// framed is a message with its decoder, for what holds for all of them.
type framed struct {
	name   string
	raw    []byte
	decode func([]byte) error
}

func allFramed(tb testing.TB, e *Epoch) []framed {
	tb.Helper()
	r, answers, m := sampleAuction(tb, e, 3, 4)
	return []framed{
		{"terms", r.RawTerms, func(b []byte) error { _, err := e.DecodeTerms(b); return err }},
		{"request", e.EncodeRequest(r), func(b []byte) error { _, err := e.DecodeRequest(b); return err }},
		{"bid request", e.AppendBidRequest(nil, r), func(b []byte) error { _, err := e.DecodeBidRequest(b); return err }},
		{"answer", e.AppendAnswer(nil, answers[0]), func(b []byte) error { _, err := e.DecodeAnswer(b); return err }},
		{"manifest", e.EncodeManifest(m), func(b []byte) error { _, err := e.DecodeManifest(b); return err }},
		{"open request", encodeOpen(e, r, m, answers, 1), func(b []byte) error { _, err := e.DecodeOpenRequest(b, 1); return err }},
		{"shares", e.EncodeShares(sampleShares(m)), func(b []byte) error { _, err := e.DecodeShares(b, m); return err }},
		{"enrolment", e.EncodeEnrolment(sampleEnrolment()), func(b []byte) error { _, err := e.DecodeEnrolment(b); return err }},
		{"record", e.EncodeRecord(sampleRecord(tb, e)), func(b []byte) error { _, err := e.DecodeRecord(b); return err }},
		{"hint", e.EncodeHint(sampleHint(e)), func(b []byte) error { _, err := e.DecodeHint(b); return err }},
		{"rank request", sampleRank(tb, e), func(b []byte) error { _, err := e.DecodeRankRequest(b, 1); return err }},
		{"ranked", e.EncodeRanked(sampleRanked()), func(b []byte) error { _, err := e.DecodeRanked(b); return err }},
		{"leg", e.EncodeLeg(sampleLeg()), func(b []byte) error { _, err := e.DecodeLeg(b); return err }},
		{"stock", e.EncodeStock(sampleStock()), func(b []byte) error { return decodeBareStock(e, b) }},
		{"deal", e.EncodeDeal(sampleDeal()), func(b []byte) error { _, err := e.DecodeDeal(b); return err }},
	}
}

// patch returns b with the bytes that follow the first occurrence of marker, shifted by offset, replaced.
func patch(tb testing.TB, b, marker []byte, offset int, with ...byte) []byte {
	tb.Helper()
	at := bytes.Index(b, marker)
	if at < 0 || at+offset < 0 || at+offset+len(with) > len(b) {
		tb.Fatalf("marker % x is not in the message", marker)
	}
	out := bytes.Clone(b)
	copy(out[at+offset:], with)
	return out
}
