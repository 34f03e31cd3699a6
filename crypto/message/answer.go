package message

import (
	"crypto/sha256"
	"fmt"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// SaltBytes is the length of the salt of a commitment.
const SaltBytes = 16

// NoCap is the lane cap of a campaign without a cap of its own: the end of the range.
const NoCap = 1<<30 - 1

// Lane says which campaign bids on which imp, and the highest lane value with which it wants to count.
type Lane struct {
	Imp      uint8  // index into Terms.Imps
	Campaign uint16 // index of the campaign in its bidder's hint
	Cap      int32  // in lane units: log-bid less LogCap-16, 26 fractional bits
}

// Bid is what a bidder answers, but for the boxes: it is listed in the manifest, hashed into commitments and boxes.
type Bid struct {
	Seat        string
	Hint        Digest // of the hint that decrypts the lanes
	Lanes       []Lane
	Commitments [scheme.Trustees]Digest // salted, to the three parts of the lanes
}

// Answer is one bidder's answer to one request.
type Answer struct {
	Request Digest
	Bid
	Boxes [scheme.Trustees][]byte // for trustee i: both parts j != i with their salts
	Clear []uint32                // the lanes themselves, in the plaintext stand-in only
}

// MaxAnswerBytes bounds an encoded answer.
const MaxAnswerBytes = frameBytes + 32 + maxBidBytes + scheme.Trustees*(4+maxBidderBox)

const (
	maxBidBytes  = 2 + MaxID + 32 + 2 + 7*MaxAnswerLanes + scheme.Trustees*32
	maxBidderBox = BoxOverhead + 2*(SaltBytes+4*MaxAnswerLanes)
)

// PartsBytes is the size of what a bidder's box holds for the given number of lanes.
func PartsBytes(lanes int) int { return 2 * (SaltBytes + 4*lanes) }

func writeBid(w *wire.Writer, b *Bid) {
	w.String(b.Seat)
	w.Raw(b.Hint[:])
	w.U16(uint16(len(b.Lanes)))
	for _, l := range b.Lanes {
		w.U8(l.Imp)
		w.U16(l.Campaign)
		w.U32(uint32(l.Cap))
	}
	for i := range b.Commitments {
		w.Raw(b.Commitments[i][:])
	}
}

func (e *Epoch) readBid(r *wire.Reader, b *Bid) {
	b.Seat = r.String("seat", MaxID)
	if b.Seat == "" {
		r.Fail("seat", "is empty")
	}
	r.Copy("hint", b.Hint[:])
	n := r.Count("lanes", MaxAnswerLanes, 1+2+4)
	if n == 0 {
		r.Fail("lanes", "there are none")
		return
	}
	b.Lanes = make([]Lane, n)
	for i := range b.Lanes {
		l := Lane{r.U8("lane"), r.U16("lane"), int32(r.U32("lane"))}
		switch {
		case int(l.Imp) >= MaxImps || int(l.Campaign) >= e.Params.MaxLanes():
			r.Fail("lane", "%d has imp %d and campaign %d", i, l.Imp, l.Campaign)
		case l.Cap < -1<<30 || l.Cap > NoCap:
			r.Fail("lane", "%d has a cap out of range", i)
		case i > 0 && !less(b.Lanes[i-1], l):
			r.Fail("lane", "%d is not in ascending order of imp and campaign", i)
		}
		b.Lanes[i] = l
	}
	for i := range b.Commitments {
		r.Copy("commitments", b.Commitments[i][:])
	}
}

func less(a, b Lane) bool {
	if a.Imp != b.Imp {
		return a.Imp < b.Imp
	}
	return a.Campaign < b.Campaign
}

// AppendAnswer appends an encoded answer to dst.
func (e *Epoch) AppendAnswer(dst []byte, a *Answer) []byte {
	w := &wire.Writer{Buf: dst}
	e.start(w, kindAnswer)
	w.Raw(a.Request[:])
	writeBid(w, &a.Bid)
	if !e.Params.Encrypted() {
		for _, v := range a.Clear {
			w.U32(v)
		}
		return w.Buf
	}
	for _, box := range a.Boxes {
		w.Var(box)
	}
	return w.Buf
}

// DecodeAnswer decodes an answer.
func (e *Epoch) DecodeAnswer(b []byte) (*Answer, error) {
	r, err := e.open(b, kindAnswer)
	if err != nil {
		return nil, err
	}
	a := &Answer{}
	r.Copy("request", a.Request[:])
	e.readBid(r, &a.Bid)
	if e.Params.Encrypted() {
		for i := range a.Boxes {
			a.Boxes[i] = r.Var("box", maxBidderBox)
			if want := PartsBytes(len(a.Lanes)) + BoxOverhead; len(a.Boxes[i]) != want {
				r.Fail("box", "%d bytes, want %d", len(a.Boxes[i]), want)
			}
		}
	} else if r.Err() == nil {
		raw := wire.NewReader(r.Raw("clear lanes", 4*len(a.Lanes)))
		a.Clear = make([]uint32, len(a.Lanes))
		for i := range a.Clear {
			a.Clear[i] = raw.U32("clear lane")
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return a, nil
}

// CheckLanes refuses lanes for imps that the request does not have, and more lanes than it allows one bidder.
func (b *Bid) CheckLanes(t *Terms) error {
	if len(b.Lanes) > int(t.MaxLanes) {
		return fmt.Errorf("%d lanes, the request allows %d", len(b.Lanes), t.MaxLanes)
	}
	if last := b.Lanes[len(b.Lanes)-1]; int(last.Imp) >= len(t.Imps) {
		return fmt.Errorf("lane for imp %d of %d", last.Imp, len(t.Imps))
	}
	return nil
}

// Hasher computes the digests of the answering path into a buffer of its own, without allocating once warm. The zero value is
// ready. It is not safe for concurrent use.
type Hasher struct {
	w wire.Writer
}

func (h *Hasher) start(domain string) {
	h.w.Buf = h.w.Buf[:0]
	h.w.String(domain)
}

// Wipe overwrites what was hashed last.
func (h *Hasher) Wipe() { clear(h.w.Buf[:cap(h.w.Buf)]) }

// Commitment is the salted commitment to part j of a bidder's lanes: four bytes a lane. Without the salt, a part of one lane
// would fall to a search of 2^32.
func (h *Hasher) Commitment(request *Digest, seat string, j int, salt, part []byte) Digest {
	h.start("cipherbid part v1")
	h.w.Raw(request[:])
	h.w.String(seat)
	h.w.U8(uint8(j))
	h.w.Var(salt)
	h.w.Var(part)
	return sha256.Sum256(h.w.Buf)
}

// BoxContext is what a bidder's box for a trustee is bound to: the request, the whole bid with its commitments, and the trustee.
// The session key binds it to bidder, market and period.
func (h *Hasher) BoxContext(request *Digest, b *Bid, trustee int) Digest {
	h.start("cipherbid answer v1")
	h.w.Raw(request[:])
	h.w.U8(uint8(trustee))
	writeBid(&h.w, b)
	return sha256.Sum256(h.w.Buf)
}

// Lanes reads part of a bidder's lanes: four bytes each.
func Lanes(part []byte) []uint32 {
	r := wire.NewReader(part)
	lanes := make([]uint32, len(part)/4)
	for k := range lanes {
		lanes[k] = r.U32("lane")
	}
	return lanes
}

// HintDigest names a hint.
func HintDigest(seat string, hint []uint32) Digest {
	h := sha256.New()
	var w wire.Writer
	w.String("cipherbid hint v1")
	w.String(seat)
	for _, v := range hint {
		w.U32(v)
	}
	h.Write(w.Buf)
	return Digest(h.Sum(nil))
}
