package bidding

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// trustee is what trustee i knows of a bidder once it has enrolled.
type trustee struct {
	index   int
	session *keys.Session
	hint    []uint32
}

// enrol does what trustee i does with an enrolment.
func (m *market) enrol(tb testing.TB, raw []byte, i int, id string, identity keys.Public, values int) *trustee {
	tb.Helper()
	e := m.dir.Epoch()
	n, err := e.DecodeEnrolment(raw)
	if err != nil {
		tb.Fatal(err)
	}
	if n.ID != id || n.Trustee != m.dir.TrusteeKey(i).ID() {
		tb.Fatalf("enrolment of %q with another trustee than %d", n.ID, i)
	}
	if err := identity.Verify(keys.DomainEnrolment, n.Digest(e), n.Signature); err != nil {
		tb.Fatal(err)
	}
	plaintext, err := m.keys.Trustees[i].Period.Open(n.Info(e), n.Box)
	if err != nil {
		tb.Fatal(err)
	}
	key, hint, err := message.DecodeSession(plaintext, values)
	if err != nil {
		tb.Fatal(err)
	}
	session, err := keys.NewSession(key)
	if err != nil {
		tb.Fatal(err)
	}
	return &trustee{i, session, hint}
}

// trustees enrols a seat with all three.
func (m *market) trustees(tb testing.TB, s *Seat) (all [scheme.Trustees]*trustee) {
	tb.Helper()
	for i, raw := range s.Enrolments() {
		all[i] = m.enrol(tb, raw, i, "seat-a", m.keys.Bidders["seat-a"].Public(), m.dir.Params().N())
		if message.HintDigest("seat-a", all[i].hint) != s.hint {
			tb.Errorf("trustee %d got another hint", i)
		}
	}
	return all
}

// parts opens a trustee's box and checks both commitments.
func (u *trustee) parts(tb testing.TB, a *message.Answer) (parts [2][]byte) {
	tb.Helper()
	var h message.Hasher
	context := h.BoxContext(&a.Request, &a.Bid, u.index)
	b, err := u.session.Open(nil, a.Boxes[u.index], &context)
	if err != nil || len(b) != message.PartsBytes(len(a.Lanes)) {
		tb.Fatalf("trustee %d finds %d bytes: %v", u.index, len(b), err)
	}
	for at, j := range scheme.SubKeysOf(u.index) {
		half := b[at*len(b)/2 : (at+1)*len(b)/2]
		salt, part := half[:message.SaltBytes], half[message.SaltBytes:]
		if h.Commitment(&a.Request, a.Seat, j, salt, part) != a.Commitments[j] {
			tb.Errorf("trustee %d: part %d is not what was committed to", u.index, j)
		}
		parts[at] = part
	}
	return parts
}

// What the trustees find in their boxes is one sharing of the lanes, and decrypts to the log-bids.
func TestPartsAddUpToTheLanes(t *testing.T) {
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519} {
		m := newMarket(t, suite, dim)
		weights, x := matrix(1, campaign, dim), matrix(2, 1, dim)[0]
		s := m.seat(t, weights)
		r, enc := m.request(t, x)
		bids := bidsOnFirst(campaign)
		for k := range 3 { // and three campaigns on imp 1
			bids = append(bids, LaneBid{Imp: 1, Campaign: 10 * k, LogBid: 1})
		}
		a := m.answer(t, s, r, bids)
		if a.Request != r.Digest || a.Seat != "seat-a" || a.Hint != s.hint {
			t.Fatal("the answer names another request, seat or hint")
		}

		// Trustee i holds the parts j != i: p0 in the boxes of 1 and 2, p1 of 0 and 2, p2 of 0 and 1.
		us := m.trustees(t, s)
		p := [scheme.Trustees][2][]byte{us[0].parts(t, a), us[1].parts(t, a), us[2].parts(t, a)}
		if !bytes.Equal(p[1][0], p[2][0]) || !bytes.Equal(p[0][0], p[2][1]) || !bytes.Equal(p[0][1], p[1][1]) {
			t.Fatal("two trustees hold different parts of one name")
		}
		p0, p1, p2 := message.Lanes(p[1][0]), message.Lanes(p[0][0]), message.Lanes(p[0][1])
		want := expected(t, s, r, bids)
		var unlocked [2]scheme.Decrypter
		for i := range unlocked {
			js := scheme.SubKeysOf(i)
			var err error
			if unlocked[i], err = m.sch.Unlock(i, [2]*lattice.Seed{&enc.SubKeys[js[0]], &enc.SubKeys[js[1]]}, r.B, &enc.BDigests); err != nil {
				t.Fatal(err)
			}
		}
		for k, bid := range bids {
			lane := p0[k] + p1[k] + p2[k]
			if lane != want[k] {
				t.Fatalf("lane %d: parts add up to %d, want %d", k, lane, want[k])
			}
			if a.Lanes[k] != (message.Lane{Imp: uint8(bid.Imp), Campaign: uint16(bid.Campaign), Cap: message.NoCap}) {
				t.Errorf("lane %d is listed as %+v", k, a.Lanes[k])
			}
			z12, z02 := unlocked[0].PartialDecrypt(us[0].hint, bid.Campaign), unlocked[1].PartialDecrypt(us[1].hint, bid.Campaign)
			got := scheme.LogBid(lane+z12[0]+z12[1]+z02[0]) + math.Log(100) - 16
			logBid := bid.LogBid
			for i, w := range weights[bid.Campaign] {
				logBid += w * x[i]
			}
			if math.Abs(got-logBid) > 1.0/(1<<14) {
				t.Errorf("lane %d decrypts to a log-bid of %.6f, want %.6f", k, got, logBid)
			}
		}
	}
}

// Two parts of three are noise: over many answers to one ciphertext, every part is another.
func TestPartsAreFresh(t *testing.T) {
	m := newMarket(t, keys.X25519, dim)
	s := m.seat(t, matrix(1, 1, dim))
	r, _ := m.request(t, make([]float64, dim))
	us := m.trustees(t, s)
	seen := map[string]bool{}
	for n := range uint64(20) {
		number(r, n)
		a := m.answer(t, s, r, bidsOnFirst(1))
		first, second := us[0].parts(t, a), us[1].parts(t, a)
		for _, part := range [][]byte{first[0], first[1], second[0]} {
			if seen[string(part)] {
				t.Fatal("a part was used twice")
			}
			seen[string(part)] = true
		}
	}
}

// A box opens for its trustee, under the bid that the answer lists.
func TestBoxesAreBound(t *testing.T) {
	m := newMarket(t, keys.X25519, dim)
	s := m.seat(t, matrix(1, 2, dim))
	r, _ := m.request(t, make([]float64, dim))
	a := m.answer(t, s, r, bidsOnFirst(2))
	us := m.trustees(t, s)
	opens := func(session, context int, change func(*message.Answer)) bool {
		copied := *a
		copied.Lanes = append([]message.Lane(nil), a.Lanes...)
		change(&copied)
		var h message.Hasher
		c := h.BoxContext(&copied.Request, &copied.Bid, context)
		_, err := us[session].session.Open(nil, a.Boxes[0], &c)
		return err == nil
	}
	same := func(*message.Answer) {}
	if !opens(0, 0, same) {
		t.Fatal("box 0 does not open")
	}
	for name, opened := range map[string]bool{
		"another trustee's session": opens(1, 0, same),
		"another trustee's context": opens(0, 1, same),
		"another request":           opens(0, 0, func(a *message.Answer) { a.Request[9] ^= 1 }),
		"another seat":              opens(0, 0, func(a *message.Answer) { a.Seat = "seat-b" }),
		"another hint":              opens(0, 0, func(a *message.Answer) { a.Hint[0] ^= 1 }),
		"another lane":              opens(0, 0, func(a *message.Answer) { a.Lanes[1].Imp++ }),
		"another cap":               opens(0, 0, func(a *message.Answer) { a.Lanes[0].Cap-- }),
		"another commitment":        opens(0, 0, func(a *message.Answer) { a.Commitments[2][0] ^= 1 }),
	} {
		if opened {
			t.Errorf("box 0 opens for %s", name)
		}
	}
}

// Every model version has its own mask, hint and sessions, also with the same weights.
func TestSeatsShareNothing(t *testing.T) {
	m := newMarket(t, keys.X25519, dim)
	weights := matrix(1, 4, dim)
	a, b := m.seat(t, weights), m.seat(t, weights)
	if a.hint == b.hint {
		t.Error("two seats have one hint: their masks are the same")
	}
	context := message.Digest{}
	for i, u := range m.trustees(t, b) {
		if _, err := u.session.Open(nil, a.sessions.With[i].Seal(nil, nil, &context), &context); err == nil {
			t.Errorf("two seats share the session with trustee %d", i)
		}
	}
}

func TestAuctioneerEnrols(t *testing.T) {
	m := newMarket(t, keys.X25519, dim)
	for i := range scheme.Trustees {
		session, raw, err := enrol.One(m.dir, message.RoleAuctioneer, "exchange", m.keys.Auctioneer, i)
		if err != nil {
			t.Fatal(err)
		}
		u := m.enrol(t, raw, i, "exchange", m.keys.Auctioneer.Public(), 0)
		context := message.Digest{1}
		if got, err := session.Open(nil, u.session.Seal(nil, []byte("shares"), &context), &context); err != nil || string(got) != "shares" {
			t.Errorf("trustee %d's shares arrive as %q: %v", i, got, err)
		}
		other := (i + 1) % scheme.Trustees
		n, err := m.dir.Epoch().DecodeEnrolment(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.keys.Trustees[other].Period.Open(n.Info(m.dir.Epoch()), n.Box); err == nil {
			t.Errorf("trustee %d opens the enrolment with trustee %d", other, i)
		}
	}
}

func TestEnrolWithNobody(t *testing.T) {
	encrypted, plaintext := newMarket(t, keys.X25519, dim), newMarket(t, "", dim)
	for _, tc := range []struct {
		m       *market
		trustee int
	}{{encrypted, -1}, {encrypted, 3}, {plaintext, 0}} {
		_, _, err := enrol.One(tc.m.dir, message.RoleAuctioneer, "exchange", tc.m.keys.Auctioneer, tc.trustee)
		if err == nil || !strings.Contains(err.Error(), "there is no trustee") {
			t.Errorf("trustee %d: %v", tc.trustee, err)
		}
	}
}
