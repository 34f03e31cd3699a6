package trustee

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Adding b to c0 makes another valid ciphertext of the same features, and an insider can adapt its hint to it. The features
// could then be auctioned again and again, among other bidders, if the boxes were not bound to the ciphertext.
func TestRerandomisedCiphertextIsRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	e := m.elements()
	n := m.insider(outsider, 1)
	r := m.ask(opportunity())
	m.works(m.close(r, append(m.answers(r), n.honest(r))...))

	fresh := m.alter(r, func(_ *message.Terms, c0, b []byte) { // c0 + b: under (a2 + a, s) a ciphertext of the same x
		p := e.unpack(c0)
		e.Add(p, p, e.unpack(b))
		e.Pack(c0, p)
	})
	n.enrol(2, e.adaptedHint(n)) // w (a2 + a) + v a + e1 in place of w a2 + v a + e1
	n2 := m.insider("cato", 1<<63)
	c := m.close(fresh, n.honest(fresh), n2.honest(fresh))
	m.allRefuse(c, keys.ErrSignature)
	c.request = m.resign(fresh)
	m.noBoxOpens(c)

	c.request = m.reseal(fresh, r)
	all := m.openAll(c)
	for _, pair := range pairs {
		if got := near(n.m.weights[n.seat], c, 0, add(t, all, pair, 0)); got != 2*campaigns {
			t.Errorf("without the boxes' binding the insider reads %d of %d lanes: the attack is not shown", got, 2*campaigns)
		}
		if got := near(m.weights["cato"], c, 1, add(t, all, pair, 1)); got > 1 {
			t.Errorf("a bidder that did not adapt its hint has %d lanes right", got)
		}
	}
}

// A user agent that crafts b, to make the bidders' masks v b readable or small, can please the one trustee that lacks sub-key 2
// by naming a digest that fits, but not the two that hold it: no two trustees are left to open anything.
func TestCraftedBIsRefusedByThoseWhoHoldItsSubKey(t *testing.T) {
	m := newMarket(t, keys.X25519)
	e := m.elements()
	r := m.ask(opportunity())
	m.works(m.sell(r))
	seeds := m.subKeys(r)
	for j := range seeds {
		if e.digest(e.share(&seeds[j])) != r.Terms.BDigests[j] {
			t.Fatalf("b_%d is not what the sub-key makes it: the test's elements are wrong", j)
		}
	}
	craft := func(matching bool) *closed {
		crafted := m.alter(r, func(terms *message.Terms, _, b []byte) {
			delta := e.monomial(0)
			p := e.unpack(b)
			e.Add(p, p, delta)
			e.Pack(b, p)
			if matching {
				e.Add(delta, delta, e.share(&seeds[2]))
				terms.BDigests[2] = e.digest(delta)
			}
		})
		return m.sell(m.reseal(crafted, r)) // the attacker is the user agent: it makes boxes as it likes
	}
	m.allRefuse(craft(false), scheme.ErrForgedB)
	errs := m.refusals(craft(true))
	for _, holder := range []int{0, 1} {
		if !errors.Is(errs[holder], scheme.ErrForgedB) {
			t.Errorf("trustee %d, which holds sub-key 2: %v", holder, errs[holder])
		}
	}
	if errs[2] != nil {
		t.Errorf("trustee 2 cannot know, yet refuses: %v", errs[2])
	}
}

// A user agent that boxes other sub-keys to one trustee than to the others is refused by it.
func TestOtherSubKeysAreRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	k := m.subKeys(c.request)
	for _, tc := range []struct {
		name  string
		boxed []byte
		want  string // "" if it is opened
	}{
		{"those it should get", slices.Concat(k[1][:], k[2][:]), ""},
		{"a new sub-key", slices.Concat(k[1][:], make([]byte, lattice.SeedSize)), scheme.ErrForgedB.Error()},
		{"in the wrong order", slices.Concat(k[2][:], k[1][:]), scheme.ErrForgedB.Error()},
		{"another trustee's", slices.Concat(k[0][:], k[1][:]), scheme.ErrForgedB.Error()},
		{"one of them twice", slices.Concat(k[1][:], k[1][:]), scheme.ErrForgedB.Error()},
		{"one", k[1][:], "something else than two sub-keys"},
		{"three", slices.Concat(k[0][:], k[1][:], k[2][:]), "something else than two sub-keys"},
		{"none", nil, "something else than two sub-keys"},
	} {
		sent, tampered := *c.request, *c
		sent.Boxes[0] = m.boxFor(&sent, 0, tc.boxed)
		tampered.request = &sent
		_, err := m.open(&tampered, 0)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	m.noBoxOpens(reboxed(c, func(i int) []byte { // addressed to another trustee
		box, err := m.dir.TrusteeKey(i).Seal(message.UserBoxInfo(&c.request.Digest, (i+1)%3), nil)
		if err != nil {
			t.Fatal(err)
		}
		return (&message.UserBox{Box: box}).Encode()
	}))
}
