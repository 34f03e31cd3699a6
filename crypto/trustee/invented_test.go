package trustee

import (
	"errors"
	"testing"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// invented is an answer that an auctioneer makes up in the name of a seat.
func (m *market) invented(seat string, r *message.Request, like *message.Answer) *message.Answer {
	a := &message.Answer{Request: r.Digest, Bid: like.Bid}
	a.Seat = seat
	for i := range a.Boxes {
		a.Boxes[i] = make([]byte, len(like.Boxes[i]))
	}
	return a
}

// Bidders that an auctioneer invents have no bids, and change nothing about those of others.
func TestInventedBiddersHaveNoBids(t *testing.T) {
	m := newMarket(t, keys.X25519)
	for seat, want := range map[string]message.Status{
		"ghost":  unknown, // not in the directory
		outsider: unknown, // in the directory, has not enrolled
		"cato":   unknown, // has enrolled, with another hint
	} {
		t.Run(seat, func(t *testing.T) {
			m := m.in(t)
			r := m.ask(opportunity())
			bolt := m.answer("bolt", r)
			m.statuses(m.close(r, m.answer("acme-1", r), bolt, m.invented(seat, r, bolt)), 2, [3]message.Status{want, want, want})
		})
	}
	t.Run("cato with its own hint", func(t *testing.T) {
		m := m.in(t)
		r := m.ask(opportunity())
		cato := m.answer("cato", r)
		m.statuses(m.close(r, m.answer("acme-1", r), m.answer("bolt", r), m.invented("cato", r, cato)), 2, [3]message.Status{badBox, badBox, badBox})
	})
	t.Run("ghost with sessions of its own", func(t *testing.T) {
		m := m.in(t)
		r := m.ask(opportunity())
		n := &insider{m: m, seat: "ghost", hint: make([]uint32, m.dir.Params().N())}
		for i := range n.sessions {
			key := keys.NewSessionKey()
			raw := m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: n.seat, Sequence: 1}, m.keys.Auctioneer, i, key, n.hint, nil)
			if err := m.trustees[i].Enrol(raw); err == nil {
				t.Error("a seat that is not in the directory enrols")
			}
			n.sessions[i], _ = keys.NewSession(key)
		}
		made := n.answer(r.Digest, []message.Lane{{Cap: message.NoCap}}, []uint32{scheme.Lane(10)}, nil)
		m.statuses(m.close(r, m.answer("acme-1", r), m.answer("bolt", r), made), 2, [3]message.Status{unknown, unknown, unknown})
	})
}

// A request may demand that several organisations have bid, because seats in league can read the user's features out of a
// price that is set among them. Seats of one organisation count once, and what does not open has not bid: an auctioneer
// that helps the league must not be able to invent the others.
func TestTooFewOrganisations(t *testing.T) {
	m := newMarket(t, keys.X25519)
	demand := func(n int) *message.Request { return m.ask(with(func(o *agent.Opportunity) { o.MinOrgs = n })) }
	m.works(m.sell(demand(3)))
	for _, tc := range []struct {
		name   string
		demand int
		make   func(r *message.Request) *closed
		refuse bool
	}{
		{"two seats of one organisation", 2, func(r *message.Request) *closed {
			return m.close(r, m.answer("acme-1", r), m.answer("acme-2", r))
		}, true},
		{"the same, if one organisation is enough", 1, func(r *message.Request) *closed {
			return m.close(r, m.answer("acme-1", r), m.answer("acme-2", r))
		}, false},
		{"two organisations", 2, func(r *message.Request) *closed {
			return m.close(r, m.answer("acme-1", r), m.answer("bolt", r))
		}, false},
		{"nobody", 1, func(r *message.Request) *closed { return m.close(r) }, true},
		{"four where there are three", 4, m.sell, true},
		{"a seat that is not in the directory", 2, func(r *message.Request) *closed {
			acme := m.answer("acme-1", r)
			return m.close(r, acme, m.invented("ghost", r, acme))
		}, true},
		{"a seat that has not enrolled", 2, func(r *message.Request) *closed {
			acme := m.answer("acme-1", r)
			return m.close(r, acme, m.invented(outsider, r, acme))
		}, true},
		{"a seat that has not answered", 2, func(r *message.Request) *closed {
			cato := m.answer("cato", r)
			return m.close(r, m.answer("acme-1", r), m.invented("cato", r, cato))
		}, true},
		{"an answer to another request", 2, func(r *message.Request) *closed {
			return m.close(r, m.answer("acme-1", r), m.answer("cato", demand(2)))
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			c := tc.make(demand(tc.demand))
			for i, err := range m.refusals(c) {
				if tc.refuse && !errors.Is(err, ErrFewOrgs) || !tc.refuse && err != nil {
					t.Errorf("trustee %d: %v", i, err)
				}
			}
		})
	}
}

// More lanes leak more through winner and price. The limit is the request's, on all bidders together, and a seat bids once.
func TestTooManyLanes(t *testing.T) {
	m := newMarket(t, keys.X25519)
	limit := func(n int) *message.Request { return m.ask(with(func(o *agent.Opportunity) { o.MaxLanes = n })) }
	m.works(m.sell(limit(4 * 2 * campaigns)))
	m.allRefuse(m.sell(limit(4*2*campaigns-1)), wire.ErrMalformed)

	r := limit(256)
	acme, bolt := m.answer("acme-1", r), m.answer("bolt", r)
	m.works(m.close(r, acme, bolt))
	m.allRefuse(m.close(r, acme, bolt, acme), wire.ErrMalformed)
}
