package trustee

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// A trustee takes an enrolment from a party in the directory only, signed by it, newer than its last, and for this trustee.
func TestEnrolmentsThatAreRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	hint := make([]uint32, m.dir.Params().N())
	own, key := m.keys.Bidders[outsider], keys.NewSessionKey()
	bidder := message.Enrolment{Role: message.RoleBidder, ID: outsider, Sequence: 7}
	make := func(n message.Enrolment, identity keys.Identity, trustee int, edit func(*message.Enrolment)) []byte {
		return m.enrolment(n, identity, trustee, key, hint, edit)
	}
	other, err := m.dir.Epoch().DecodeEnrolment(m.seats["bolt"].Enrolments()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		want error
		text string // where there is no error to compare with
	}{
		{name: "signed by another bidder", raw: make(bidder, m.keys.Bidders["bolt"], 0, nil), want: keys.ErrSignature},
		{name: "signed by the auctioneer", raw: make(bidder, m.keys.Auctioneer, 0, nil), want: keys.ErrSignature},
		{name: "for another trustee", raw: make(bidder, own, 1, nil), want: message.ErrPeriod},
		{name: "for another trustee, relabelled", raw: make(bidder, own, 1, func(n *message.Enrolment) { n.Trustee = m.dir.TrusteeKey(0).ID() }), text: "box does not open"},
		{name: "another sequence than boxed", raw: make(bidder, own, 0, func(n *message.Enrolment) { n.Sequence++ }), text: "box does not open"},
		{name: "another bidder's box", raw: make(bidder, own, 0, func(n *message.Enrolment) { n.Box = other.Box }), text: "box does not open"},
		{name: "another bidder's box and sequence", raw: make(bidder, own, 0, func(n *message.Enrolment) { n.Box, n.Sequence = other.Box, other.Sequence }), text: "box does not open"},
		{name: "unlisted bidder", raw: make(message.Enrolment{Role: message.RoleBidder, ID: "ghost", Sequence: 7}, own, 0, nil), text: "not in the directory"},
		{name: "bidder as auctioneer", raw: make(message.Enrolment{Role: message.RoleAuctioneer, ID: outsider, Sequence: 7}, own, 0, nil), text: "not in the directory"},
		{name: "auctioneer's name, bidder's key", raw: make(message.Enrolment{Role: message.RoleAuctioneer, ID: "exchange", Sequence: math.MaxUint64}, own, 0, nil), want: keys.ErrSignature},
		{name: "auctioneer as bidder", raw: make(message.Enrolment{Role: message.RoleBidder, ID: "exchange", Sequence: 7}, m.keys.Auctioneer, 0, nil), text: "not in the directory"},
		{name: "auctioneer with a hint", raw: make(message.Enrolment{Role: message.RoleAuctioneer, ID: "exchange", Sequence: math.MaxUint64}, m.keys.Auctioneer, 0, nil), want: wire.ErrMalformed},
		{name: "no hint", raw: m.enrolment(bidder, own, 0, key, nil, nil), want: wire.ErrMalformed},
		{name: "a hint that is too short", raw: m.enrolment(bidder, own, 0, key, hint[1:], nil), want: wire.ErrMalformed},
		{name: "a hint that is too long", raw: m.enrolment(bidder, own, 0, key, append(hint[:len(hint):len(hint)], 0), nil), want: wire.ErrMalformed},
		{name: "a short session key", raw: m.enrolment(bidder, own, 0, key[1:], hint, nil), want: wire.ErrMalformed},
		{name: "sent to another trustee", raw: m.seats["bolt"].Enrolments()[2], want: message.ErrPeriod},
		{name: "sent again", raw: m.seats["bolt"].Enrolments()[0], want: ErrOldEnrolment},
		{name: "an open request", raw: m.encoded(m.sell(m.ask(opportunity())), 0), want: wire.ErrMalformed},
		{name: "nothing", raw: nil, want: wire.ErrMalformed},
		{name: "a good one", raw: make(bidder, own, 0, nil)},
	} {
		err := m.trustees[0].Enrol(tc.raw)
		if !errors.Is(err, tc.want) && tc.text == "" || tc.text != "" && (err == nil || !strings.Contains(err.Error(), tc.text)) {
			t.Errorf("%s: %v, want %v%s", tc.name, err, tc.want, tc.text)
		}
		if err != nil && strings.Contains(err.Error(), string(key)) {
			t.Errorf("%s: the error shows the session key", tc.name)
		}
	}
	m.works(m.sell(m.ask(opportunity())))
}

// No part of an enrolment is an enrolment, and nothing that is refused leaves a trace.
func TestTruncatedEnrolment(t *testing.T) {
	m := newMarket(t, keys.Hybrid)
	hint := make([]uint32, m.dir.Params().N())
	raw := m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: outsider, Sequence: 7}, m.keys.Bidders[outsider], 0, keys.NewSessionKey(), hint, nil)
	for n := range raw {
		if err := m.trustees[0].Enrol(raw[:n]); !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("the first %d of %d bytes: %v", n, len(raw), err)
		}
	}
	if err := m.trustees[0].Enrol(append(raw[:len(raw):len(raw)], 0)); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("with a byte more: %v", err)
	}
	if err := m.trustees[0].Enrol(raw); err != nil {
		t.Error(err)
	}
}

// Recorded enrolments cannot be played back to bring an old session, and an old model's hint, back.
func TestOldEnrolmentIsRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 5)
	hint := n.hint
	enrol := func(sequence uint64) error {
		raw := m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: outsider, Sequence: sequence}, m.keys.Bidders[outsider], 0, keys.NewSessionKey(), hint, nil)
		return m.trustees[0].Enrol(raw)
	}
	for _, sequence := range []uint64{0, 4, 5} {
		if err := enrol(sequence); !errors.Is(err, ErrOldEnrolment) {
			t.Errorf("sequence %d after 5: %v", sequence, err)
		}
	}
	r := m.ask(opportunity())
	m.works(m.close(r, append(m.answers(r), n.honest(r))...))
	for i := range m.trustees {
		m.stop(i)
		m.start(i, m.boot)
	}
	for _, sequence := range []uint64{4, 5} {
		if err := enrol(sequence); !errors.Is(err, ErrOldEnrolment) {
			t.Errorf("sequence %d after 5 and a restart: %v", sequence, err)
		}
	}
	if err := enrol(6); err != nil {
		t.Error(err)
	}
}

// A seat's last few hints are kept, since answers under an old model may still be under way; older ones are forgotten, in
// memory and in the store, and so it stays after a restart.
func TestHintsOfASeatAreLimited(t *testing.T) {
	m := newMarket(t, keys.X25519)
	const models = hintsPerSeat + 2
	var versions [models]*insider
	for k := range versions {
		versions[k] = m.insider(outsider, uint64(k+1))
	}
	check := func() {
		t.Helper()
		for k, n := range versions {
			want := opened
			if k < models-hintsPerSeat {
				want = unknown
			}
			r := m.ask(opportunity())
			m.statuses(m.close(r, m.answer("bolt", r), n.honest(r), m.answer("cato", r)), 1, [scheme.Trustees]message.Status{want, want, want})
		}
	}
	check()
	want := len(m.enrolled) + 1 + hintsPerSeat // the auctioneer has one
	for i, trustee := range m.trustees {
		if got := trustee.store.count(t, 'e'); got != want {
			t.Errorf("trustee %d stores %d enrolments, want %d", i, got, want)
		}
		m.stop(i)
		m.start(i, m.boot)
	}
	check()
}

// The auctioneer has one session: a new one takes the place of the old.
func TestAuctioneerEnrolsAgain(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	old := m.sessions
	for i := range m.trustees {
		m.enrolAuctioneer(i)
	}
	m.works(c) // a retry, in the new session
	manifest := message.ManifestDigest(c.raw)
	for i, trustee := range m.trustees {
		sealed, err := trustee.Open(m.encoded(c, i), c.request.Terms.Issued)
		if err != nil {
			t.Fatal(err)
		}
		context := message.SharesContext(&manifest, i)
		if _, err := old[i].Open(nil, sealed, &context); err == nil {
			t.Errorf("trustee %d answers in the old session", i)
		}
		if got := trustee.store.count(t, 'e'); got != len(m.enrolled)+1 {
			t.Errorf("trustee %d stores %d enrolments, want %d", i, got, len(m.enrolled)+1)
		}
	}
}

// Enrolments that come at the same time leave no more behind than those that come one after another.
func TestConcurrentEnrolments(t *testing.T) {
	m := newMarket(t, keys.X25519)
	hint := make([]uint32, m.dir.Params().N())
	var raws [64][]byte
	for k := range raws {
		raws[k] = m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: outsider, Sequence: uint64(k + 1)}, m.keys.Bidders[outsider], 0, keys.NewSessionKey(), hint, nil)
	}
	var wg sync.WaitGroup
	for _, raw := range raws {
		wg.Go(func() {
			if err := m.trustees[0].Enrol(raw); err != nil && !errors.Is(err, ErrOldEnrolment) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, most := m.trustees[0].store.count(t, 'e'), len(m.enrolled)+1+hintsPerSeat; got > most {
		t.Errorf("%d enrolments are stored, at most %d are known", got, most)
	}
	m.works(m.sell(m.ask(opportunity())))
}
