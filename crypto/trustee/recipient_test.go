package trustee

import (
	"errors"
	"testing"

	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// A recipient that has not enrolled gets nothing, and can have what it asked for once it has.
func TestRecipientThatHasNotEnrolled(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	for i := range m.trustees {
		m.stop(i)
		m.folders[i] = t.TempDir()
		m.start(i, m.boot)
		for _, id := range m.enrolled {
			if err := m.trustees[i].Enrol(m.seats[id].Enrolments()[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.allRefuse(c, ErrNotEnrol)
	// A bidder's session is none of the auctioneer's, even if it goes by its name.
	if s, err := enrol.New(m.dir, message.RoleBidder, "exchange", m.keys.Auctioneer, make([]uint32, m.dir.Params().N())); err != nil {
		t.Fatal(err)
	} else if m.trustees[0].Enrol(s.Messages[0]) == nil {
		t.Error("the auctioneer enrols as a bidder")
	}
	m.allRefuse(c, ErrNotEnrol)
	for i := range m.trustees {
		m.enrolAuctioneer(i)
	}
	m.works(c)
}

// Only the auctioneer closes an auction. What somebody else tags does not use the request up.
func TestManifestOfSomebodyElse(t *testing.T) {
	m := newMarket(t, keys.X25519)
	m.works(m.sell(m.ask(opportunity())))
	stranger, err := keys.NewSession(keys.NewSessionKey())
	if err != nil {
		t.Fatal(err)
	}
	c := m.sell(m.ask(opportunity()))
	for name, tag := range map[string]func(raw []byte, i int) []byte{
		"stranger":                           func(raw []byte, i int) []byte { return m.tag(stranger, raw, i) },
		"auctioneer, about something else":   func(_ []byte, i int) []byte { return m.tag(m.sessions[i], c.raw, i) },
		"auctioneer, to another trustee":     func(raw []byte, i int) []byte { return m.tag(m.sessions[i], raw, (i+1)%3) },
		"auctioneer, with another's session": func(raw []byte, i int) []byte { return m.tag(m.sessions[(i+1)%3], raw, i) },
		"nobody":                             func([]byte, int) []byte { return make([]byte, message.BoxOverhead) },
	} {
		t.Run(name, func(t *testing.T) {
			m := m.in(t)
			forged := m.shorter(c)
			forged.tag = func(i int) []byte { return tag(forged.raw, i) }
			m.allRefuse(forged, ErrNotEnrol)
		})
	}
	m.works(c)
	t.Run("of another request", func(t *testing.T) {
		m := m.in(t)
		c, other := m.sell(m.ask(opportunity())), m.sell(m.ask(opportunity()))
		mixed := *c
		mixed.answers, mixed.manifest, mixed.raw = other.answers, other.manifest, other.raw
		for i, err := range m.refusals(&mixed) {
			if err == nil || errors.Is(err, ErrReplay) {
				t.Errorf("trustee %d: %v", i, err)
			}
		}
		m.works(c)
		m.works(other)
	})
}
