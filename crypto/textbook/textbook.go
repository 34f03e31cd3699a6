// Package textbook is the baseline that cipherbid is measured against: the
// usual slot-packed CKKS dot product, with nothing of cipherbid's in it.
//
// A user's d features are encoded in slots, repeated until the slots are full.
// A bidder packs the weights of its campaigns side by side, d slots each,
// multiplies, rescales, and folds every block of d slots onto its first one by
// log2(d) rotations and additions:
//
//	slot k*d of the result = <x, w_k>        0 <= k < campaigns
//
// Start with [New], then [Baseline.Encrypt], [Baseline.Prepare],
// [Baseline.Score] and [Baseline.Decrypt].
//
// The ring has N = 8192 for every shape, as 64 campaigns of 64 features need. The
// baseline is spared what it can do without: it has one multiplication, so it
// carries two ciphertext primes and one special prime, and it rotates after the
// rescale, at the lowest level, where a rotation is cheapest; its Galois keys exist
// at that level only. Ciphertext times plaintext stays of degree one, so nothing is
// relinearised and no relinearisation key is made: a deployment needs one in
// addition only where it multiplies ciphertexts by ciphertexts, as in an
// encrypted model or a polynomial activation.
//
// It also does less than an auction needs. One Baseline holds one ordinary key,
// both halves of it; nothing is shared among trustees. The result is not masked:
// the slots between the dot products hold partial sums, and the noise depends on
// the weights, so whoever decrypts learns more than the scores. Decrypted values
// carry the noise of their ciphertext and must not be handed to others while the
// key lives (Li and Micciancio, ePrint 2020/1533). Use it for measuring only.
//
// A Baseline is not safe for concurrent use: lattigo's encryptor, encoder and
// evaluator, and the scratch space here, are shared between calls. Make one for
// each goroutine. A [Weights] value is read-only and free to share, also among
// baselines of the same shape. Ciphertexts belong to the caller.
package textbook

import (
	"fmt"

	"github.com/tuneinsight/lattigo/v5/core/rlwe"
	"github.com/tuneinsight/lattigo/v5/he/hefloat"
)

// Baseline is a CKKS key pair with Galois keys for blocks of one size, and the
// working space to use them. It is not safe for concurrent use.
type Baseline struct {
	d, campaigns int
	params       hefloat.Parameters

	encoder   *hefloat.Encoder
	encryptor *rlwe.Encryptor
	decryptor *rlwe.Decryptor
	evaluator *hefloat.Evaluator
	keys      *rlwe.MemEvaluationKeySet

	slots   []float64        // MaxSlots values, for encoding and decoding
	product *rlwe.Ciphertext // before the rescale
	rotated *rlwe.Ciphertext // after it
}

// New makes a key pair and the log2(d) Galois keys for campaigns dot products of
// d features. Both must be powers of two with d * campaigns at most [MaxSlots].
func New(d, campaigns int) (*Baseline, error) {
	if err := checkShape(d, campaigns); err != nil {
		return nil, fmt.Errorf("making a textbook baseline: %w", err)
	}
	params, err := parameters()
	if err != nil {
		return nil, fmt.Errorf("making a textbook baseline: %w", err)
	}

	keygen := hefloat.NewKeyGenerator(params)
	secret, public := keygen.GenKeyPairNew()
	keys := rlwe.NewMemEvaluationKeySet(nil, keygen.GenGaloisKeysNew(foldElements(params, d), secret,
		rlwe.EvaluationKeyParameters{LevelQ: new(scoreLevel)})...)

	return &Baseline{
		d:         d,
		campaigns: campaigns,
		params:    params,
		encoder:   hefloat.NewEncoder(params),
		encryptor: hefloat.NewEncryptor(params, public),
		decryptor: hefloat.NewDecryptor(params, secret),
		evaluator: hefloat.NewEvaluator(params, keys),
		keys:      keys,
		slots:     make([]float64, MaxSlots),
		product:   hefloat.NewCiphertext(params, 1, params.MaxLevel()),
		rotated:   hefloat.NewCiphertext(params, 1, scoreLevel),
	}, nil
}

// GaloisKeyBytes is the serialised size of the rotation keys, which everyone who
// scores under this key must hold.
func (b *Baseline) GaloisKeyBytes() int { return b.keys.BinarySize() }

// Encrypt encrypts d features, each within +-[MaxAbs], under the public key. The
// ciphertext serves any number of campaigns. Other lengths and values are refused.
func (b *Baseline) Encrypt(x []float64) (*rlwe.Ciphertext, error) {
	if err := checkVector("features", x, b.d); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	for i := 0; i < MaxSlots; i += b.d {
		copy(b.slots[i:], x)
	}
	pt := hefloat.NewPlaintext(b.params, b.params.MaxLevel())
	if err := b.encoder.Encode(b.slots, pt); err != nil {
		return nil, fmt.Errorf("encrypting: encoding: %w", err)
	}
	ct, err := b.encryptor.EncryptNew(pt)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	return ct, nil
}

// Decrypt opens a ciphertext made by [Baseline.Score] and returns one dot product
// for each campaign, in the order of the weights.
func (b *Baseline) Decrypt(ct *rlwe.Ciphertext) ([]float64, error) {
	if err := checkCiphertext(ct, scoreLevel); err != nil {
		return nil, fmt.Errorf("decrypting: %w", err)
	}
	if err := b.encoder.Decode(b.decryptor.DecryptNew(ct), b.slots); err != nil {
		return nil, fmt.Errorf("decrypting: decoding: %w", err)
	}
	scores := make([]float64, b.campaigns)
	for k := range scores {
		scores[k] = b.slots[k*b.d]
	}
	return scores, nil
}
