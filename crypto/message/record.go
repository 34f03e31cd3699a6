package message

import (
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// Record is what a trustee keeps of a sealed auction for an auditor: what it was sent, opened. It is secret. The records of two
// trustees open the user's features and every bid of the auction.
//
// Everything in a record but statuses is bound: by the request's digest, which the publisher signs, and by the manifest's.
type Record struct {
	Trustee int
	Raw     []byte          // the rank request as received
	Request *RankRequest    // Raw, decoded
	SubKeys [2]lattice.Seed // of the user agent's box, in the order of scheme.SubKeysOf
	Entries []RecordEntry   // of every answer, in the manifest's order
	Answer  Digest          // SHA-256 of the trustee's sealed answer
}

// RecordEntry is what a trustee found in a bidder's box.
type RecordEntry struct {
	Status Status
	Parts  []byte // both parts with their salts, see PartsBytes; only if Status is Opened
}

// MaxRecordBytes bounds an encoded record.
func (e *Epoch) MaxRecordBytes() int {
	return 2*frameBytes + e.MaxRankRequestBytes() + 2*maxManifestBytes
}

// EncodeRecord encodes a record. Request is not needed.
func (e *Epoch) EncodeRecord(x *Record) []byte {
	size := frameBytes + 1 + 32 + 4 + len(x.Raw) + 2*lattice.SeedSize
	for i := range x.Entries {
		size += 1 + len(x.Entries[i].Parts)
	}
	w := &wire.Writer{Buf: make([]byte, 0, size)}
	e.start(w, kindRecord)
	w.U8(uint8(x.Trustee))
	w.Raw(x.Answer[:])
	w.Var(x.Raw)
	for i := range x.SubKeys {
		w.Raw(x.SubKeys[i][:])
	}
	for i := range x.Entries {
		w.U8(uint8(x.Entries[i].Status))
		w.Raw(x.Entries[i].Parts)
	}
	return w.Buf
}

// DecodeRecord decodes a record and the rank request in it. It checks no digest but those that DecodeOpenRequest checks.
func (e *Epoch) DecodeRecord(b []byte) (*Record, error) {
	r, err := e.open(b, kindRecord)
	if err != nil {
		return nil, err
	}
	x := &Record{Trustee: int(r.U8("trustee"))}
	if x.Trustee >= scheme.Trustees {
		r.Fail("trustee", "there is no trustee %d", x.Trustee)
	}
	r.Copy("digest of the answer", x.Answer[:])
	x.Raw = r.Var("rank request", e.MaxRankRequestBytes())
	for i := range x.SubKeys {
		r.Copy("sub-key", x.SubKeys[i][:])
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if x.Request, err = e.DecodeRankRequest(x.Raw, x.Trustee); err != nil {
		return nil, err
	}
	x.Entries = make([]RecordEntry, len(x.Request.Manifest.Entries))
	for i := range x.Entries {
		entry := &x.Entries[i]
		if entry.Status = Status(r.U8("status")); entry.Status >= statuses {
			r.Fail("status", "%d is unknown", entry.Status)
		}
		if entry.Status == Opened {
			entry.Parts = r.Raw("parts", PartsBytes(len(x.Request.Manifest.Entries[i].Lanes)))
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return x, nil
}

// Hint is a bidder's hint under its name, as a trustee keeps it beside its records. It hides the bidder's weights.
type Hint struct {
	Digest Digest // HintDigest of the rest
	Seat   string
	Values []uint32
}

// MaxHintBytes bounds an encoded hint.
func (e *Epoch) MaxHintBytes() int { return frameBytes + 2 + MaxID + e.Params.HintBytes() }

// EncodeHint encodes a hint.
func (e *Epoch) EncodeHint(h *Hint) []byte {
	w := &wire.Writer{Buf: make([]byte, 0, e.MaxHintBytes())}
	e.start(w, kindHint)
	w.String(h.Seat)
	for _, v := range h.Values {
		w.U32(v)
	}
	return w.Buf
}

// DecodeHint decodes a hint and computes its digest.
func (e *Epoch) DecodeHint(b []byte) (*Hint, error) {
	r, err := e.open(b, kindHint)
	if err != nil {
		return nil, err
	}
	h := &Hint{Seat: r.String("seat", MaxID)}
	h.Values = Lanes(r.Raw("hint", e.Params.HintBytes()))
	if err := r.Done(); err != nil {
		return nil, err
	}
	h.Digest = HintDigest(h.Seat, h.Values)
	return h, nil
}
