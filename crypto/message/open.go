package message

import (
	"crypto/sha256"
	"fmt"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// OpenRequest asks one trustee to open a closed auction. c0 is represented by its digest: a trustee needs only b.
type OpenRequest struct {
	Terms         *Terms
	RawTerms      []byte
	C0Digest      Digest
	B             []byte
	Signature     []byte // the publisher's, over Digest
	Box           []byte // the user agent's, for this trustee
	Manifest      *Manifest
	RawManifest   []byte
	ManifestTag   []byte   // the auctioneer's, under its session with the trustee, see ManifestContext
	Boxes         [][]byte // the bidders', for this trustee, in the manifest's order
	Digest        Digest   // the request's
	ManifestBound Digest   // the manifest's
}

// EncodeOpenRequest encodes the part of a request and its answers that trustee i needs.
func (e *Epoch) EncodeOpenRequest(r *Request, rawManifest, manifestTag []byte, answers []*Answer, trustee int) []byte {
	w := &wire.Writer{Buf: make([]byte, 0, openRequestRoom(r, rawManifest, answers))}
	e.writeOpenRequest(w, r, rawManifest, manifestTag, answers, trustee)
	return w.Buf
}

// openRequestRoom is room for an open request; one with larger boxes makes its buffer grow.
func openRequestRoom(r *Request, rawManifest []byte, answers []*Answer) int {
	return 4096 + len(r.RawTerms) + len(r.B) + len(rawManifest) + 256*len(answers)
}

func (e *Epoch) writeOpenRequest(w *wire.Writer, r *Request, rawManifest, manifestTag []byte, answers []*Answer, trustee int) {
	e.start(w, kindOpenRequest)
	w.Var(r.RawTerms)
	c0 := scheme.HashPacked(r.C0)
	w.Raw(c0[:])
	w.Raw(r.B)
	w.Raw(r.Signature)
	w.Var(r.Boxes[trustee])
	w.Var(rawManifest)
	w.Raw(manifestTag)
	for _, a := range answers {
		w.Var(a.Boxes[trustee])
	}
}

// MaxOpenRequestBytes bounds an encoded open request.
func (e *Epoch) MaxOpenRequestBytes() int {
	return frameBytes + MaxTermsBytes + e.Params.PolyBytes() + signatureBytes + BoxOverhead + MaxUserBox + 2*maxManifestBytes
}

// DecodeOpenRequest decodes an open request and computes both digests. It verifies no signature and opens no box, but checks
// that every bidder's box is the one that the manifest lists for the trustee.
func (e *Epoch) DecodeOpenRequest(b []byte, trustee int) (*OpenRequest, error) {
	r, err := e.open(b, kindOpenRequest)
	if err != nil {
		return nil, err
	}
	o := &OpenRequest{RawTerms: r.Var("terms", MaxTermsBytes)}
	r.Copy("digest of c0", o.C0Digest[:])
	o.B = r.Raw("b", e.Params.PolyBytes())
	o.Signature = r.Raw("signature", signatureBytes)
	o.Box = r.Var("box", MaxUserBox)
	o.RawManifest = r.Var("manifest", maxManifestBytes)
	o.ManifestTag = r.Raw("manifest tag", BoxOverhead)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if o.Terms, err = e.DecodeTerms(o.RawTerms); err != nil {
		return nil, err
	}
	if o.Manifest, err = e.DecodeManifest(o.RawManifest); err != nil {
		return nil, err
	}
	o.Boxes = make([][]byte, len(o.Manifest.Entries))
	for i := range o.Boxes {
		o.Boxes[i] = r.Var("bidder's box", maxBidderBox)
		if sha256.Sum256(o.Boxes[i]) != o.Manifest.Entries[i].BoxDigests[trustee] {
			r.Fail("bidder's box", "%d is not the one in the manifest", i)
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	o.Digest = RequestDigest(o.RawTerms, o.C0Digest, scheme.HashPacked(o.B))
	if o.Manifest.Request != o.Digest {
		return nil, fmt.Errorf("%w: manifest is for another request", wire.ErrMalformed)
	}
	for i := range o.Manifest.Entries {
		if err := o.Manifest.Entries[i].CheckLanes(o.Terms); err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", wire.ErrMalformed, i, err)
		}
	}
	if n := o.Manifest.Lanes(); n > int(o.Terms.MaxLanes) {
		return nil, fmt.Errorf("%w: %d lanes in the manifest, the request allows %d", wire.ErrMalformed, n, o.Terms.MaxLanes)
	}
	o.ManifestBound = ManifestDigest(o.RawManifest)
	return o, nil
}

// Status tells what a trustee made of one entry.
type Status uint8

// Statuses of an entry. Only Opened entries have shares.
const (
	Opened        Status = iota
	UnknownBidder        // not in the directory, not enrolled, or another hint
	BadBox               // does not open under the bidder's session key
	BadCommitment        // a part is not what the bidder committed to
	statuses
)

func (s Status) String() string {
	switch s {
	case Opened:
		return "opened"
	case UnknownBidder:
		return "bidder or hint unknown"
	case BadBox:
		return "box does not open"
	case BadCommitment:
		return "part differs from its commitment"
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// EntryShares are a trustee's shares of one entry's lanes.
type EntryShares struct {
	Status Status
	Z      [2][]uint32 // Z[at][lane], at in the order of scheme.SubKeysOf
}

// Shares is a trustee's answer to an open request: a replicated 2-of-3 secret sharing of every lane.
type Shares struct {
	Manifest Digest // which manifest was served
	Trustee  int
	Entries  []EntryShares
}

// EncodeShares encodes shares. They are secret: seal them to the ranker.
func (e *Epoch) EncodeShares(s *Shares) []byte {
	w := &wire.Writer{}
	e.start(w, kindShares)
	w.Raw(s.Manifest[:])
	w.U8(uint8(s.Trustee))
	for i := range s.Entries {
		w.U8(uint8(s.Entries[i].Status))
		if s.Entries[i].Status != Opened {
			continue
		}
		for _, z := range s.Entries[i].Z {
			for _, v := range z {
				w.U32(v)
			}
		}
	}
	return w.Buf
}

// DecodeShares decodes a trustee's shares for the manifest that was sent.
func (e *Epoch) DecodeShares(b []byte, m *Manifest) (*Shares, error) {
	r, err := e.open(b, kindShares)
	if err != nil {
		return nil, err
	}
	s := &Shares{Entries: make([]EntryShares, len(m.Entries))}
	r.Copy("manifest", s.Manifest[:])
	if s.Trustee = int(r.U8("trustee")); s.Trustee >= scheme.Trustees {
		r.Fail("trustee", "there is no trustee %d", s.Trustee)
	}
	for i := range s.Entries {
		entry := &s.Entries[i]
		if entry.Status = Status(r.U8("status")); entry.Status >= statuses {
			r.Fail("status", "%d is unknown", entry.Status)
		}
		if entry.Status != Opened {
			continue
		}
		for at := range entry.Z {
			raw := wire.NewReader(r.Raw("shares", 4*len(m.Entries[i].Lanes)))
			entry.Z[at] = make([]uint32, len(m.Entries[i].Lanes))
			for k := range entry.Z[at] {
				entry.Z[at][k] = raw.U32("share")
			}
		}
		if r.Err() != nil {
			break
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return s, nil
}
