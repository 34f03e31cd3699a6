package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cipherbid/auction"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/trustee/records"
)

// evidenceOf reads two records anew, for a test to alter.
func evidenceOf(t *testing.T, h *house, request message.Digest, trustees ...int) *Evidence {
	t.Helper()
	e, err := h.gather(request, trustees...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// rewrite alters the bytes of a record's rank request and decodes the record again.
func rewrite(t *testing.T, h *house, r *message.Record, change func(raw []byte)) *message.Record {
	t.Helper()
	x := *r
	x.Raw = bytes.Clone(r.Raw)
	change(x.Raw)
	out, err := h.dir.Epoch().DecodeRecord(h.dir.Epoch().EncodeRecord(&x))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flip alters the byte behind what a field holds.
func flip(t *testing.T, field []byte, at int) func(raw []byte) {
	return func(raw []byte) {
		start := bytes.Index(raw, field)
		if start < 0 {
			t.Fatal("the field is not in the request")
		}
		raw[start+at] ^= 1
	}
}

// Whatever is altered in a record is noticed, and the record named.
func TestTamperedRecordIsFoundOut(t *testing.T) {
	c := commonMarket(t)
	for _, tc := range []struct {
		name           string
		change         func(e *Evidence)
		suspects, says string
	}{
		{"sub-key", func(e *Evidence) { e.Records[1].SubKeys[0][5] ^= 1 }, `the record of "trustee-2"`, "sub-keys are not those"},
		{"sub-keys swapped", func(e *Evidence) {
			k := &e.Records[0].SubKeys
			k[0], k[1] = k[1], k[0]
		}, `the record of "trustee-0"`, "sub-keys are not those"},
		{"another auction's sub-keys", func(e *Evidence) {
			e.Records[0].SubKeys = evidenceOf(t, c.house, c.first, 0).Records[0].SubKeys
		}, `the record of "trustee-0"`, "sub-keys are not those"},
		{"salt", func(e *Evidence) { e.Records[0].Entries[1].Parts[0] ^= 1 }, `the record of "trustee-0"`, `part 1 of the answer of "bob"`},
		{"first part", func(e *Evidence) { e.Records[0].Entries[1].Parts[message.SaltBytes] ^= 1 }, `the record of "trustee-0"`, "part 1 of"},
		{"second part", func(e *Evidence) {
			parts := e.Records[1].Entries[2].Parts
			parts[len(parts)-1] ^= 1
		}, `the record of "trustee-2"`, `part 1 of the answer of "cyd"`},
		{"another bidder's parts", func(e *Evidence) {
			e.Records[0].Entries[0], e.Records[0].Entries[1] = e.Records[0].Entries[1], e.Records[0].Entries[0]
		}, `the record of "trustee-0"`, `part 1 of the answer of "ada"`},
		{"status", func(e *Evidence) {
			e.Records[0].Entries[1] = message.RecordEntry{Status: message.BadBox}
		}, `the record of "trustee-0" or the auctioneer`, "differ on which answers"},
		{"answer", func(e *Evidence) { e.Records[0].Answer[0] ^= 1 }, `the record of "trustee-0" or the auctioneer`, "trustee's answer"},
		{"another auction's record", func(e *Evidence) {
			e.Records[1] = evidenceOf(t, c.house, c.first, 2).Records[0]
		}, `the record of "trustee-2"`, "another request"},
		{"tag", func(e *Evidence) {
			e.Records[0] = rewrite(t, c.house, e.Records[0], flip(t, e.Records[0].Request.ManifestTag, 3))
		}, `the record of "trustee-0" or the auctioneer`, "what the record says the trustee was sent"},
		{"user's box", func(e *Evidence) {
			e.Records[0] = rewrite(t, c.house, e.Records[0], flip(t, e.Records[0].Request.Box, 30))
		}, `the record of "trustee-0" or the auctioneer`, "what the record says the trustee was sent"},
		{"publisher's signature", func(e *Evidence) {
			e.Records[0] = rewrite(t, c.house, e.Records[0], flip(t, e.Records[0].Request.Signature, 0))
		}, `the record of "trustee-0" or the auctioneer`, "what the record says the trustee was sent"},
		{"another trustee's record", func(e *Evidence) { e.Records[0].Trustee = 1 }, `the record of "trustee-1" or the auctioneer`, "what the record says"},
	} {
		e := evidenceOf(t, c.house, c.second, 0, 2)
		tc.change(e)
		_, err := Replay(c.dir, c.scheme, c.signed[c.second], e)
		checkFinding(t, tc.name, err, tc.suspects, tc.says)
	}
}

// A request that the publisher has not signed points at the auctioneer, who has signed that it sent it.
func TestAuctionWithoutPublisherPointsAtTheAuctioneer(t *testing.T) {
	c := commonMarket(t)
	e := evidenceOf(t, c.house, c.second, 0, 2)
	for i, r := range e.Records {
		e.Records[i] = rewrite(t, c.house, r, flip(t, r.Request.Signature, 0))
	}
	lie := resign(t, c.house, c.second, func(x *auction.Transcript, _ []auction.Outcome) {
		for i := range x.Attempts[0].Exchanges {
			for _, r := range e.Records {
				if y := &x.Attempts[0].Exchanges[i]; int(y.Trustee) == r.Trustee {
					y.Request = sha256.Sum256(r.Raw)
				}
			}
		}
	})
	_, err := Replay(c.dir, c.scheme, lie, e)
	checkFinding(t, "no publisher", err, "the auctioneer", `should not have been held: publisher "publisher": signature does not verify`)
}

func TestTamperedTranscriptIsFoundOut(t *testing.T) {
	c := commonMarket(t)
	e := evidenceOf(t, c.house, c.second, 0, 2)
	for _, tc := range []struct {
		name           string
		change         func(s *auction.SignedTranscript)
		suspects, says string
	}{
		{"digit", func(s *auction.SignedTranscript) { s.Transcript[30] ^= 1 }, "whoever handed the transcript over", "signature does not verify"},
		{"signature", func(s *auction.SignedTranscript) { s.Signature[3] ^= 1 }, "whoever handed the transcript over", "signature does not verify"},
		{"no signature", func(s *auction.SignedTranscript) { s.Signature = nil }, "whoever handed the transcript over", "signature does not verify"},
		{"price", func(s *auction.SignedTranscript) { s.Opening.Imps[0].Price++ }, "whoever handed the transcript over", "outcome is not the one that was signed"},
		{"winner", func(s *auction.SignedTranscript) { s.Opening.Imps[0].Seat = "ada" }, "whoever handed the transcript over", "outcome is not the one that was signed"},
		{"salt", func(s *auction.SignedTranscript) { s.Opening.Salt[0] ^= 1 }, "whoever handed the transcript over", "outcome is not the one that was signed"},
		{"short salt", func(s *auction.SignedTranscript) { s.Opening.Salt = nil }, "whoever handed the transcript over", "outcome is not the one that was signed"},
	} {
		old := c.signed[c.second]
		s := &auction.SignedTranscript{Transcript: bytes.Clone(old.Transcript), Signature: bytes.Clone(old.Signature),
			Opening: &auction.Opening{Salt: bytes.Clone(old.Opening.Salt), Imps: slices.Clone(old.Opening.Imps)}}
		tc.change(s)
		_, err := Replay(c.dir, c.scheme, s, e)
		checkFinding(t, tc.name, err, tc.suspects, tc.says)
	}
	// Signed in another role, it is not signed.
	s := *c.signed[c.second]
	s.Signature = c.keys.Auctioneer.Sign(keys.DomainNotice, sha256.Sum256(s.Transcript))
	_, err := Replay(c.dir, c.scheme, &s, e)
	checkFinding(t, "signed as a notice", err, "whoever handed the transcript over", "signature does not verify")
}

// What does not suffice is no finding.
func TestWhatDoesNotSufficeIsSaid(t *testing.T) {
	c := commonMarket(t)
	rolled := *c.keys
	if err := rolled.Roll(c.dir.Period().Start, directory.MaxPeriod); err != nil {
		t.Fatal(err)
	}
	next, err := rolled.Directory()
	if err != nil {
		t.Fatal(err)
	}
	published := *c.signed[c.second]
	published.Opening = nil
	retried := resign(t, c.house, c.second, func(x *auction.Transcript, _ []auction.Outcome) {
		again := x.Attempts[0]
		again.Number = 1
		again.Exchanges = slices.Clone(again.Exchanges)
		for i := range again.Exchanges {
			again.Exchanges[i].Request[0] ^= 1
		}
		x.Attempts[0].Failed = "late"
		x.Attempts = append(x.Attempts, again)
	})
	noHint := evidenceOf(t, c.house, c.second, 0, 2)
	delete(noHint.Hints, noHint.Records[0].Request.Manifest.Entries[2].Hint)
	twice := evidenceOf(t, c.house, c.second, 0)
	twice.Records = append(twice.Records, evidenceOf(t, c.house, c.second, 0).Records...)
	for _, tc := range []struct {
		name   string
		dir    *directory.Directory
		signed *auction.SignedTranscript
		e      *Evidence
		says   string
	}{
		{"no record", c.dir, c.signed[c.second], nil, "records of two trustees"},
		{"one record", c.dir, c.signed[c.second], evidenceOf(t, c.house, c.second, 0), "records of two trustees"},
		{"one record twice", c.dir, c.signed[c.second], twice, `two of these are of "trustee-0"`},
		{"no hint", c.dir, c.signed[c.second], noHint, `the hint of "cyd"`},
		{"without its opening", c.dir, &published, evidenceOf(t, c.house, c.second, 0, 1), "lacks its opening"},
		{"the next period's directory", next, c.signed[c.second], evidenceOf(t, c.house, c.second, 0, 1), "of period 1, the directory of 2"},
		{"records of an attempt that failed", c.dir, retried, evidenceOf(t, c.house, c.second, 0, 1), "no record is of attempt 1"},
	} {
		_, err := Replay(tc.dir, c.scheme, tc.signed, tc.e)
		var f *Finding
		if !errors.Is(err, ErrMissing) || errors.As(err, &f) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.says)
		}
	}
}

// A folder of records as an auditor may get it.
func TestGather(t *testing.T) {
	c := commonMarket(t)
	period := filepath.Join(c.record(0), records.PeriodFolder(1))
	file := filepath.Join(period, records.File(c.second))
	epoch := c.dir.Epoch()
	for _, path := range []string{c.record(0), period, file} {
		e, err := Gather([]string{path}, epoch, c.second)
		if err != nil || len(e.Records) != 1 || len(e.Hints) != 3 {
			t.Errorf("%s: %v, %v", path, e, err)
		}
	}
	record, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	hint, err := epoch.DecodeRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	hintFile := records.HintFile(hint.Request.Manifest.Entries[0].Hint)
	hintRaw, err := os.ReadFile(filepath.Join(period, hintFile))
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(hintRaw)
	altered[len(altered)-7] ^= 1
	with := func(files map[string][]byte) string {
		dir := t.TempDir()
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	name := records.File(c.second)
	for _, tc := range []struct {
		name, path, says string
		missing          bool
	}{
		{"no folder", "nowhere", "no such file", false},
		{"no record", with(nil), "did not record the auction", true},
		{"half a record", with(map[string][]byte{name: record[:len(record)/2]}), "rank request: needs", false},
		{"no bytes", with(map[string][]byte{name: nil}), "frame: needs", false},
		{"a hint instead", with(map[string][]byte{name: hintRaw}), "message of type", false},
		{"too much", with(map[string][]byte{name: make([]byte, epoch.MaxRecordBytes()+1)}), "more than", false},
		{"half a hint", with(map[string][]byte{name: record, hintFile: hintRaw[:99]}), "hint: needs", false},
		{"a large hint", with(map[string][]byte{name: record, hintFile: make([]byte, 1<<20)}), "more than", false},
		{"an altered hint", with(map[string][]byte{name: record, hintFile: altered}), "was altered; this points at that file", false},
	} {
		_, err := Gather([]string{tc.path}, epoch, c.second)
		if err == nil || errors.Is(err, ErrMissing) != tc.missing || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.says)
		}
	}
	if e, err := Gather([]string{with(map[string][]byte{name: record})}, epoch, c.second); err != nil || len(e.Hints) != 0 {
		t.Errorf("a record without hints: %v", err)
	}
}

// Records that count an answer under another seat's hint point at their trustees, who must not open it.
func TestAnswerUnderAnotherHintIsFoundOut(t *testing.T) {
	c := commonMarket(t)
	e := evidenceOf(t, c.house, c.second, 0, 2)
	for i, r := range e.Records {
		ada, bob := r.Request.Manifest.Entries[0].Hint, r.Request.Manifest.Entries[1].Hint
		e.Records[i] = rewrite(t, c.house, r, func(raw []byte) { copy(raw[bytes.Index(raw, bob[:]):], ada[:]) })
	}
	lie := resign(t, c.house, c.second, func(x *auction.Transcript, _ []auction.Outcome) {
		x.Manifest = auction.Hash(e.Records[0].Request.ManifestBound)
		x.Attempts[0].Exchanges[0].Request = sha256.Sum256(e.Records[0].Raw)
		x.Attempts[0].Exchanges[2].Request = sha256.Sum256(e.Records[1].Raw)
	})
	_, err := Replay(c.dir, c.scheme, lie, e)
	checkFinding(t, "another hint", err, `the record of "trustee-0"`, `an answer of "bob" was opened, which has not enrolled with that hint`)
}

// BenchmarkReplay replays an auction of three seats with two campaigns each.
func BenchmarkReplay(b *testing.B) {
	c := commonMarket(b)
	e, err := c.gather(c.second, 0, 2)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Replay(c.dir, c.scheme, c.signed[c.second], e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(c.dir.Epoch().EncodeRecord(e.Records[0]))), "record-B")
	b.ReportMetric(float64(len(c.signed[c.second].Transcript)), "transcript-B")
}
