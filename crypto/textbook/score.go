package textbook

import (
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
)

// Weights are the encoded weights of one bidder's campaigns. They are read-only,
// hold nothing of a key, and are safe for concurrent use.
type Weights struct {
	d, campaigns int
	plaintext    *rlwe.Plaintext
}

// Prepare encodes campaigns rows of d weights, each within +-[MaxAbs]. It is done
// once for a model, not for every request.
func (b *Baseline) Prepare(weights [][]float64) (*Weights, error) {
	if len(weights) != b.campaigns {
		return nil, fmt.Errorf("preparing weights: %d campaigns, want %d", len(weights), b.campaigns)
	}
	clear(b.slots)
	for k, row := range weights {
		if err := checkVector("weights", row, b.d); err != nil {
			return nil, fmt.Errorf("preparing weights: campaign %d: %w", k, err)
		}
		copy(b.slots[k*b.d:], row)
	}
	level := b.params.MaxLevel()
	pt := hefloat.NewPlaintext(b.params, level)
	// The rescale divides by the last prime: with that prime as the scale of the
	// weights, the scores come out at exactly the scale of the features.
	pt.Scale = rlwe.NewScale(b.params.Q()[level])
	if err := b.encoder.Encode(b.slots, pt); err != nil {
		return nil, fmt.Errorf("preparing weights: encoding: %w", err)
	}
	return &Weights{d: b.d, campaigns: b.campaigns, plaintext: pt}, nil
}

// Score multiplies a ciphertext from [Baseline.Encrypt] by the weights, rescales
// and folds. The result is a new ciphertext; ct and w are only read.
func (b *Baseline) Score(ct *rlwe.Ciphertext, w *Weights) (*rlwe.Ciphertext, error) {
	if err := checkCiphertext(ct, b.params.MaxLevel()); err != nil {
		return nil, fmt.Errorf("scoring: %w", err)
	}
	if w == nil || w.d != b.d || w.campaigns != b.campaigns {
		return nil, fmt.Errorf("scoring: weights were not prepared for %d campaigns of %d features", b.campaigns, b.d)
	}
	if err := b.evaluator.Mul(ct, w.plaintext, b.product); err != nil {
		return nil, fmt.Errorf("scoring: %w", err)
	}
	sum := hefloat.NewCiphertext(b.params, 1, scoreLevel)
	if err := b.evaluator.Rescale(b.product, sum); err != nil {
		return nil, fmt.Errorf("scoring: %w", err)
	}
	for step := 1; step < b.d; step <<= 1 {
		if err := b.evaluator.Rotate(sum, step, b.rotated); err != nil {
			return nil, fmt.Errorf("scoring: rotating by %d: %w", step, err)
		}
		if err := b.evaluator.Add(sum, b.rotated, sum); err != nil {
			return nil, fmt.Errorf("scoring: adding rotation %d: %w", step, err)
		}
	}
	return sum, nil
}

// foldElements lists the Galois elements of the rotations by 1, 2, 4, ... d/2.
func foldElements(params hefloat.Parameters, d int) []uint64 {
	var elements []uint64
	for step := 1; step < d; step <<= 1 {
		elements = append(elements, params.GaloisElement(step))
	}
	return elements
}
