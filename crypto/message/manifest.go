package message

import (
	"crypto/sha256"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// Entry lists one answer in a manifest.
type Entry struct {
	Bid
	BoxDigests [scheme.Trustees]Digest
}

// Manifest closes an auction: which answers take part, in which order. A trustee serves a request for one manifest only.
type Manifest struct {
	Request Digest
	Entries []Entry
}

// maxManifestBytes bounds an encoded manifest; the limit on lanes makes it smaller in practice.
const maxManifestBytes = 1 << 22

// NewEntry lists an answer.
func NewEntry(a *Answer) Entry {
	e := Entry{Bid: a.Bid}
	for i, box := range a.Boxes {
		e.BoxDigests[i] = sha256.Sum256(box)
	}
	return e
}

// EncodeManifest encodes a manifest; its bytes are what gets hashed and signed.
func (e *Epoch) EncodeManifest(m *Manifest) []byte {
	w := &wire.Writer{}
	e.start(w, kindManifest)
	w.Raw(m.Request[:])
	w.U16(uint16(len(m.Entries)))
	for i := range m.Entries {
		writeBid(w, &m.Entries[i].Bid)
		for _, d := range m.Entries[i].BoxDigests {
			w.Raw(d[:])
		}
	}
	return w.Buf
}

// ManifestDigest names a manifest.
func ManifestDigest(raw []byte) Digest { return hash("cipherbid manifest v1", raw) }

// DecodeManifest decodes a manifest. It refuses a seat that is listed twice, since two lists of one seat would compete.
func (e *Epoch) DecodeManifest(b []byte) (*Manifest, error) {
	r, err := e.open(b, kindManifest)
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	r.Copy("request", m.Request[:])
	n := r.Count("entries", MaxEntries, 2+1+32+2+7+2*scheme.Trustees*32)
	if n > 0 {
		m.Entries = make([]Entry, n)
	}
	seats := make(map[string]bool, n)
	for i := range m.Entries {
		entry := &m.Entries[i]
		e.readBid(r, &entry.Bid)
		if seats[entry.Seat] {
			r.Fail("entries", "a seat is listed twice")
		}
		seats[entry.Seat] = true
		for j := range entry.BoxDigests {
			r.Copy("box digests", entry.BoxDigests[j][:])
		}
		if r.Err() != nil {
			break
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return m, nil
}

// Lanes is the number of lanes of all entries.
func (m *Manifest) Lanes() int {
	n := 0
	for i := range m.Entries {
		n += len(m.Entries[i].Lanes)
	}
	return n
}
