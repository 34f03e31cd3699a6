package trustee

import (
	"errors"
	"testing"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// sessionAgent is an agent of a publisher that has sessions with all trustees.
func (m *market) sessionAgent(publisher string) (*agent.Agent, *enrol.Sessions) {
	m.tb.Helper()
	a, err := agent.New(m.dir, m.scheme, publisher, m.keys.Publishers[publisher])
	if err != nil {
		m.tb.Fatal(err)
	}
	s, err := a.NewSessions()
	if err != nil {
		m.tb.Fatal(err)
	}
	for i, t := range m.trustees {
		if err := t.Enrol(s.Messages[i]); err != nil {
			m.tb.Fatal(err)
		}
	}
	a.Use(s)
	return a, s
}

func (m *market) askBy(a *agent.Agent) *message.Request {
	m.tb.Helper()
	raw, _, err := a.Request(opportunity())
	if err != nil {
		m.tb.Fatal(err)
	}
	r, err := m.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		m.tb.Fatal(err)
	}
	return r
}

// A box in a publisher's session stands for its signature; one to the period key does not.
func TestSessionBoxNeedsNoSignature(t *testing.T) {
	m := newMarket(t, keys.X25519)
	a, _ := m.sessionAgent("news")
	c := m.sell(m.askBy(a))
	clear(c.request.Signature)
	m.works(c)
	a.Use(nil)
	c = m.sell(m.askBy(a))
	signature := append([]byte(nil), c.request.Signature...)
	clear(c.request.Signature)
	m.allRefuse(c, keys.ErrSignature)
	c.request.Signature = signature
	m.works(c)
}

func TestSessionBoxesAreBound(t *testing.T) {
	m := newMarket(t, keys.X25519)
	a, _ := m.sessionAgent("news")
	shop, _ := m.sessionAgent("shop")
	r, other := m.askBy(a), m.askBy(a)
	m.works(m.sell(other))
	honest := m.sell(r)
	for name, forge := range map[string]func(r *message.Request){
		"boxes of another request": func(r *message.Request) { r.Boxes = other.Boxes },
		"boxes in another order":   func(r *message.Request) { r.Boxes[0], r.Boxes[1], r.Boxes[2] = r.Boxes[1], r.Boxes[2], r.Boxes[0] },
		"boxes of another publisher": func(r *message.Request) {
			r.Boxes = m.askBy(shop).Boxes
		},
		"a bit flipped": func(r *message.Request) {
			for i := range r.Boxes {
				r.Boxes[i] = append([]byte(nil), r.Boxes[i]...)
				r.Boxes[i][30] ^= 1
			}
		},
		"called a box to the period key": func(r *message.Request) {
			for i := range r.Boxes {
				r.Boxes[i] = append([]byte{0}, r.Boxes[i][9:]...)
			}
		},
		"empty": func(r *message.Request) { r.Boxes = [scheme.Trustees][]byte{} },
	} {
		t.Run(name, func(t *testing.T) {
			m := m.in(t)
			forged := *r
			forge(&forged)
			c := *honest
			c.request = &forged
			for i, err := range m.refusals(&c) {
				if err == nil {
					t.Errorf("trustee %d opened the auction", i)
				}
			}
		})
	}
	m.works(honest)
}

// Sessions survive a trustee's restart, belong to their publisher, and are named by their sequence.
func TestSessionsOfPublishers(t *testing.T) {
	m := newMarket(t, keys.X25519)
	a, first := m.sessionAgent("news")
	early := m.askBy(a)
	b, _ := m.sessionAgent("news") // another server of the same publisher
	m.works(m.sell(m.askBy(b)))
	m.works(m.sell(early))

	for i := range m.trustees {
		m.kill(i)
		m.start(i, m.boot)
	}
	m.works(m.sell(m.askBy(a)))

	unknown := *first
	unknown.Sequence++
	a.Use(&unknown)
	m.allRefuse(m.sell(m.askBy(a)), ErrNoSession)
	for i, err := range m.refusals(m.sell(m.askBy(a))) {
		if errors.Is(err, ErrNotEnrol) {
			t.Errorf("trustee %d blames the auctioneer", i)
		}
	}
}

// A publisher's servers enrol in any order, and again; only what is older than the newest sessions is refused.
func TestSessionsOfServersInAnyOrder(t *testing.T) {
	m := newMarket(t, keys.X25519)
	enrolOne := func(sequence uint64) error {
		raw := m.enrolment(message.Enrolment{Role: message.RolePublisher, ID: "news", Sequence: sequence}, m.keys.Publishers["news"], 0, keys.NewSessionKey(), nil, nil)
		return m.trustees[0].Enrol(raw)
	}
	for sequence := uint64(2 * sessionsPerPublisher); sequence > 0; sequence -= 2 {
		if err := enrolOne(sequence); err != nil {
			t.Fatalf("session %d: %v", sequence, err)
		}
	}
	if err := enrolOne(4); !errors.Is(err, ErrOldEnrolment) {
		t.Errorf("a known session again: %v", err)
	}
	if err := enrolOne(1); !errors.Is(err, ErrManyEnrolments) {
		t.Errorf("a session older than all that are kept: %v", err)
	}
	if err := enrolOne(3); err != nil {
		t.Errorf("a session among the newest: %v", err)
	}
	if m.trustees[0].roll.publisher("news", 2) != nil || m.trustees[0].roll.publisher("news", 3) == nil {
		t.Error("the oldest session was not displaced")
	}
	m.kill(0)
	m.start(0, m.boot)
	if m.trustees[0].roll.publisher("news", 2) != nil || m.trustees[0].roll.publisher("news", 3) == nil {
		t.Error("a restart keeps other sessions")
	}
}
