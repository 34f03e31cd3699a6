package trustee

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

func TestRankRefuses(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	t.Run("open ranking of a sealed request", func(t *testing.T) { w.in(t).allRefuse(c, ErrMode) })
	t.Run("sealed ranking of an open request", func(t *testing.T) {
		open := w.sell(w.ask(opportunity()))
		_, errs := w.answersOf(open, open.call(0, shortly), 0, 1, 2)
		for i, err := range errs {
			if !errors.Is(err, ErrMode) {
				t.Errorf("trustee %d: %v", i, err)
			}
		}
		w.works(open)
	})
	t.Run("no links", func(t *testing.T) {
		m := newMarket(t, keys.X25519)
		if _, err := m.trustees[0].Rank(nil, time.Now()); !errors.Is(err, ErrNoLinks) {
			t.Error(err)
		}
		if err := m.trustees[0].Receive(1, nil, time.Now()); !errors.Is(err, ErrNoLinks) {
			t.Error(err)
		}
	})
	t.Run("a trustee that is said to be absent", func(t *testing.T) {
		call := c.call(1, shortly)
		call.Absent = 2
		if _, err := w.rankAt(c, call, 2); err == nil || !strings.Contains(err.Error(), "said to be absent") {
			t.Error(err)
		}
	})
	t.Run("expired", func(t *testing.T) {
		raw := w.encodedCall(c, message.EncodeCall(c.call(3, shortly)), 0)
		if _, err := w.trustees[0].Rank(raw, c.request.Terms.Expiry); !errors.Is(err, message.ErrExpired) {
			t.Error(err)
		}
	})
	t.Run("for another trustee", func(t *testing.T) {
		raw := w.encodedCall(c, message.EncodeCall(c.call(3, shortly)), 0)
		if _, err := w.trustees[1].Rank(raw, time.Now()); err == nil {
			t.Error("served")
		}
	})
	t.Run("an open request's tag", func(t *testing.T) {
		tagged := *c
		tagged.tag = func(i int) []byte { return w.tag(w.sessions[i], c.raw, i) }
		if _, err := w.rankAt(&tagged, c.call(3, shortly), 0); !errors.Is(err, ErrNotEnrol) {
			t.Error(err)
		}
	})
	t.Run("too few organisations", func(t *testing.T) {
		r := w.ask(with(func(o *agent.Opportunity) { o.Mode, o.MinOrgs = message.Sealed, 2 }))
		few := w.close(r, w.answer("acme-1", r), w.answer("acme-2", r))
		_, errs := w.answersOf(few, few.call(0, shortly), 0, 1, 2)
		if err := errors.Join(errs[:]...); !errors.Is(err, ErrFewOrgs) {
			t.Error(err)
		}
	})
	w.ranks(c, c.call(4, patience))
}

// Who alters a call on the way is left with a tag that is not for it. An auctioneer that calls trustees differently gets nothing.
func TestAlteredCallIsRefused(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	for name, alter := range map[string]func(call *message.Call){
		"attempt": func(call *message.Call) { call.Attempt = 5 },
		"absent":  func(call *message.Call) { call.Absent = 1 },
		"wait":    func(call *message.Call) { call.Wait += time.Millisecond },
		"ticket":  func(call *message.Call) { call.Tickets[1].Number++ },
		"session": func(call *message.Call) { call.Tickets[0].Session[0]++ },
	} {
		honest, altered := c.call(1, shortly), c.call(1, shortly)
		alter(altered)
		for i := range w.trustees {
			if i == int(altered.Absent) {
				continue
			}
			digest := message.ManifestDigest(c.raw)
			context := message.CallContext(&digest, message.EncodeCall(honest), i)
			forged := *c
			forged.tag = func(i int) []byte { return w.sessions[i].Seal(nil, nil, &context) }
			if _, err := w.rankAt(&forged, altered, i); !errors.Is(err, ErrNotEnrol) {
				t.Errorf("%s altered: trustee %d: %v", name, i, err)
			}
		}
	}
	w.ranks(c, c.call(1, patience)) // no attempt was used up
}

// An auctioneer that gives trustees different manifests, attempts or tickets gets no outcome.
func TestCallsThatDiffer(t *testing.T) {
	w := newWired(t)
	for name, other := range map[string]func(c *closed) (*closed, *message.Call){
		"another manifest": func(c *closed) (*closed, *message.Call) { s := w.shorter(c); return s, s.call(0, shortly) },
		"another attempt":  func(c *closed) (*closed, *message.Call) { return c, c.call(3, shortly) },
		"another order":    func(c *closed) (*closed, *message.Call) { s := w.reversed(c); return s, s.call(0, shortly) },
	} {
		for odd := range scheme.Trustees {
			c := w.sealedSale()
			oc, ocall := other(c)
			var wait sync.WaitGroup
			var errs [scheme.Trustees]error
			for i := range errs {
				wait.Go(func() {
					if i == odd {
						_, errs[i] = w.rankAt(oc, ocall, i)
					} else {
						_, errs[i] = w.rankAt(c, c.call(0, shortly), i)
					}
				})
			}
			wait.Wait()
			evaluator := c.rolesOf(c.call(0, 0))[message.Evaluator]
			if errs[evaluator] == nil {
				t.Errorf("%s for trustee %d: %d evaluates", name, odd, evaluator)
			}
		}
	}
}

// reversed is the same auction closed with its answers in another order.
func (m *market) reversed(c *closed) *closed {
	answers := slices.Clone(c.answers)
	slices.Reverse(answers)
	return m.close(c.request, answers...)
}

// Answers of a rank go to the auctioneer only, each for its attempt.
func TestRankedOpensForTheRecipientOnly(t *testing.T) {
	w := newWired(t)
	n := w.insider(outsider, 1)
	c := w.sealedSale()
	call := c.call(0, patience)
	garbler := c.rolesOf(call)[message.Garbler]
	answer, err := w.trustees[garbler].Rank(w.encodedCall(c, message.EncodeCall(call), garbler), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	manifest := message.ManifestDigest(c.raw)
	for _, tc := range []struct {
		name    string
		session *keys.Session
		context message.Digest
		opens   bool
	}{
		{"recipient", w.sessions[garbler], message.RankedContext(&manifest, 0, garbler), true},
		{"another attempt's", w.sessions[garbler], message.RankedContext(&manifest, 1, garbler), false},
		{"another trustee's", w.sessions[garbler], message.RankedContext(&manifest, 0, (garbler+1)%3), false},
		{"as shares", w.sessions[garbler], message.SharesContext(&manifest, garbler), false},
		{"a bidder's session", n.sessions[garbler], message.RankedContext(&manifest, 0, garbler), false},
	} {
		if _, err := tc.session.Open(nil, answer, &tc.context); (err == nil) != tc.opens {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
