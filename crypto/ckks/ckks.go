// Package ckks is the encrypted arithmetic of the auction: CKKS in coefficient encoding, with a key that lives for one auction
// and no rotations, relinearisation, rescaling or evaluation keys. Start with [New].
//
// # Layout
//
// Ring Z_q[X]/(X^N+1), d private features, campaigns k < N/d:
//
//	x(X) = sum_i x_i X^i        w(X) = sum_k sum_i w_{k,i} X^{kd + d-1-i}
//	coefficient kd + d-1 of x(X) w(X) mod X^N+1 is <x, w_k>
//
// No other product of terms reaches that coefficient: exponents i + kd + d-1-i' meet it only for i = i', also when Kd = N.
//
// # Ciphertexts
//
// For public uniform a and a2, fixed by market, parameters and period, and a fresh ternary s = s0 + s1 + s2:
//
//	c0 = -a2 s + e + Delta x        b = -a s + e'
//
// (c0, a2) is an ordinary ciphertext of x under s. b is a public key of s, made of b_j = -a s_j + e'_j, each determined by the
// seed of sub-key j, so that trustees can check b between them. A bidder's hint c1 = w a2 + v a + e1 does not depend on the
// request; with y = w c0 + v b, (y, c1) is a ciphertext of x w under s:
//
//	y + c1 s = w (c0 + a2 s) + v (b + a s) + e1 s = Delta x w + (w e + v e' + e1 s)
//
// # Who learns what
//
// To anybody who lacks one sub-key, c0 and b are ring-LWE samples under that sub-key. The hint hides w as a ring-LWE sample
// under v, which is why a mask serves one hint only: two hints under one v give their weights' difference away. y itself
// leaves a bidder only in three additive parts.
//
// # Noise
//
// The error in a lane is w e + v e' (at most 2^16 ||w||_1-weighted errors of std 3.2 against Delta 2^16 = 2^44), e1 s and the
// rounding of hint and lanes to modulus 2^32. Measured standard deviations stand in the tests: below 2^-17 for weights of +-8.
package ckks

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Scheme implements scheme.Scheme with encryption. It is safe for concurrent use.
type Scheme struct {
	params  *params.Params
	ring    *lattice.Ring
	a, a2   lattice.Poly // transforms in Montgomery form
	scratch sync.Pool    // *scratch
	keys    sync.Pool    // *decrypter, wiped
}

// scratch is what one operation needs.
type scratch struct {
	expander *lattice.Expander
	small    []int8
	p, r, s  lattice.Poly
	packed   []byte
}

func (w *scratch) wipe() {
	w.expander.Wipe()
	clear(w.small)
	for _, p := range []lattice.Poly{w.p, w.r, w.s} {
		for l := range p {
			clear(p[l])
		}
	}
	clear(w.packed)
}

// New prepares the arithmetic of one market and period. period is a digest of everything that makes the period unique;
// a and a2 are expanded from it and the parameters, and must never be used for another period.
func New(p *params.Params, period [32]byte) (*Scheme, error) {
	ring, err := lattice.New(p)
	if err != nil {
		return nil, err
	}
	s := &Scheme{params: p, ring: ring, a: ring.NewPoly(), a2: ring.NewPoly()}
	s.scratch.New = func() any {
		return &scratch{ring.NewExpander(), make([]int8, p.N()), ring.NewPoly(), ring.NewPoly(), ring.NewPoly(), make([]byte, p.PolyBytes())}
	}
	s.keys.New = func() any {
		return &decrypter{scheme: s, keys: [2]lattice.ReversedKey{ring.NewReversedKey(), ring.NewReversedKey()}}
	}
	h := sha256.New()
	id := p.ID()
	h.Write([]byte("cipherbid public elements v1"))
	h.Write(id[:])
	h.Write(period[:])
	seed := lattice.Seed(h.Sum(nil))
	e := ring.NewExpander()
	ring.Uniform(e, s.a, &seed, lattice.LabelMask)
	ring.Uniform(e, s.a2, &seed, lattice.LabelWeights)
	ring.MForm(s.a)
	ring.MForm(s.a2)
	return s, nil
}

// Params returns the parameters.
func (s *Scheme) Params() *params.Params { return s.params }

func (s *Scheme) borrow() *scratch { return s.scratch.Get().(*scratch) }

// giveBack wipes what an operation left behind.
func (s *Scheme) giveBack(w *scratch) {
	w.wipe()
	s.scratch.Put(w)
}

// newSeed draws a seed from the operating system.
func newSeed() *lattice.Seed {
	var seed lattice.Seed
	rand.Read(seed[:])
	return &seed
}

// bShare computes the transform of b_j = -a s_j + e'_j into dst and leaves that of s_j in w.s. It lays out s_j in key, unless
// key is nil.
func (s *Scheme) bShare(w *scratch, dst lattice.Poly, seed *lattice.Seed, key lattice.ReversedKey) {
	w.expander.Error(w.small, seed, lattice.LabelError)
	s.ring.SetSmall(dst, w.small)
	s.ring.NTT(dst)
	w.expander.Ternary(w.small, seed, lattice.LabelKey)
	if key != nil {
		key.Set(w.small)
	}
	s.ring.SetSmall(w.s, w.small)
	s.ring.NTT(w.s)
	s.ring.MulSub(dst, s.a, w.s)
}

// digestB hashes a share of b in its packed form.
func (s *Scheme) digestB(w *scratch, p lattice.Poly) scheme.Digest {
	s.ring.Pack(w.packed, p)
	return scheme.HashPacked(w.packed)
}

// Encrypt encrypts params.Dim features in [-1, 1] under a fresh one-auction key.
func (s *Scheme) Encrypt(features []float64) (*scheme.Encryption, error) {
	message, err := scheme.QuantiseFeatures(s.params, features)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	defer clear(message)
	w := s.borrow()
	defer s.giveBack(w)
	size := s.params.PolyBytes()
	out := &scheme.Encryption{C0: make([]byte, size), B: make([]byte, size)}

	key, b := s.ring.NewPoly(), s.ring.NewPoly() // sums over the sub-keys
	for j := range out.SubKeys {
		rand.Read(out.SubKeys[j][:])
		s.bShare(w, w.p, &out.SubKeys[j], nil)
		out.BDigests[j] = s.digestB(w, w.p)
		s.ring.Add(b, b, w.p)
		s.ring.Add(key, key, w.s)
	}
	s.ring.Pack(out.B, b)

	seed := newSeed()
	defer seed.Wipe()
	w.expander.Error(w.small, seed, lattice.LabelMessage)
	s.ring.SetSmall(w.p, w.small)
	s.ring.AddScaled(w.p, message)
	s.ring.NTT(w.p)
	s.ring.MulSub(w.p, s.a2, key)
	s.ring.Pack(out.C0, w.p)
	for l := range key {
		clear(key[l])
	}
	return out, nil
}
