package ckks

import (
	"fmt"
	"sync"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/scheme"
)

// scorer holds one bidder's weights w and mask v, ready for the fold.
type scorer struct {
	ring    *lattice.Ring
	lanes   int
	w, v    lattice.Twisted
	hint    []uint32
	scratch sync.Pool // *scoreScratch
}

type scoreScratch struct {
	c0, b lattice.Poly
	fold  []uint64
}

// Prepare transforms the weights, draws a fresh mask v and makes the hint round(2^32/q (w a2 + v a + e1)).
func (s *Scheme) Prepare(weights [][]float64) (scheme.Scorer, error) {
	ints, err := scheme.QuantiseWeights(s.params, weights)
	if err != nil {
		return nil, fmt.Errorf("prepare weights: %w", err)
	}
	seed := newSeed()
	defer seed.Wipe()
	return s.prepare(ints, seed), nil
}

// prepare is Prepare with a given mask, apart so that a test can show what reusing one costs.
func (s *Scheme) prepare(weights [][]int64, mask *lattice.Seed) *scorer {
	work := s.borrow()
	defer s.giveBack(work)
	ring := s.ring

	w := ring.NewPoly()
	ring.SetSigned(w, s.layOut(weights))
	ring.NTT(w)
	work.expander.Ternary(work.small, mask, lattice.LabelKey)
	ring.SetSmall(work.s, work.small)
	ring.NTT(work.s)
	work.expander.Error(work.small, mask, lattice.LabelError)
	ring.SetSmall(work.p, work.small)
	ring.NTT(work.p)
	ring.MulAdd(work.p, s.a2, w)
	ring.MulAdd(work.p, s.a, work.s)
	ring.INTT(work.p)
	hint := make([]uint32, s.params.N())
	ring.Round(hint, work.p)

	sc := &scorer{ring: ring, lanes: len(weights), w: ring.Twist(w), v: ring.Twist(work.s), hint: hint}
	sc.scratch.New = func() any {
		return &scoreScratch{ring.NewPoly(), ring.NewPoly(), make([]uint64, ring.FoldScratch(len(weights)))}
	}
	return sc
}

// layOut places campaign k's weight i at X^{kd + d-1-i}.
func (s *Scheme) layOut(weights [][]int64) []int64 {
	coefficients := make([]int64, s.params.N())
	for k, row := range weights {
		for i, v := range row {
			coefficients[s.params.LaneIndex(k)-i] = v
		}
	}
	return coefficients
}

// Lanes is the number of campaigns.
func (sc *scorer) Lanes() int { return sc.lanes }

// Hint is N values modulo 2^32.
func (sc *scorer) Hint() []uint32 { return sc.hint }

// Score writes the lanes of w c0 + v b, modulo 2^32, to dst.
func (sc *scorer) Score(dst []uint32, c0, b []byte) error {
	if len(dst) != sc.lanes {
		return fmt.Errorf("score: room for %d lanes, want %d", len(dst), sc.lanes)
	}
	work := sc.scratch.Get().(*scoreScratch)
	defer sc.scratch.Put(work)
	if err := sc.ring.Unpack(work.c0, c0); err != nil {
		return fmt.Errorf("score: c0: %w", err)
	}
	if err := sc.ring.Unpack(work.b, b); err != nil {
		return fmt.Errorf("score: b: %w", err)
	}
	sc.ring.Fold(dst, work.fold, sc.w, work.c0, sc.v, work.b)
	return nil
}
