package message

import (
	"time"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// MaxAttempts is how often an auction may be ranked. Every attempt is served once and needs circuits of its own.
const MaxAttempts = 8

// Nobody is the value of Call.Absent when all three trustees take part.
const Nobody = 0xff

// MaxWait is how long a trustee may be told to wait for others.
const MaxWait = 10 * time.Second

// Ticket names a garbled circuit in the evaluator's stock. The zero ticket asks for one to be made on the spot.
type Ticket struct {
	Session [8]byte // of the link between the two garblers
	Number  uint64
}

// Call says how trustees are to rank an auction.
type Call struct {
	Attempt uint8         // from 0; a trustee serves each number once
	Absent  uint8         // the trustee that does not take part, or Nobody
	Wait    time.Duration // how long to wait for other trustees; travels in milliseconds
	Tickets []Ticket      // one for each imp
}

// RankRequest asks one trustee to take part in a sealed ranking. Its tag is bound to the call, see CallContext.
type RankRequest struct {
	Call
	RawCall []byte
	*OpenRequest
}

const ticketBytes = 8 + 8

// EncodeCall encodes a call.
func EncodeCall(c *Call) []byte {
	w := &wire.Writer{Buf: make([]byte, 0, 8+ticketBytes*len(c.Tickets))}
	w.U8(c.Attempt)
	w.U8(c.Absent)
	w.U16(uint16(c.Wait.Milliseconds()))
	w.U16(uint16(len(c.Tickets)))
	for i := range c.Tickets {
		w.Raw(c.Tickets[i].Session[:])
		w.U64(c.Tickets[i].Number)
	}
	return w.Buf
}

func decodeCall(b []byte) (c Call, err error) {
	r := wire.NewReader(b)
	c.Attempt, c.Absent = r.U8("attempt"), r.U8("absent trustee")
	c.Wait = time.Duration(r.U16("wait")) * time.Millisecond
	c.Tickets = make([]Ticket, r.Count("tickets", MaxImps, ticketBytes))
	for i := range c.Tickets {
		r.Copy("ticket", c.Tickets[i].Session[:])
		c.Tickets[i].Number = r.U64("ticket")
	}
	switch {
	case c.Attempt >= MaxAttempts:
		r.Fail("attempt", "%d, at most %d are allowed", c.Attempt, MaxAttempts)
	case c.Absent >= scheme.Trustees && c.Absent != Nobody:
		r.Fail("absent trustee", "there is no trustee %d", c.Absent)
	case c.Wait > MaxWait:
		r.Fail("wait", "%s, at most %s are allowed", c.Wait, MaxWait)
	}
	return c, r.Done()
}

// EncodeRankRequest encodes a call and the part of a request and its answers that trustee i needs.
func (e *Epoch) EncodeRankRequest(r *Request, rawCall, rawManifest, tag []byte, answers []*Answer, trustee int) []byte {
	w := &wire.Writer{Buf: make([]byte, 0, frameBytes+4+len(rawCall)+openRequestRoom(r, rawManifest, answers))}
	e.start(w, kindRankRequest)
	w.Var(rawCall)
	e.writeOpenRequest(w, r, rawManifest, tag, answers, trustee)
	return w.Buf
}

// MaxRankRequestBytes bounds an encoded rank request.
func (e *Epoch) MaxRankRequestBytes() int {
	return e.MaxOpenRequestBytes() + frameBytes + 4 + maxCallBytes
}

const maxCallBytes = 6 + ticketBytes*MaxImps

// DecodeRankRequest decodes a rank request, and checks what DecodeOpenRequest checks.
func (e *Epoch) DecodeRankRequest(b []byte, trustee int) (*RankRequest, error) {
	r, err := e.open(b, kindRankRequest)
	if err != nil {
		return nil, err
	}
	out := &RankRequest{RawCall: r.Var("call", maxCallBytes)}
	rest := r.Rest()
	if err := r.Done(); err != nil {
		return nil, err
	}
	if out.Call, err = decodeCall(out.RawCall); err != nil {
		return nil, err
	}
	if out.OpenRequest, err = e.DecodeOpenRequest(rest, trustee); err != nil {
		return nil, err
	}
	if len(out.Tickets) != len(out.Terms.Imps) {
		r.Fail("tickets", "%d for %d imps", len(out.Tickets), len(out.Terms.Imps))
		return nil, r.Err()
	}
	return out, nil
}

// RankedImp is a trustee's part of one imp's outcome. Which fields are set depends on its role, see cipherbid/crypto/sealed.
type RankedImp struct {
	TableDigest Digest // of the output table, from the garbler
	Table       []byte // hashes of the labels of outputs: what they mean, from the checker
	Labels      []byte // labels of the outputs, from the evaluator
	Opened      []byte // which seats garbler and checker have put in, as the evaluator has read it
}

// Ready lists circuits in the sender's stock that nobody was told of yet. It is their evaluator.
type Ready struct {
	Shape   string
	Session [8]byte
	Numbers []uint64
}

// Ranked is a trustee's answer to a rank request.
type Ranked struct {
	Trustee  int
	Manifest Digest
	Attempt  uint8
	Statuses []Status // of every entry, as this trustee found it
	Imps     []RankedImp
	Ready    []Ready
}

// Limits of a Ranked.
const (
	maxTable     = 64 * 2 * 16 // 64 outputs
	maxOpened    = 2 * 4096    // a byte for every seat, by garbler and checker
	MaxReady     = 64          // stocks that a Ranked lists
	MaxReadyEach = 1024        // circuits of a stock that a Ranked lists
	MaxShape     = 256         // bytes of a shape
)

// EncodeRanked encodes an answer. It is secret: seal it to the auctioneer.
func (e *Epoch) EncodeRanked(a *Ranked) []byte {
	w := &wire.Writer{}
	e.start(w, kindRanked)
	w.U8(uint8(a.Trustee))
	w.Raw(a.Manifest[:])
	w.U8(a.Attempt)
	w.U16(uint16(len(a.Statuses)))
	for _, s := range a.Statuses {
		w.U8(uint8(s))
	}
	w.U16(uint16(len(a.Imps)))
	for i := range a.Imps {
		w.Raw(a.Imps[i].TableDigest[:])
		w.Var(a.Imps[i].Table)
		w.Var(a.Imps[i].Labels)
		w.Var(a.Imps[i].Opened)
	}
	w.U16(uint16(len(a.Ready)))
	for i := range a.Ready {
		w.String(a.Ready[i].Shape)
		w.Raw(a.Ready[i].Session[:])
		w.U16(uint16(len(a.Ready[i].Numbers)))
		for _, n := range a.Ready[i].Numbers {
			w.U64(n)
		}
	}
	return w.Buf
}

// DecodeRanked decodes a trustee's answer.
func (e *Epoch) DecodeRanked(b []byte) (*Ranked, error) {
	r, err := e.open(b, kindRanked)
	if err != nil {
		return nil, err
	}
	a := &Ranked{Trustee: int(r.U8("trustee"))}
	if a.Trustee >= scheme.Trustees {
		r.Fail("trustee", "there is no trustee %d", a.Trustee)
	}
	r.Copy("manifest", a.Manifest[:])
	a.Attempt = r.U8("attempt")
	a.Statuses = make([]Status, r.Count("statuses", MaxEntries, 1))
	for i := range a.Statuses {
		if a.Statuses[i] = Status(r.U8("status")); a.Statuses[i] >= statuses {
			r.Fail("status", "%d is unknown", a.Statuses[i])
		}
	}
	a.Imps = make([]RankedImp, r.Count("imps", MaxImps, 32+4+4+4))
	for i := range a.Imps {
		r.Copy("digest of a table", a.Imps[i].TableDigest[:])
		a.Imps[i].Table = r.Var("table", maxTable)
		a.Imps[i].Labels = r.Var("labels", maxTable/2)
		a.Imps[i].Opened = r.Var("opened seats", maxOpened)
	}
	a.Ready = make([]Ready, r.Count("stocks", MaxReady, 2+8+2))
	for i := range a.Ready {
		a.Ready[i].Shape = r.String("shape", MaxShape)
		r.Copy("session", a.Ready[i].Session[:])
		a.Ready[i].Numbers = make([]uint64, r.Count("circuits", MaxReadyEach, 8))
		for k := range a.Ready[i].Numbers {
			a.Ready[i].Numbers[k] = r.U64("circuit")
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return a, nil
}
