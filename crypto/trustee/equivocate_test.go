package trustee

import (
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// statuses requires what each trustee makes of one entry, and that every other entry is opened, to the right log-bids.
func (m *market) statuses(c *closed, entry int, want [scheme.Trustees]message.Status) {
	m.tb.Helper()
	all := m.openAll(c)
	for i, s := range all {
		if got := s.Entries[entry].Status; got != want[i] {
			m.tb.Errorf("trustee %d on the entry of %q: %s, want %s", i, c.manifest.Entries[entry].Seat, got, want[i])
		}
		if z := s.Entries[entry].Z; want[i] != message.Opened && (z[0] != nil || z[1] != nil) {
			m.tb.Errorf("trustee %d has shares of an entry that is %s", i, want[i])
		}
	}
	for e := range c.manifest.Entries {
		if e == entry {
			continue
		}
		for _, pair := range pairs {
			seat := c.manifest.Entries[e].Seat
			if n := near(m.weights[seat], c, e, add(m.tb, all, pair, e)); n != len(c.manifest.Entries[e].Lanes) {
				m.tb.Errorf("trustees %v open %d lanes of %q right, which has done nothing", pair, n, seat)
			}
		}
	}
}

const (
	opened        = message.Opened
	unknown       = message.UnknownBidder
	badBox        = message.BadBox
	badCommitment = message.BadCommitment
)

// A bidder that tells trustees different things is found out by the one that holds something else than was committed to. It
// costs nobody but the bidder anything.
func TestBidderThatEquivocates(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 1)
	flip := func(trustee, at int) func(int, []byte) []byte {
		return func(i int, plaintext []byte) []byte {
			if i == trustee {
				plaintext[at%len(plaintext)] ^= 1
			}
			return plaintext
		}
	}
	half := message.PartsBytes(2*campaigns) / 2
	for _, tc := range []struct {
		name   string
		tamper func(trustee int, plaintext []byte) []byte
		want   [scheme.Trustees]message.Status
	}{
		{"honest", nil, [3]message.Status{opened, opened, opened}},
		{"salt of trustee 0's first part", flip(0, 0), [3]message.Status{badCommitment, opened, opened}},
		{"trustee 0's first part", flip(0, message.SaltBytes), [3]message.Status{badCommitment, opened, opened}},
		{"trustee 1's second part", flip(1, half+message.SaltBytes), [3]message.Status{opened, badCommitment, opened}},
		{"trustee 2's last byte", flip(2, 2*half-1), [3]message.Status{opened, opened, badCommitment}},
		{"parts in the wrong order", func(i int, b []byte) []byte {
			if i == 1 {
				b = append(b[half:len(b):len(b)], b[:half]...)
			}
			return b
		}, [3]message.Status{opened, badCommitment, opened}},
		{"every trustee gets something else", func(i int, b []byte) []byte {
			b[message.SaltBytes] ^= byte(1 << i)
			return b
		}, [3]message.Status{badCommitment, badCommitment, badCommitment}},
		{"a box that is too short", func(i int, b []byte) []byte { return b[:len(b)-4*(i&1)] }, [3]message.Status{opened, badBox, opened}},
		{"a box that is too long", func(i int, b []byte) []byte { return append(b, make([]byte, i&1)...) }, [3]message.Status{opened, badBox, opened}},
		{"empty boxes", func(int, []byte) []byte { return nil }, [3]message.Status{badBox, badBox, badBox}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			r := m.ask(opportunity())
			lanes, y := n.lanes(r)
			c := m.close(r, m.answer("acme-1", r), n.answer(r.Digest, lanes, y, tc.tamper), m.answer("bolt", r))
			m.statuses(c, 1, tc.want)
		})
	}
}

// Boxes that do not open: altered after they were sealed and listed as such, sealed in another session, or for somebody else.
func TestBoxesThatDoNotOpen(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 1)
	for _, tc := range []struct {
		name string
		edit func(a *message.Answer)
		want [scheme.Trustees]message.Status
	}{
		{"honest", func(*message.Answer) {}, [3]message.Status{opened, opened, opened}},
		{"a bit flipped", func(a *message.Answer) { a.Boxes[0][40] ^= 1 }, [3]message.Status{badBox, opened, opened}},
		{"truncated", func(a *message.Answer) { a.Boxes[1] = a.Boxes[1][:20] }, [3]message.Status{opened, badBox, opened}},
		{"missing", func(a *message.Answer) { a.Boxes[2] = nil }, [3]message.Status{opened, opened, badBox}},
		{"swapped", func(a *message.Answer) { a.Boxes[0], a.Boxes[1] = a.Boxes[1], a.Boxes[0] }, [3]message.Status{badBox, badBox, opened}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			r := m.ask(opportunity())
			a := n.honest(r)
			tc.edit(a)
			m.statuses(m.close(r, m.answer("acme-1", r), m.answer("bolt", r), a), 2, tc.want)
		})
	}
}

// Whatever the manifest says about a bid is bound to the boxes: an auctioneer that lists a bid otherwise than it was made is
// left with boxes that do not open. Parts cannot differ between their two holders, since their commitments cannot.
func TestBidListedOtherwiseThanMade(t *testing.T) {
	m := newMarket(t, keys.X25519)
	for _, tc := range []struct {
		name string
		edit func(e *message.Entry)
		want message.Status
	}{
		{"as made", func(*message.Entry) {}, opened},
		{"commitment 0", func(e *message.Entry) { e.Commitments[0][0] ^= 1 }, badBox},
		{"commitment 1", func(e *message.Entry) { e.Commitments[1][31] ^= 1 }, badBox},
		{"commitment 2", func(e *message.Entry) { e.Commitments[2][0] ^= 1 }, badBox},
		{"a lane's imp", func(e *message.Entry) { e.Lanes[campaigns].Imp = 0; e.Lanes = e.Lanes[campaigns:] }, badBox},
		{"a lane's campaign", func(e *message.Entry) { e.Lanes[2*campaigns-1].Campaign++ }, badBox},
		{"a lane's cap", func(e *message.Entry) { e.Lanes[0].Cap-- }, badBox},
		{"a lane less", func(e *message.Entry) { e.Lanes = e.Lanes[1:] }, badBox},
		{"a lane more", func(e *message.Entry) { e.Lanes = append(e.Lanes, message.Lane{Imp: 1, Campaign: campaigns}) }, badBox},
		{"another seat", func(e *message.Entry) { e.Seat = "acme-2" }, unknown},
		{"another hint", func(e *message.Entry) { e.Hint[0] ^= 1 }, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			r := m.ask(opportunity())
			c := m.close(r, m.answer("acme-1", r), m.answer("bolt", r), m.answer("cato", r))
			tc.edit(&c.manifest.Entries[0])
			m.statuses(m.signed(c), 0, [3]message.Status{tc.want, tc.want, tc.want})
		})
	}
}

// A seat cannot be listed under the hint and session of another, even of its own organisation.
func TestSeatUnderAnothersHint(t *testing.T) {
	m := newMarket(t, keys.X25519)
	r := m.ask(opportunity())
	c := m.close(r, m.answer("acme-1", r), m.answer("bolt", r), m.answer("cato", r))
	own := c.manifest.Entries[0].Hint
	c.manifest.Entries[0].Hint = c.manifest.Entries[1].Hint
	m.statuses(m.signed(c), 0, [3]message.Status{unknown, unknown, unknown})

	r = m.ask(opportunity())
	c = m.close(r, m.answer("acme-1", r), m.answer("bolt", r), m.answer("cato", r))
	if c.manifest.Entries[0].Hint != own {
		t.Error("a seat's hint depends on the request")
	}
	m.works(c)
}
