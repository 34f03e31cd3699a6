// Package scheme is the seam between the auction and its arithmetic: what a user agent, a bidder and a trustee do with
// features, weights and lanes. cipherbid/crypto/ckks implements it with encryption, cipherbid/crypto/plain with the same
// integers in the clear, so that the plaintext market runs through the same code and "encrypted equals reference" is one line.
//
// Lanes: campaign k of a bidder has one lane, a log-bid with params.LaneBits fractional bits modulo 2^32. What [Scorer.Score]
// returns plus the three sub-keys' contributions from [Decrypter.PartialDecrypt] is w_k.x, up to rounding and noise.
package scheme

import (
	"fmt"
	"math"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"

	"github.com/zeebo/blake3"
)

// Trustees is the number of trustees, and of the sub-keys of a one-auction key. Trustee i holds the sub-keys j != i.
const Trustees = 3

// Digest is a 256-bit digest: SHA-256, or BLAKE3 from HashPacked.
type Digest [32]byte

// Encryption is one user's features under a key that lives for one auction.
type Encryption struct {
	C0, B    []byte                 // packed ciphertext of the features, and the bidders' public key of this auction
	BDigests [Trustees]Digest       // BDigests[j] is the digest of b_j, the part of b that sub-key j determines
	SubKeys  [Trustees]lattice.Seed // secret
}

// Wipe overwrites the secret part.
func (e *Encryption) Wipe() {
	for j := range e.SubKeys {
		e.SubKeys[j].Wipe()
	}
}

// Scheme is the arithmetic of one market and period. Implementations are safe for concurrent use.
type Scheme interface {
	Params() *params.Params
	// Encrypt encodes params.Dim features in [-1, 1] and encrypts them under a fresh key.
	Encrypt(features []float64) (*Encryption, error)
	// Prepare readies one bidder's private weights, one row of params.Dim values for each campaign. Every call draws a
	// fresh mask: call it once for each model version and period, never once for each request.
	Prepare(weights [][]float64) (Scorer, error)
	// Unlock gives trustee i the use of its two sub-keys, in ascending order of j, after checking that b is what the three
	// sub-keys make it. The error wraps [ErrForgedB] if it is not.
	Unlock(trustee int, subKeys [2]*lattice.Seed, b []byte, digests *[Trustees]Digest) (Decrypter, error)
}

// Scorer scores encrypted features with one bidder's weights. Implementations are safe for concurrent use.
type Scorer interface {
	// Lanes is the number of campaigns.
	Lanes() int
	// Hint is what trustees need to decrypt this scorer's lanes: N values modulo 2^32, independent of requests. It hides the
	// weights, and is nil in the stand-in. The caller must not modify it.
	Hint() []uint32
	// Score writes Lanes() masked lanes to dst. It allocates nothing once warm.
	Score(dst []uint32, c0, b []byte) error
}

// Decrypter holds a trustee's two sub-keys for one auction. It is not safe for concurrent use.
type Decrypter interface {
	// PartialDecrypt writes the contributions of the trustee's two sub-keys, in ascending order of j, to the given lane.
	PartialDecrypt(hint []uint32, lane int) [2]uint32
	// Close wipes the sub-keys. Call it once; the decrypter must not be used afterwards.
	Close()
}

// ErrForgedB is wrapped by errors about a b that its sub-keys do not make.
var ErrForgedB = fmt.Errorf("b does not stem from the sub-keys")

// SubKeysOf lists the two sub-keys that trustee i holds.
func SubKeysOf(trustee int) [2]int {
	switch trustee {
	case 0:
		return [2]int{1, 2}
	case 1:
		return [2]int{0, 2}
	default:
		return [2]int{0, 1}
	}
}

// QuantiseFeatures checks features and returns them as integers with params.FeatureBits fractional bits.
func QuantiseFeatures(p *params.Params, x []float64) ([]int64, error) {
	if len(x) != p.Dim() {
		return nil, fmt.Errorf("%d features, want %d", len(x), p.Dim())
	}
	ints := make([]int64, len(x))
	for i, v := range x {
		if !(v >= -1 && v <= 1) {
			return nil, fmt.Errorf("feature %d is outside [-1, 1]", i)
		}
		ints[i] = int64(math.Round(math.Ldexp(v, params.FeatureBits)))
	}
	return ints, nil
}

// QuantiseWeights checks weights and returns them as integers with params.WeightBits fractional bits.
func QuantiseWeights(p *params.Params, weights [][]float64) ([][]int64, error) {
	if len(weights) == 0 || len(weights) > p.MaxLanes() {
		return nil, fmt.Errorf("%d campaigns, want 1 to %d", len(weights), p.MaxLanes())
	}
	ints := make([][]int64, len(weights))
	for k, row := range weights {
		if len(row) != p.Dim() {
			return nil, fmt.Errorf("campaign %d has %d weights, want %d", k, len(row), p.Dim())
		}
		ints[k] = make([]int64, len(row))
		norm := 0.0
		for i, w := range row {
			norm += math.Abs(w)
			if !(norm <= params.MaxWeightNorm) { // NaN fails too
				return nil, fmt.Errorf("campaign %d: the weights' absolute values sum to more than %d", k, params.MaxWeightNorm)
			}
			ints[k][i] = int64(math.Round(math.Ldexp(w, params.WeightBits)))
		}
	}
	return ints, nil
}

// Lane converts a log-bid to a lane value. It panics outside [-48, 48], which callers bound beforehand.
func Lane(logBid float64) uint32 {
	if !(math.Abs(logBid) <= params.MaxWeightNorm+params.MaxBias) {
		panic("scheme: log-bid cannot be a lane")
	}
	return uint32(int64(math.Round(math.Ldexp(logBid, params.LaneBits))))
}

// LogBid converts a lane value to a log-bid in [-32, 32).
func LogBid(lane uint32) float64 {
	return math.Ldexp(float64(int32(lane)), -params.LaneBits)
}

// InRange reports whether a lane's log-bid lies in [-16, 16): whether its two top bits agree.
func InRange(lane uint32) bool { return lane>>31 == lane>>30&1 }

// HashPacked is the digest of a packed polynomial or other large part of a message: BLAKE3, which on 25 KB takes less than half
// the time of SHA-256 with the processor's help. Everything small is hashed with SHA-256.
func HashPacked(b []byte) Digest { return blake3.Sum256(b) }
