package trustee

import (
	"errors"
	"strings"
	"testing"

	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/wire"
)

// boxIn makes a session box for trustee i that holds the given sub-keys.
func boxIn(s *enrol.Sessions, r *message.Request, i int, subKeys []byte) []byte {
	context := message.UserBoxContext(&r.Digest, i)
	return (&message.UserBox{Session: true, Sequence: s.Sequence, Box: s.With[i].Seal(nil, subKeys, &context)}).Encode()
}

// reboxed is the same auction with other boxes of the user agent.
func reboxed(c *closed, box func(i int) []byte) *closed {
	r, out := *c.request, *c
	for i := range r.Boxes {
		r.Boxes[i] = box(i)
	}
	out.request = &r
	return &out
}

// Boxes in a publisher's sessions do what boxes to the period keys do, also after a restart. They show by themselves who made
// the request, so that trustees need not look at its signature.
func TestBoxesInAPublishersSession(t *testing.T) {
	m := newMarket(t, keys.Hybrid)
	a, _ := m.sessionAgent("news")
	c := m.sell(m.askBy(a))
	m.works(c)
	if n := len(c.request.Boxes[0]); n != 1+8+message.BoxOverhead+64 {
		t.Errorf("a box has %d bytes", n)
	}
	for i := range m.trustees {
		m.kill(i)
		m.start(i, m.boot)
	}
	m.works(c)
	m.allRefuse(m.shorter(c), ErrReplay)
	c.request.Signature = make([]byte, len(c.request.Signature)) // is for bidders and the auctioneer
	m.works(c)
}

// What stops an altered request when boxes are to the period keys stops it in sessions, too.
func TestAlteredRequestInASession(t *testing.T) {
	m := newMarket(t, keys.X25519)
	a, s := m.sessionAgent("news")
	r := m.askBy(a)
	m.works(m.sell(r))
	for _, tc := range alterations {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			altered := m.alter(r, tc.edit)
			c := m.sell(altered)
			m.noBoxOpens(c)
			c.request = m.resign(altered)
			m.noBoxOpens(c)
			bound := reboxed(c, func(i int) []byte { // what the publisher could do, or anybody if boxes were not bound
				u, err := message.DecodeUserBox(r.Boxes[i])
				if err != nil {
					t.Fatal(err)
				}
				context := message.UserBoxContext(&r.Digest, i)
				subKeys, err := s.With[i].Open(nil, u.Box, &context)
				if err != nil {
					t.Fatal(err)
				}
				return boxIn(s, altered, i, subKeys)
			})
			if tc.bad != nil {
				m.allRefuse(bound, tc.bad)
			} else {
				m.openAll(bound)
			}
		})
	}
}

// A box names its session by publisher and sequence number. In any other it does not open, and without one it needs the
// publisher's signature, since anybody can make it.
func TestBoxInTheWrongSession(t *testing.T) {
	m := newMarket(t, keys.X25519)
	a, s := m.sessionAgent("news")
	_, foreign := m.sessionAgent("shop")
	_, newer := m.sessionAgent("news")
	n := m.insider(outsider, 1)
	c := m.sell(m.askBy(a))
	m.works(c)
	boxOf := func(i int) message.UserBox {
		u, err := message.DecodeUserBox(c.request.Boxes[i])
		if err != nil {
			t.Fatal(err)
		}
		return *u
	}
	relabelled := func(sequence uint64) *closed {
		return reboxed(c, func(i int) []byte { u := boxOf(i); u.Sequence = sequence; return u.Encode() })
	}
	m.allRefuse(relabelled(s.Sequence+1), ErrNoSession)
	m.allRefuse(relabelled(foreign.Sequence), ErrNoSession)
	m.allRefuse(relabelled(1), ErrNoSession) // the insider's
	m.noBoxOpens(relabelled(newer.Sequence))
	m.noBoxOpens(reboxed(c, func(i int) []byte { u := boxOf((i + 1) % 3); return u.Encode() }))
	m.noBoxOpens(reboxed(c, func(i int) []byte { u := boxOf(i); u.Session = false; return u.Encode() }))
	m.noBoxOpens(reboxed(c, func(i int) []byte { // addressed to another trustee
		context := message.UserBoxContext(&c.request.Digest, (i+1)%3)
		u := message.UserBox{Session: true, Sequence: s.Sequence, Box: s.With[i].Seal(nil, nil, &context)}
		return u.Encode()
	}))
	m.allRefuse(reboxed(c, func(int) []byte { return nil }), wire.ErrMalformed)
	m.allRefuse(reboxed(c, func(int) []byte { return []byte{1, 2, 3} }), wire.ErrMalformed)
	m.allRefuse(reboxed(c, func(int) []byte { return []byte{2} }), wire.ErrMalformed)

	// Somebody who has a session of their own makes a request in the name of a publisher.
	k := make([]byte, 64)
	m.allRefuse(reboxed(c, func(i int) []byte { return boxIn(foreign, c.request, i, k) }), ErrNoSession)
	m.noBoxOpens(reboxed(c, func(i int) []byte {
		as := &enrol.Sessions{Sequence: s.Sequence, With: n.sessions}
		return boxIn(as, c.request, i, k)
	}))
	unsigned := reboxed(c, func(i int) []byte { return m.boxFor(c.request, i, k) })
	unsigned.request.Signature = m.keys.Publishers["shop"].Sign(keys.DomainRequest, c.request.Digest)
	m.allRefuse(unsigned, keys.ErrSignature)
	m.works(c)
}

// Sessions are the publisher's own, and a limited number for each.
func TestSessionsOfAPublisher(t *testing.T) {
	m := newMarket(t, keys.X25519)
	first, _ := m.sessionAgent("news")
	second, _ := m.sessionAgent("news")
	m.works(m.sell(m.askBy(first)))
	for range sessionsPerPublisher - 1 {
		m.sessionAgent("news")
	}
	m.allRefuse(m.sell(m.askBy(first)), ErrNoSession)
	m.works(m.sell(m.askBy(second)))
	if got, want := m.trustees[0].store.count(t, 'e'), len(m.enrolled)+1+sessionsPerPublisher; got != want {
		t.Errorf("%d enrolments are stored, want %d", got, want)
	}
	for _, tc := range []struct {
		name     string
		role     message.Role
		id       string
		identity keys.Identity
		want     string
	}{
		{"another publisher", message.RolePublisher, "news", m.keys.Publishers["shop"], keys.ErrSignature.Error()},
		{"a bidder as publisher", message.RolePublisher, "bolt", m.keys.Bidders["bolt"], "not in the directory"},
		{"a publisher as auctioneer", message.RoleAuctioneer, "news", m.keys.Publishers["news"], "not in the directory"},
		{"a publisher as the auctioneer", message.RoleAuctioneer, "exchange", m.keys.Publishers["news"], keys.ErrSignature.Error()},
	} {
		s, err := enrol.New(m.dir, tc.role, tc.id, tc.identity, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.trustees[0].Enrol(s.Messages[0]); err == nil || !strings.Contains(err.Error(), tc.want) || errors.Is(err, ErrOldEnrolment) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

// A publisher's servers enrol each for itself, so their sessions come in any order, but what is recorded cannot be played back:
// neither while it is known, nor after newer sessions have displaced it. So it stays after a restart.
func TestSessionsComeInAnyOrder(t *testing.T) {
	m := newMarket(t, keys.X25519)
	enrolment := func(sequence uint64) []byte {
		n := message.Enrolment{Role: message.RolePublisher, ID: "shop", Sequence: sequence}
		return m.enrolment(n, m.keys.Publishers["shop"], 0, keys.NewSessionKey(), nil, nil)
	}
	first := enrolment(50)
	for _, step := range []struct {
		raw  []byte
		want error
	}{
		{first, nil}, {enrolment(30), nil}, {enrolment(40), nil}, {first, ErrOldEnrolment}, {enrolment(40), ErrOldEnrolment},
	} {
		if err := m.trustees[0].Enrol(step.raw); !errors.Is(err, step.want) {
			t.Errorf("%v, want %v", err, step.want)
		}
	}
	for k := range uint64(sessionsPerPublisher) {
		if err := m.trustees[0].Enrol(enrolment(100 + k)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for _, raw := range [][]byte{first, enrolment(99)} {
			if err := m.trustees[0].Enrol(raw); !errors.Is(err, ErrManyEnrolments) {
				t.Errorf("older than all that are known: %v, want %v", err, ErrManyEnrolments)
			}
		}
		if got, want := m.trustees[0].store.count(t, 'e'), len(m.enrolled)+1+sessionsPerPublisher; got != want {
			t.Errorf("%d enrolments are stored, want %d", got, want)
		}
		m.kill(0)
		m.start(0, m.boot)
	}
}
