// Package message holds every message that crosses a wire in the encrypted auction, in a fixed binary codec.
//
// A message starts with a frame: magic, version, type, parameter id, market, period. [Epoch] decodes: it refuses at the first
// bytes what belongs to other parameters, another market or another period, checks every count and length before allocating,
// and every range before use. Decoding never panics; every decoder has a fuzz test. Slices in decoded messages point into the
// bytes decoded, which must not change meanwhile. Epochs are immutable and safe for concurrent use.
//
// The path of an auction:
//
//	user agent  --Request-->   auctioneer             Terms, ciphertext, a box for each trustee, publisher's signature
//	auctioneer  --BidRequest-> bidders                Terms and ciphertext
//	bidders     --Answer-->    auctioneer             lanes, commitments, a box for each trustee
//	auctioneer  --OpenRequest-> trustees              Terms, b, boxes, manifest of all answers, auctioneer's tag
//	trustees    --Shares-->    ranker                 replicated shares of the log-bids, sealed to it
//
// or, with sealed ranking, from the manifest on:
//
//	auctioneer  --RankRequest-> trustees              the same, and how often and with whom it is tried
//	trustees    --Leg-->       trustees               labels and tables of garbled circuits
//	trustees    --Ranked-->    auctioneer             labels of the outcome, and what they mean
//	trustees    --Record-->    disk                   if they keep records for an auditor: the RankRequest, opened
//
// and once a period, from every bidder and the auctioneer to every trustee, an Enrolment with session key and hint.
package message

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// Limits of variable parts. They bound what one message may make a receiver allocate.
const (
	MaxID          = 64      // bytes of a seat, publisher or imp id
	MaxAttrs       = 64      // attributes of a request or an imp
	MaxAttrKey     = 64      // bytes
	MaxAttrValue   = 512     // bytes
	MaxImps        = 16      // imps of a request
	MaxTermsBytes  = 1 << 16 // encoded terms
	MaxUserBox     = 4096    // a user agent's box for one trustee
	MaxEntries     = 1024    // answers in a manifest
	MaxAnswerLanes = 2048    // lanes of one answer
	MaxPeriodBytes = 1 << 20 // an enrolment
	version        = 1
	magic          = "CBID"
	frameBytes     = 4 + 1 + 1 + 8 + 8 + 4
	signatureBytes = 64
)

// Errors about the frame. Callers can tell an outdated peer from a hostile one.
var (
	ErrVersion = errors.New("other protocol version")
	ErrParams  = errors.New("other parameters")
	ErrMarket  = errors.New("other market")
	ErrPeriod  = errors.New("other period")
)

// Digest is a 256-bit digest: SHA-256, or BLAKE3 from HashPacked.
type Digest = scheme.Digest

// MarketID names a market on the wire.
type MarketID [8]byte

// Epoch is what all messages of one market and period have in common.
type Epoch struct {
	Params *params.Params
	Market MarketID
	Period uint32
}

type kind uint8

const (
	kindTerms kind = 1 + iota
	kindRequest
	kindBidRequest
	kindAnswer
	kindManifest
	kindOpenRequest
	kindShares
	kindEnrolment
	kindRankRequest
	kindRanked
	kindLeg
	kindStock
	kindDeal
	kindRecord
	kindHint
)

func (e *Epoch) start(w *wire.Writer, k kind) {
	id := e.Params.ID()
	w.Raw([]byte(magic))
	w.U8(version)
	w.U8(uint8(k))
	w.Raw(id[:])
	w.Raw(e.Market[:])
	w.U32(e.Period)
}

// open checks the frame and returns a reader of what follows.
func (e *Epoch) open(b []byte, k kind) (*wire.Reader, error) {
	r := wire.NewReader(b)
	head := r.Raw("frame", frameBytes)
	if err := r.Err(); err != nil {
		return nil, err
	}
	f := wire.NewReader(head)
	if string(f.Raw("magic", 4)) != magic {
		return nil, fmt.Errorf("%w: not a cipherbid message", wire.ErrMalformed)
	}
	if v := f.U8("version"); v != version {
		return nil, fmt.Errorf("%w: %d, this is %d", ErrVersion, v, version)
	}
	if got := kind(f.U8("type")); got != k {
		return nil, fmt.Errorf("%w: message of type %d, want %d", wire.ErrMalformed, got, k)
	}
	if id := params.ID(f.Raw("params", 8)); id != e.Params.ID() {
		return nil, fmt.Errorf("%w: %v, this market has %v", ErrParams, id, e.Params.ID())
	}
	if m := MarketID(f.Raw("market", 8)); m != e.Market {
		return nil, fmt.Errorf("%w: %x, this is %x", ErrMarket, m, e.Market)
	}
	if p := f.U32("period"); p != e.Period {
		return nil, fmt.Errorf("%w: %d, this is %d", ErrPeriod, p, e.Period)
	}
	return r, nil
}

// hash is SHA-256 over a domain and length-prefixed parts.
func hash(domain string, parts ...[]byte) Digest {
	h := sha256.New()
	var w wire.Writer
	w.String(domain)
	h.Write(w.Buf)
	for _, p := range parts {
		w.Buf = w.Buf[:0]
		w.U32(uint32(len(p)))
		h.Write(w.Buf)
		h.Write(p)
	}
	return Digest(h.Sum(nil))
}
