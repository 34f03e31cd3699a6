// Package bidding is a bidder's side of the encrypted auction: it scores ciphertexts with private weights. Start with [New],
// send each trustee its [Seat.Enrolments], then call [Seat.Answer] for every request.
//
// A Seat draws a fresh mask, hint and session keys when it is made, so make one for every model version and period. It
// answers a request once: answers to one request differ only in what a bidder wants to keep (its mask and bias). A Seat is
// safe for concurrent use; answering takes no lock but that of the memory of answered requests, and does not allocate.
package bidding

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/scheme"
)

// ErrAnswered is returned for a request that the seat has answered before.
var ErrAnswered = errors.New("request was answered before")

// Seat answers for one seat, model version and period.
type Seat struct {
	dir      *directory.Directory
	scorer   scheme.Scorer
	seat     string
	hint     message.Digest
	sessions *enrol.Sessions // nil in a plaintext market
	answered recent.Map[struct{}]
	scratch  sync.Pool // *answerScratch
}

// LaneBid is one campaign's bid on one imp, but for the private part.
type LaneBid struct {
	Imp      int
	Campaign int
	LogBid   float64 // natural logarithm of the CPM bid without the private features' part w.x
	MaxBid   float64 // CPM above which the campaign does not want to win; 0 if only the request's cap counts
}

type answerScratch struct {
	scores []uint32
	lanes  []uint32
	parts  [scheme.Trustees][]byte // 4 bytes a lane, after a salt
	plain  []byte
	boxes  [scheme.Trustees][]byte
	answer message.Answer
	hasher message.Hasher

	context message.Digest // of one box; a local variable would escape
}

// New prepares weights (one row of params.Dim values for each campaign) and sessions with the trustees.
func New(dir *directory.Directory, sch scheme.Scheme, seat string, identity keys.Identity, weights [][]float64) (*Seat, error) {
	b, ok := dir.Bidder(seat)
	if !ok {
		return nil, fmt.Errorf("seat %q is not in the directory", seat)
	}
	if string(b.Identity) != string(identity.Public()) {
		return nil, fmt.Errorf("seat %q has another identity in the directory", seat)
	}
	scorer, err := sch.Prepare(weights)
	if err != nil {
		return nil, fmt.Errorf("seat %q: %w", seat, err)
	}
	s := &Seat{dir: dir, scorer: scorer, seat: seat}
	s.scratch.New = func() any { return &answerScratch{scores: make([]uint32, scorer.Lanes())} }
	if !dir.Params().Encrypted() {
		return s, nil
	}
	s.hint = message.HintDigest(seat, scorer.Hint())
	s.sessions, err = enrol.New(dir, message.RoleBidder, seat, identity, scorer.Hint())
	return s, err
}

// Enrolments returns the message that each trustee must have before it can open this seat's answers.
// In a plaintext market they are empty.
func (s *Seat) Enrolments() [scheme.Trustees][]byte {
	if s.sessions == nil {
		return [scheme.Trustees][]byte{}
	}
	return s.sessions.Messages
}

// Campaigns is the number of campaigns.
func (s *Seat) Campaigns() int { return s.scorer.Lanes() }

// laneBias is a log-bid relative to the request's cap, which is the end of the lanes' range.
func laneBias(logBid, logCap float64) float64 { return logBid - logCap + params.BidRange }

// CanBid reports whether a log-bid without its private part can be expressed under the terms: within a factor e^16 of the cap
// divided by e^16, that is from cap e^-32 to cap.
func CanBid(t *message.Terms, logBid float64) bool {
	return math.Abs(laneBias(logBid, t.LogCap())) <= params.MaxBias
}

// Answer appends the encoded answer to dst. bids must be in ascending order of imp and campaign and must all satisfy CanBid.
// It does not allocate once its buffers are warm.
func (s *Seat) Answer(dst []byte, r *message.BidRequest, now time.Time, bids []LaneBid) ([]byte, error) {
	if err := s.dir.Current(now); err != nil {
		return nil, err
	}
	if err := r.Terms.CheckTime(now); err != nil {
		return nil, err
	}
	if len(bids) == 0 {
		return nil, errors.New("nothing to bid")
	}
	w := s.scratch.Get().(*answerScratch)
	defer s.scratch.Put(w)
	if err := s.scorer.Score(w.scores, r.C0, r.B); err != nil {
		return nil, err
	}
	if err := s.fill(w, r.Terms, bids); err != nil {
		return nil, err
	}
	if _, seen, err := s.answered.Put(&r.Digest, struct{}{}, now); err != nil {
		return nil, err
	} else if seen {
		return nil, ErrAnswered
	}
	w.answer.Request = r.Digest
	w.answer.Seat, w.answer.Hint = s.seat, s.hint
	if !s.dir.Params().Encrypted() {
		w.answer.Clear = w.lanes
	} else {
		s.share(w)
	}
	return s.dir.Epoch().AppendAnswer(dst, &w.answer), nil
}

// fill computes the lanes: private scores plus biases.
func (s *Seat) fill(w *answerScratch, t *message.Terms, bids []LaneBid) error {
	w.answer.Lanes, w.lanes = w.answer.Lanes[:0], w.lanes[:0]
	if len(bids) > message.MaxAnswerLanes {
		return fmt.Errorf("%d lanes, an answer holds %d", len(bids), message.MaxAnswerLanes)
	}
	logCap := t.LogCap()
	for i, b := range bids {
		if b.Campaign < 0 || b.Campaign >= len(w.scores) || b.Imp < 0 || b.Imp >= len(t.Imps) {
			return fmt.Errorf("bid on imp %d by campaign %d, there are %d and %d", b.Imp, b.Campaign, len(t.Imps), len(w.scores))
		}
		bias := laneBias(b.LogBid, logCap)
		if !(math.Abs(bias) <= params.MaxBias) {
			return fmt.Errorf("campaign %d: bid cannot be expressed under a cap of %g", b.Campaign, t.Cap)
		}
		if !(b.MaxBid >= 0) {
			return fmt.Errorf("campaign %d: highest bid is negative or not a number", b.Campaign)
		}
		if i > 0 && (b.Imp < bids[i-1].Imp || b.Imp == bids[i-1].Imp && b.Campaign <= bids[i-1].Campaign) {
			return fmt.Errorf("bid on imp %d by campaign %d is not in ascending order of imp and campaign", b.Imp, b.Campaign)
		}
		w.lanes = append(w.lanes, w.scores[b.Campaign]+scheme.Lane(bias))
		w.answer.Lanes = append(w.answer.Lanes, message.Lane{
			Imp: uint8(b.Imp), Campaign: uint16(b.Campaign), Cap: laneCap(b.MaxBid, logCap),
		})
	}
	return w.answer.CheckLanes(t)
}

// laneCap expresses a campaign's cap in lane units.
func laneCap(maxBid, logCap float64) int32 {
	if maxBid == 0 {
		return message.NoCap
	}
	v := laneBias(math.Log(maxBid), logCap)
	if v >= params.BidRange {
		return message.NoCap
	}
	return min(int32(scheme.Lane(max(v, -params.BidRange))), message.NoCap)
}

// share splits every lane into three random parts modulo 2^32, commits to each, and boxes the two parts of each trustee.
func (s *Seat) share(w *answerScratch) {
	const salt = message.SaltBytes
	size := salt + 4*len(w.lanes)
	for j := range w.parts {
		if cap(w.parts[j]) < size {
			w.parts[j] = make([]byte, size)
		}
		w.parts[j] = w.parts[j][:size]
		rand.Read(w.parts[j])
	}
	le := binary.LittleEndian
	for k, y := range w.lanes {
		at := salt + 4*k
		le.PutUint32(w.parts[2][at:], y-le.Uint32(w.parts[0][at:])-le.Uint32(w.parts[1][at:]))
	}
	for j, p := range w.parts {
		w.answer.Commitments[j] = w.hasher.Commitment(&w.answer.Request, s.seat, j, p[:salt], p[salt:])
	}
	for i := range w.boxes {
		js := scheme.SubKeysOf(i)
		w.plain = append(append(w.plain[:0], w.parts[js[0]]...), w.parts[js[1]]...)
		w.context = w.hasher.BoxContext(&w.answer.Request, &w.answer.Bid, i)
		w.boxes[i] = s.sessions.With[i].Seal(w.boxes[i][:0], w.plain, &w.context)
		w.answer.Boxes[i] = w.boxes[i]
	}
	for _, p := range w.parts {
		clear(p)
	}
	clear(w.plain)
	w.hasher.Wipe()
	clear(w.lanes)
}
