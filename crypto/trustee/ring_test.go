package trustee

import (
	"crypto/sha256"
	"fmt"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// elements is what an attacker has that knows the published construction: the ring and the period's a.
type elements struct {
	m *market
	*lattice.Ring
	a lattice.Poly // transform in Montgomery form
}

func (m *market) elements() *elements {
	m.tb.Helper()
	ring, err := lattice.New(m.dir.Params())
	if err != nil {
		m.tb.Fatal(err)
	}
	period := sha256.Sum256(fmt.Appendf(nil, "cipherbid period v1 %q %d", m.dir.File().Market, m.dir.Period().Number))
	id := m.dir.Params().ID()
	seed := lattice.Seed(sha256.Sum256(append(append([]byte("cipherbid public elements v1"), id[:]...), period[:]...)))
	e := &elements{m, ring, ring.NewPoly()}
	ring.Uniform(ring.NewExpander(), e.a, &seed, lattice.LabelMask)
	ring.MForm(e.a)
	return e
}

func (e *elements) unpack(b []byte) lattice.Poly {
	e.m.tb.Helper()
	p := e.NewPoly()
	if err := e.Unpack(p, b); err != nil {
		e.m.tb.Fatal(err)
	}
	return p
}

// monomial is the transform of X^i.
func (e *elements) monomial(i int) lattice.Poly {
	v := make([]int8, e.m.dir.Params().N())
	v[i] = 1
	p := e.NewPoly()
	e.SetSmall(p, v)
	e.NTT(p)
	return p
}

// digest names a polynomial as the terms name shares of b.
func (e *elements) digest(p lattice.Poly) message.Digest {
	b := make([]byte, e.m.dir.Params().PolyBytes())
	e.Pack(b, p)
	return scheme.HashPacked(b)
}

// share is b_j = -a s_j + e'_j.
func (e *elements) share(subKey *lattice.Seed) lattice.Poly {
	small, x := make([]int8, e.m.dir.Params().N()), e.NewExpander()
	b, s := e.NewPoly(), e.NewPoly()
	x.Error(small, subKey, lattice.LabelError)
	e.SetSmall(b, small)
	e.NTT(b)
	x.Ternary(small, subKey, lattice.LabelKey)
	e.SetSmall(s, small)
	e.NTT(s)
	e.MulSub(b, e.a, s)
	return b
}

// subKeys opens what a user agent has boxed: trustee 2 has sub-keys 0 and 1, trustee 0 has 1 and 2.
func (m *market) subKeys(r *message.Request) (seeds [scheme.Trustees]lattice.Seed) {
	m.tb.Helper()
	for _, i := range []int{0, 2} {
		b, err := m.keys.Trustees[i].Period.Open(message.UserBoxInfo(&r.Digest, i), r.Boxes[i][1:])
		if err != nil {
			m.tb.Fatal(err)
		}
		for at, j := range scheme.SubKeysOf(i) {
			seeds[j] = lattice.Seed(b[at*lattice.SeedSize : (at+1)*lattice.SeedSize])
		}
	}
	return seeds
}

// adaptedHint adds w a to an insider's hint.
func (e *elements) adaptedHint(n *insider) []uint32 {
	p := e.m.dir.Params()
	ints, err := scheme.QuantiseWeights(p, e.m.weights[n.seat])
	if err != nil {
		e.m.tb.Fatal(err)
	}
	coefficients := make([]int64, p.N())
	for k, row := range ints {
		for i, v := range row {
			coefficients[p.LaneIndex(k)-i] = v
		}
	}
	w, wa := e.NewPoly(), e.NewPoly()
	e.SetSigned(w, coefficients)
	e.NTT(w)
	e.MulAdd(wa, e.a, w)
	e.INTT(wa)
	hint := make([]uint32, p.N())
	e.Round(hint, wa)
	for i := range hint {
		hint[i] += n.hint[i]
	}
	return hint
}
