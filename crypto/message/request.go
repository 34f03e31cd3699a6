package message

import (
	"fmt"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// Request is what a user agent sends to the auctioneer.
type Request struct {
	Terms     *Terms
	RawTerms  []byte // as encoded, since these bytes are signed
	C0, B     []byte // the ciphertext, packed; plain integers and nothing in the stand-in
	Signature []byte // the publisher's, over Digest
	Boxes     [scheme.Trustees][]byte
	Digest    Digest // of terms and ciphertext: the auction's name in everything that follows
}

// RequestDigest binds terms to ciphertext.
func RequestDigest(rawTerms []byte, c0, b Digest) Digest {
	return hash("cipherbid request v1", rawTerms, c0[:], b[:])
}

// EncodeRequest encodes a request.
func (e *Epoch) EncodeRequest(r *Request) []byte {
	w := &wire.Writer{Buf: make([]byte, 0, frameBytes+len(r.RawTerms)+len(r.C0)+len(r.B)+3*2048)}
	e.start(w, kindRequest)
	w.Var(r.RawTerms)
	w.Raw(r.C0)
	w.Raw(r.B)
	w.Raw(r.Signature)
	for _, box := range r.Boxes {
		w.Var(box)
	}
	return w.Buf
}

// MaxRequestBytes bounds an encoded request.
func (e *Epoch) MaxRequestBytes() int {
	return frameBytes + 4 + MaxTermsBytes + e.Params.PayloadBytes() + signatureBytes + scheme.Trustees*(4+MaxUserBox)
}

// DecodeRequest decodes a request and computes its digest. It does not verify the signature, and leaves the ciphertext's
// coefficients to those who use them.
func (e *Epoch) DecodeRequest(b []byte) (*Request, error) {
	r, err := e.open(b, kindRequest)
	if err != nil {
		return nil, err
	}
	out := &Request{RawTerms: r.Var("terms", MaxTermsBytes)}
	out.C0, out.B = e.readCiphertext(r)
	out.Signature = r.Raw("signature", signatureBytes)
	for i := range out.Boxes {
		out.Boxes[i] = r.Var("box", MaxUserBox)
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if out.Terms, err = e.DecodeTerms(out.RawTerms); err != nil {
		return nil, err
	}
	out.Digest = RequestDigest(out.RawTerms, scheme.HashPacked(out.C0), scheme.HashPacked(out.B))
	return out, nil
}

func (e *Epoch) readCiphertext(r *wire.Reader) (c0, b []byte) {
	if e.Params.Encrypted() {
		return r.Raw("c0", e.Params.PolyBytes()), r.Raw("b", e.Params.PolyBytes())
	}
	return r.Raw("features", e.Params.PayloadBytes()), nil
}

// BidRequest is what a bidder gets: the terms and the ciphertext, not the boxes.
type BidRequest struct {
	Terms  *Terms
	C0, B  []byte
	Digest Digest
}

// AppendBidRequest appends the bidders' part of a request to dst. It is the same for all bidders.
func (e *Epoch) AppendBidRequest(dst []byte, r *Request) []byte {
	w := &wire.Writer{Buf: dst}
	e.start(w, kindBidRequest)
	w.Var(r.RawTerms)
	w.Raw(r.C0)
	w.Raw(r.B)
	return w.Buf
}

// MaxBidRequestBytes bounds an encoded bid request.
func (e *Epoch) MaxBidRequestBytes() int {
	return frameBytes + 4 + MaxTermsBytes + e.Params.PayloadBytes()
}

// DecodeBidRequest decodes a bid request and computes the request's digest.
func (e *Epoch) DecodeBidRequest(b []byte) (*BidRequest, error) {
	r, err := e.open(b, kindBidRequest)
	if err != nil {
		return nil, err
	}
	raw := r.Var("terms", MaxTermsBytes)
	out := &BidRequest{}
	out.C0, out.B = e.readCiphertext(r)
	if err := r.Done(); err != nil {
		return nil, err
	}
	if out.Terms, err = e.DecodeTerms(raw); err != nil {
		return nil, fmt.Errorf("bid request: %w", err)
	}
	out.Digest = RequestDigest(raw, scheme.HashPacked(out.C0), scheme.HashPacked(out.B))
	return out, nil
}
