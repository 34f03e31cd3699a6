// Package params holds the parameters of an encrypted auction.
//
// Start with [Default], [Wide] or [Plain]; [New] validates a [Literal] that somebody else wrote. A [Params] can only be made
// by these, never changes afterwards, is safe for concurrent use, and carries an [ID] that travels in every message, so that
// two parties with different parameters refuse each other at the first byte.
//
// The package refuses every set above the limits for 128-bit security, and every set whose scales do not fit: it is not
// possible to configure a weak market by accident.
package params

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Fixed-point scales, the same for every parameter set and for the plaintext stand-in.
//
// A feature x in [-1, 1] is the integer round(x 2^28), a weight w the integer round(w 2^16). Their sum of products therefore
// has 44 fractional bits. A lane is that sum modulo 64, as an integer modulo 2^32: 26 fractional bits, range [-32, 32).
const (
	FeatureBits = 28
	WeightBits  = 16
	LaneBits    = 26

	// BidRange bounds the log-bids that count: a lane l is in range when -BidRange <= l < BidRange.
	BidRange = 16
	// MaxWeightNorm bounds the 1-norm of one campaign's private weights, and MaxBias the absolute bias added to its lane.
	// With both, |w.x + b| <= 48 for every x in [-1, 1]^d, so a log-bid out of range never wraps modulo 64 into range.
	MaxWeightNorm = 32
	MaxBias       = 16

	// primeBits is the size of every prime factor of the modulus: primes lie in (2^50 - 2^24, 2^50). Below 2^50 so that
	// vector units can multiply them, that close to it so that q/64 is 2^44 up to a factor of 1 - 2^-26.
	primeBits   = 50
	primeWindow = 1 << 24

	minDim = 8
	maxDim = 1024
)

// Kind tells how features travel.
type Kind string

const (
	// CKKS: encrypted, with CKKS in coefficient encoding.
	CKKS Kind = "ckks"
	// Cleartext: the plaintext stand-in, for baselines and tests. It protects nothing.
	Cleartext Kind = "insecure_cleartext"
)

// ErrInsecure is wrapped by errors about parameters above a limit for 128-bit security.
var ErrInsecure = errors.New("below 128-bit security")

// Literal is a set of parameters as anybody may write it down. It promises nothing until [New] has accepted it.
type Literal struct {
	Kind   Kind     `json:"kind"`
	LogN   int      `json:"log_n"`            // ring degree N = 2^LogN
	Primes []uint64 `json:"primes,omitempty"` // prime factors of the ciphertext modulus q, each 1 mod 2N
	Dim    int      `json:"dim"`              // private features d, a power of two; N/d campaigns fit one hint
}

// ID identifies a parameter set on the wire.
type ID [8]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Params is a validated, immutable parameter set.
type Params struct {
	lit Literal
	id  ID
}

// Default is the standard set: N = 2048 with one prime of 50 bits, for dim private features.
func Default(dim int) (*Params, error) {
	return New(Literal{Kind: CKKS, LogN: 11, Primes: primesBelow(1<<primeBits, 2048, 1), Dim: dim})
}

// Wide is the set for more features or more campaigns a bidder: N = 4096 with two primes of 50 bits.
func Wide(dim int) (*Params, error) {
	return New(Literal{Kind: CKKS, LogN: 12, Primes: primesBelow(1<<primeBits, 4096, 2), Dim: dim})
}

// Plain is the plaintext stand-in with the lane layout of a set of degree 2^logN: same integers, no encryption.
func Plain(logN, dim int) (*Params, error) {
	return New(Literal{Kind: Cleartext, LogN: logN, Dim: dim})
}

// securityLimits are the largest log2(q) for 128-bit security with ternary secrets: classical from Bossuat et al., ePrint
// 2024/463; post-quantum from the Homomorphic Encryption Standard of 2018.
var securityLimits = map[int]struct{ classical, quantum float64 }{
	11: {53, 51},
	12: {106, 101},
	13: {214, 202},
}

// New validates a literal. The error names the limit that it breaks.
func New(lit Literal) (*Params, error) {
	lit.Primes = append([]uint64(nil), lit.Primes...)
	limit, ok := securityLimits[lit.LogN]
	if !ok {
		return nil, fmt.Errorf("ring degree 2^%d: supported are 2^11, 2^12 and 2^13", lit.LogN)
	}
	if lit.Dim < minDim || lit.Dim > maxDim || bits.OnesCount(uint(lit.Dim)) != 1 {
		return nil, fmt.Errorf("%d private features: must be a power of two from %d to %d", lit.Dim, minDim, maxDim)
	}
	switch lit.Kind {
	case Cleartext:
		if len(lit.Primes) != 0 {
			return nil, errors.New("cleartext parameters take no primes")
		}
	case CKKS:
		if err := checkModulus(lit, limit.classical, limit.quantum); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("unknown kind of parameters %q", lit.Kind)
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("cipherbid params v1 %s %d %v %d", lit.Kind, lit.LogN, lit.Primes, lit.Dim)))
	return &Params{lit: lit, id: ID(sum[:8])}, nil
}

func checkModulus(lit Literal, classical, quantum float64) error {
	if len(lit.Primes) == 0 {
		return errors.New("no primes")
	}
	if len(lit.Primes) > 8 {
		return fmt.Errorf("%d primes: %w", len(lit.Primes), ErrInsecure)
	}
	n := uint64(1) << lit.LogN
	product := big.NewInt(1)
	for i, q := range lit.Primes {
		switch {
		case q >= 1<<primeBits || q <= 1<<primeBits-primeWindow:
			return fmt.Errorf("prime %d is not in (2^50 - 2^24, 2^50)", q)
		case q%(2*n) != 1:
			return fmt.Errorf("prime %d is not 1 mod 2N = %d", q, 2*n)
		case !new(big.Int).SetUint64(q).ProbablyPrime(32):
			return fmt.Errorf("%d is not prime", q)
		}
		for _, other := range lit.Primes[:i] {
			if other == q {
				return fmt.Errorf("prime %d is given twice", q)
			}
		}
		product.Mul(product, new(big.Int).SetUint64(q))
	}
	logQ := log2(product)
	if logQ > classical {
		return fmt.Errorf("log2 q = %.2f exceeds %g, the limit for N = 2^%d against classical attackers (ePrint 2024/463): %w",
			logQ, classical, lit.LogN, ErrInsecure)
	}
	if logQ > quantum {
		return fmt.Errorf("log2 q = %.2f exceeds %g, the post-quantum limit for N = 2^%d (HE Standard 2018): %w",
			logQ, quantum, lit.LogN, ErrInsecure)
	}
	return nil
}

func log2(x *big.Int) float64 {
	mant := new(big.Float)
	exp := new(big.Float).SetInt(x).MantExp(mant)
	m, _ := mant.Float64()
	return math.Log2(m) + float64(exp)
}

// primesBelow returns the count largest primes below bound that are 1 mod 2n, largest first.
func primesBelow(bound, n uint64, count int) []uint64 {
	var primes []uint64
	for q := bound - 2*n + 1; len(primes) < count; q -= 2 * n {
		if new(big.Int).SetUint64(q).ProbablyPrime(32) {
			primes = append(primes, q)
		}
	}
	return primes
}

// ID returns the identifier that travels in every message.
func (p *Params) ID() ID { return p.id }

// Literal returns a copy of the literal that p was made of.
func (p *Params) Literal() Literal {
	lit := p.lit
	lit.Primes = append([]uint64(nil), lit.Primes...)
	return lit
}

// Kind tells whether features travel encrypted.
func (p *Params) Kind() Kind { return p.lit.Kind }

// Encrypted reports whether features travel as ciphertexts.
func (p *Params) Encrypted() bool { return p.lit.Kind == CKKS }

// N is the ring degree.
func (p *Params) N() int { return 1 << p.lit.LogN }

// LogN is the base-two logarithm of the ring degree.
func (p *Params) LogN() int { return p.lit.LogN }

// Primes returns the prime factors of the modulus. The caller must not modify them.
func (p *Params) Primes() []uint64 { return p.lit.Primes }

// PrimeBits is the number of bits in which a coefficient modulo one prime is packed.
func (p *Params) PrimeBits() int { return primeBits }

// Dim is the number d of private features, a power of two.
func (p *Params) Dim() int { return p.lit.Dim }

// MaxLanes is the number of campaigns that one hint and one product of polynomials serve: N/d.
func (p *Params) MaxLanes() int { return p.N() / p.lit.Dim }

// LaneIndex is the coefficient in which campaign k's dot product appears: k d + d-1.
func (p *Params) LaneIndex(k int) int { return k*p.lit.Dim + p.lit.Dim - 1 }

// PolyBytes is the size of one packed polynomial modulo q.
func (p *Params) PolyBytes() int { return len(p.lit.Primes) * p.N() * primeBits / 8 }

// PayloadBytes is the size of the features as they travel to a bidder: (c0, b), or plain integers in the stand-in.
func (p *Params) PayloadBytes() int {
	if p.Encrypted() {
		return 2 * p.PolyBytes()
	}
	return 4 * p.lit.Dim
}

// HintBytes is the size of a bidder's hint before it is encrypted to a trustee; the stand-in has none.
func (p *Params) HintBytes() int {
	if p.Encrypted() {
		return 4 * p.N()
	}
	return 0
}

func (p *Params) String() string {
	if !p.Encrypted() {
		return fmt.Sprintf("%s d=%d lanes=%d", p.lit.Kind, p.lit.Dim, p.MaxLanes())
	}
	return fmt.Sprintf("%s N=%d primes=%v d=%d lanes=%d", p.lit.Kind, p.N(), p.lit.Primes, p.lit.Dim, p.MaxLanes())
}
