package trustee

import (
	"crypto/sha256"
	"slices"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
)

// Recorder keeps what an auditor needs to replay sealed auctions. Implementations are safe for concurrent use.
//
// What it is given is secret: with the records of another trustee it opens the auctions' features and bids.
type Recorder interface {
	// Record takes an encoded [message.Record], which is the recorder's from now on, and the hints of the answers in it, which it
	// must not modify. An auction's answer waits for it, so that it must not wait itself; what it cannot keep is its own trouble.
	Record(request message.Digest, record []byte, hints []message.Hint)
}

// RecordTo has every sealed auction recorded that the trustee answers. Call it before the first request.
func (t *Trustee) RecordTo(r Recorder) { t.recorder = r }

// recording gathers the record of one auction. A nil recording gathers nothing.
type recording struct {
	record message.Record
	hints  []message.Hint
}

// startRecord begins the record of a rank request, if records are kept.
func (t *Trustee) startRecord(raw []byte, entries int) *recording {
	if t.recorder == nil {
		return nil
	}
	return &recording{record: message.Record{Trustee: t.index, Raw: raw, Entries: make([]message.RecordEntry, entries)}}
}

// unlocked notes the two sub-keys of the user agent's box.
func (c *recording) unlocked(subKeys []byte) {
	if c == nil {
		return
	}
	for i := range c.record.SubKeys {
		copy(c.record.SubKeys[i][:], subKeys[i*lattice.SeedSize:])
	}
}

// opened notes what an answer's box holds, and the hint that goes with it.
func (c *recording) opened(entry int, parts []byte, hint message.Hint) {
	if c != nil {
		c.record.Entries[entry].Parts = slices.Clone(parts)
		c.hints = append(c.hints, hint)
	}
}

// keep hands the record of an auction over, now that the trustee has its answer.
func (t *Trustee) keep(c *recording, request message.Digest, statuses []message.Status, answer []byte) {
	if c == nil {
		return
	}
	for i, s := range statuses {
		c.record.Entries[i].Status = s
	}
	c.record.Answer = sha256.Sum256(answer)
	t.recorder.Record(request, t.dir.Epoch().EncodeRecord(&c.record), c.hints)
}

func (c *recording) wipe() {
	if c == nil {
		return
	}
	for i := range c.record.SubKeys {
		c.record.SubKeys[i].Wipe()
	}
	for i := range c.record.Entries {
		clear(c.record.Entries[i].Parts)
	}
}
