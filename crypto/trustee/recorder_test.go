package trustee

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// shelf is a recorder in memory.
type shelf struct {
	mu      sync.Mutex
	records map[message.Digest][]byte
	hints   map[message.Digest]message.Hint
	times   int
}

func (s *shelf) Record(request message.Digest, record []byte, hints []message.Hint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	s.records[request] = record
	for _, h := range hints {
		s.hints[h.Digest] = h
	}
}

// recorded gives every trustee of a market a shelf.
func (w *wired) recorded() (shelves [scheme.Trustees]*shelf) {
	for i := range shelves {
		shelves[i] = &shelf{records: map[message.Digest][]byte{}, hints: map[message.Digest]message.Hint{}}
		w.trustees[i].RecordTo(shelves[i])
	}
	return shelves
}

// A record holds the request as received, the sub-keys and parts that the trustee has opened, why it has opened others not, and the
// digest of its answer.
func TestRecordHoldsWhatWasOpened(t *testing.T) {
	w := newWired(t)
	shelves := w.recorded()
	c := w.sealedSale()
	const spoilt, at = 2, 1 // an entry, and the trustee that cannot open it
	c.answers[spoilt].Boxes[at] = slices.Clone(c.answers[spoilt].Boxes[at])
	c.answers[spoilt].Boxes[at][20] ^= 1
	c = w.close(c.request, c.answers...)
	call := c.call(0, patience)
	var requests, answers [scheme.Trustees][]byte
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			raw := w.encodedCall(c, message.EncodeCall(call), i)
			requests[i] = bytes.Clone(raw)
			var err error
			if answers[i], err = w.trustees[i].Rank(raw, time.Now()); err != nil {
				t.Errorf("trustee %d: %v", i, err)
			}
			clear(raw) // as a server does that reuses its buffers
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for i, s := range shelves {
		r, err := w.dir.Epoch().DecodeRecord(s.records[c.request.Digest])
		if err != nil {
			t.Fatal(err)
		}
		if r.Trustee != i || !bytes.Equal(r.Raw, requests[i]) || r.Answer != sha256.Sum256(answers[i]) {
			t.Errorf("trustee %d: the record is of trustee %d, or of other messages", i, r.Trustee)
		}
		subKeys, err := w.trustees[i].openUserBox(r.Request.OpenRequest)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(append(r.SubKeys[0][:], r.SubKeys[1][:]...), subKeys) || len(subKeys) != 2*lattice.SeedSize {
			t.Errorf("trustee %d: other sub-keys", i)
		}
		var hasher message.Hasher
		for k, entry := range r.Entries {
			bid := &c.manifest.Entries[k].Bid
			if i == at && k == spoilt {
				if entry.Status != message.BadBox || entry.Parts != nil {
					t.Errorf("trustee %d: an answer that does not open is recorded as %s", i, entry.Status)
				}
				continue
			}
			half := len(entry.Parts) / 2
			for n, j := range scheme.SubKeysOf(i) {
				both := entry.Parts[n*half : (n+1)*half]
				if entry.Status != message.Opened || hasher.Commitment(&c.request.Digest, bid.Seat, j, both[:message.SaltBytes], both[message.SaltBytes:]) != bid.Commitments[j] {
					t.Errorf("trustee %d, entry %d: other parts", i, k)
				}
			}
			if h := s.hints[bid.Hint]; h.Seat != bid.Seat || message.HintDigest(h.Seat, h.Values) != bid.Hint {
				t.Errorf("trustee %d: the hint of %q is missing", i, bid.Seat)
			}
		}
	}
}

// Nothing is recorded but what was answered: not what was refused, what failed, and no open auction.
func TestNothingElseIsRecorded(t *testing.T) {
	w := newWired(t)
	shelves := w.recorded()
	count := func() (n int) {
		for _, s := range shelves {
			s.mu.Lock()
			n += s.times
			s.mu.Unlock()
		}
		return n
	}
	w.openAll(w.sell(w.ask(opportunity())))
	if n := count(); n != 0 {
		t.Errorf("%d records of an open auction", n)
	}
	c := w.sealedSale()
	evaluator := c.rolesOf(c.call(0, patience))[message.Evaluator]
	if _, err := w.rankAt(c, c.call(0, shortly), evaluator); err == nil {
		t.Error("the evaluator has ranked alone")
	}
	if n := count(); n != 0 {
		t.Errorf("%d records of an attempt that failed", n)
	}
	w.ranks(c, c.call(1, patience))
	if n := count(); n != scheme.Trustees {
		t.Errorf("%d records of an auction", n)
	}
	w.answersOf(c, c.call(1, shortly), 0, 1, 2)
	shorter := w.shorter(c)
	w.answersOf(shorter, shorter.call(2, shortly), 0, 1, 2)
	if n := count(); n != scheme.Trustees {
		t.Errorf("%d records after requests that were refused", n)
	}
}

// BenchmarkRecording is what keeping records adds to an auction of ten seats with six campaigns each, before it is answered.
func BenchmarkRecording(b *testing.B) {
	w := newWired(b)
	s := w.recorded()[0]
	raw, parts, answer := make([]byte, 20<<10), make([]byte, message.PartsBytes(6)), make([]byte, 1<<10)
	subKeys, statuses := make([]byte, 2*lattice.SeedSize), make([]message.Status, 10)
	b.ReportAllocs()
	for b.Loop() {
		c := w.trustees[0].startRecord(raw, len(statuses))
		c.unlocked(subKeys)
		for i := range statuses {
			c.opened(i, parts, message.Hint{})
		}
		w.trustees[0].keep(c, message.Digest{}, statuses, answer)
		c.wipe()
	}
	b.ReportMetric(float64(len(s.records[message.Digest{}])), "record-B")
}
