package trustee

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// alter returns a request with other terms or ciphertext under the old signature and the old boxes.
func (m *market) alter(r *message.Request, edit func(t *message.Terms, c0, b []byte)) *message.Request {
	m.tb.Helper()
	e := m.dir.Epoch()
	out := *r
	out.C0, out.B = slices.Clone(r.C0), slices.Clone(r.B)
	var err error
	if out.Terms, err = e.DecodeTerms(r.RawTerms); err != nil {
		m.tb.Fatal(err)
	}
	edit(out.Terms, out.C0, out.B)
	if out.RawTerms, err = e.EncodeTerms(out.Terms); err != nil {
		m.tb.Fatal(err)
	}
	out.Digest = message.RequestDigest(out.RawTerms, scheme.HashPacked(out.C0), scheme.HashPacked(out.B))
	return &out
}

// resign returns a request that its publisher has signed again.
func (m *market) resign(r *message.Request) *message.Request {
	out := *r
	out.Signature = m.keys.Publishers[r.Terms.Publisher].Sign(keys.DomainRequest, r.Digest)
	return &out
}

// reseal returns altered, signed again and with the sub-keys of original boxed for it. Only the user agent could do so: it
// shows what an attack would give if boxes were not bound to their request.
func (m *market) reseal(altered, original *message.Request) *message.Request {
	m.tb.Helper()
	out := m.resign(altered)
	for i := range out.Boxes {
		subKeys, err := m.keys.Trustees[i].Period.Open(message.UserBoxInfo(&original.Digest, i), original.Boxes[i][1:])
		if err != nil {
			m.tb.Fatal(err)
		}
		out.Boxes[i] = m.boxFor(out, i, subKeys)
	}
	return out
}

// boxFor boxes something for trustee i as a user agent without sessions does.
func (m *market) boxFor(r *message.Request, i int, plaintext []byte) []byte {
	m.tb.Helper()
	box, err := m.dir.TrusteeKey(i).Seal(message.UserBoxInfo(&r.Digest, i), plaintext)
	if err != nil {
		m.tb.Fatal(err)
	}
	return (&message.UserBox{Box: box}).Encode()
}

// refusals asks all three trustees to open, and returns their errors.
func (m *market) refusals(c *closed) (errs [scheme.Trustees]error) {
	m.tb.Helper()
	for i := range errs {
		_, errs[i] = m.open(c, i)
	}
	return errs
}

// allRefuse requires that every trustee refuses with an error that wraps target.
func (m *market) allRefuse(c *closed, target error) {
	m.tb.Helper()
	for i, err := range m.refusals(c) {
		if !errors.Is(err, target) {
			m.tb.Errorf("trustee %d: %v, want %v", i, err, target)
		}
	}
}

// noBoxOpens requires that every trustee fails to open the user agent's box.
func (m *market) noBoxOpens(c *closed) {
	m.tb.Helper()
	for i, err := range m.refusals(c) {
		if err == nil || !strings.Contains(err.Error(), "box does not open") {
			m.tb.Errorf("trustee %d: %v, want a box that does not open", i, err)
		}
	}
}

// alterations are what somebody on the way may want to change about a request.
var alterations = []struct {
	name string
	edit func(t *message.Terms, c0, b []byte)
	bad  error // what stops it even when boxes are made for it
}{
	{"ciphertext", func(_ *message.Terms, c0, _ []byte) { c0[100] ^= 1 }, nil},
	{"public key b", func(_ *message.Terms, _, b []byte) { b[100] ^= 1 }, scheme.ErrForgedB},
	{"digest of a share of b", func(t *message.Terms, _, _ []byte) { t.BDigests[1][0] ^= 1 }, scheme.ErrForgedB},
	{"context", func(t *message.Terms, _, _ []byte) { t.Attrs[0].Value = "22" }, nil},
	{"context of an imp", func(t *message.Terms, _, _ []byte) { t.Imps[1].Attrs = []message.Attr{{Key: "size", Value: "1x1"}} }, nil},
	{"floor", func(t *message.Terms, _, _ []byte) { t.Imps[0].Floor = 0 }, nil},
	{"price rule", func(t *message.Terms, _, _ []byte) { t.PriceRule = message.FirstPrice }, nil},
	{"cap", func(t *message.Terms, _, _ []byte) { t.Cap = 101 }, nil},
	{"grid", func(t *message.Terms, _, _ []byte) { t.GridBits = 12 }, nil},
	{"limit on lanes", func(t *message.Terms, _, _ []byte) { t.MaxLanes = 2048 }, nil},
	{"least number of organisations", func(t *message.Terms, _, _ []byte) { t.MinOrgs = 0 }, nil},
	{"expiry", func(t *message.Terms, _, _ []byte) { t.Expiry = t.Expiry.Add(10 * time.Second) }, nil},
	{"auction id", func(t *message.Terms, _, _ []byte) { t.Auction[0] ^= 1 }, nil},
}

// Whoever alters a request on the way breaks the publisher's signature. A publisher that alters the request of a user agent can
// sign it again, but is left with boxes that do not open. With boxes that are not bound to their request nothing would stop it.
func TestAlteredRequestIsRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	r := m.ask(opportunity())
	m.works(m.sell(r))
	for _, tc := range alterations {
		t.Run(tc.name, func(t *testing.T) {
			m := m.in(t)
			altered := m.alter(r, tc.edit)
			if altered.Digest == r.Digest {
				t.Fatal("the digest does not bind it")
			}
			c := m.sell(altered)
			signed, resealed := *c, *c
			signed.request = m.resign(altered)
			resealed.request = m.reseal(altered, r)
			m.allRefuse(c, keys.ErrSignature)
			m.noBoxOpens(&signed)
			if tc.bad != nil {
				m.allRefuse(&resealed, tc.bad)
				return
			}
			m.openAll(&resealed)
		})
	}
}

// The boxes of one request do not serve the ciphertext of another, whichever terms go with it.
func TestSwappedCiphertextIsRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	one, two := m.ask(opportunity()), m.ask(opportunity())
	m.works(m.sell(one))
	m.works(m.sell(two))
	for name, edit := range map[string]func(t *message.Terms, c0, b []byte){
		"c0":       func(_ *message.Terms, c0, _ []byte) { copy(c0, two.C0) },
		"b":        func(_ *message.Terms, _, b []byte) { copy(b, two.B) },
		"c0 and b": func(_ *message.Terms, c0, b []byte) { copy(c0, two.C0); copy(b, two.B) },
		"c0, b and b's parts": func(t *message.Terms, c0, b []byte) {
			copy(c0, two.C0)
			copy(b, two.B)
			t.BDigests = two.Terms.BDigests
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := m.in(t)
			spliced := m.alter(one, edit)
			c := m.sell(spliced)
			m.allRefuse(c, keys.ErrSignature)
			c.request = m.resign(spliced)
			m.noBoxOpens(c) // the first request's boxes
			c.request.Boxes = two.Boxes
			m.noBoxOpens(c) // the second's
		})
	}
	t.Run("boxes of the other request", func(t *testing.T) {
		c := m.sell(m.ask(opportunity()))
		m.works(c)
		c.request.Boxes = two.Boxes
		m.in(t).noBoxOpens(c)
	})
	t.Run("boxes in another order", func(t *testing.T) {
		c := m.sell(m.ask(opportunity()))
		m.works(c)
		c.request.Boxes[0], c.request.Boxes[1], c.request.Boxes[2] = c.request.Boxes[1], c.request.Boxes[2], c.request.Boxes[0]
		m.in(t).noBoxOpens(c)
	})
}

// A sealed request must not be opened, and cannot be turned into an open one.
func TestSealedCannotBeDowngradedToOpen(t *testing.T) {
	m := newMarket(t, keys.X25519)
	m.works(m.sell(m.ask(opportunity())))
	sealed := m.ask(with(func(o *agent.Opportunity) { o.Mode = message.Sealed }))
	m.allRefuse(m.sell(sealed), ErrMode)

	downgraded := m.alter(sealed, func(t *message.Terms, _, _ []byte) { t.Mode = message.Open })
	c := m.sell(downgraded)
	m.allRefuse(c, keys.ErrSignature)
	c.request = m.resign(downgraded)
	m.noBoxOpens(c)
	c.request = m.reseal(downgraded, sealed) // what the binding of the boxes prevents
	m.works(c)
}
