package message

import (
	"fmt"

	"cipherbid/crypto/wire"
)

// Role says who enrols with a trustee.
type Role uint8

// Roles that enrol.
const (
	RoleBidder     Role = 1
	RoleAuctioneer Role = 2
	RolePublisher  Role = 3
)

// SessionKeyBytes is the length of a session key.
const SessionKeyBytes = 32

// Enrolment opens a session with one trustee for the rest of the period, and brings a bidder's hint.
type Enrolment struct {
	Role      Role
	ID        string // seat, or the auctioneer's or publisher's id
	Sequence  uint64 // grows with every enrolment of a party, so that an old one cannot be replayed
	Trustee   KeyID  // the trustee's period key that the box is for
	Box       []byte // HPKE: session key and hint
	Signature []byte // of the identity in the directory, over Digest
}

// Digest is what gets signed.
func (n *Enrolment) Digest(e *Epoch) Digest {
	var w wire.Writer
	e.start(&w, kindEnrolment)
	n.write(&w)
	return hash("cipherbid enrolment v1", w.Buf)
}

// Info binds the box to role, name and trustee.
func (n *Enrolment) Info(e *Epoch) []byte {
	var w wire.Writer
	e.start(&w, kindEnrolment)
	w.String("cipherbid session v1")
	n.writeHead(&w)
	return w.Buf
}

func (n *Enrolment) writeHead(w *wire.Writer) {
	w.U8(uint8(n.Role))
	w.String(n.ID)
	w.U64(n.Sequence)
	w.Raw(n.Trustee[:])
}

func (n *Enrolment) write(w *wire.Writer) {
	n.writeHead(w)
	w.Var(n.Box)
}

// EncodeEnrolment encodes an enrolment.
func (e *Epoch) EncodeEnrolment(n *Enrolment) []byte {
	var w wire.Writer
	e.start(&w, kindEnrolment)
	n.write(&w)
	w.Raw(n.Signature)
	return w.Buf
}

// DecodeEnrolment decodes an enrolment.
func (e *Epoch) DecodeEnrolment(b []byte) (*Enrolment, error) {
	r, err := e.open(b, kindEnrolment)
	if err != nil {
		return nil, err
	}
	n := &Enrolment{Role: Role(r.U8("role")), ID: r.String("id", MaxID)}
	if n.Role < RoleBidder || n.Role > RolePublisher {
		r.Fail("role", "%d is unknown", n.Role)
	}
	n.Sequence = r.U64("sequence")
	r.Copy("trustee", n.Trustee[:])
	n.Box = r.Var("box", MaxPeriodBytes)
	n.Signature = r.Raw("signature", signatureBytes)
	if err := r.Done(); err != nil {
		return nil, err
	}
	return n, nil
}

// EncodeSession encodes what an enrolment's box holds.
func EncodeSession(key []byte, hint []uint32) []byte {
	w := wire.Writer{Buf: make([]byte, 0, len(key)+4*len(hint))}
	w.Raw(key)
	for _, v := range hint {
		w.U32(v)
	}
	return w.Buf
}

// DecodeSession decodes what an enrolment's box holds: a session key, and for bidders a hint of n values.
func DecodeSession(b []byte, n int) (key []byte, hint []uint32, err error) {
	if len(b) != SessionKeyBytes+4*n {
		return nil, nil, fmt.Errorf("%w: session of the wrong length", wire.ErrMalformed)
	}
	r := wire.NewReader(b)
	key = append([]byte(nil), r.Raw("session key", SessionKeyBytes)...)
	hint = make([]uint32, n)
	for i := range hint {
		hint[i] = r.U32("hint")
	}
	return key, hint, r.Done()
}
