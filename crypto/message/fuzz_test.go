package message

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// fuzz runs one decoder on arbitrary bytes, under either kind of parameters: it must not panic, and what it accepts must encode
// to the bytes that it came from. check returns those, or nil if the bytes were refused. Seeds come from the encoders.
func fuzz(f *testing.F, name string, check func(t *testing.T, e *Epoch, b []byte) []byte) {
	both := epochs(f)
	seeds := 0
	for at, e := range both {
		for _, m := range allFramed(f, e) {
			if m.name == name {
				f.Add(at == 0, m.raw)
				f.Add(at == 0, m.raw[:len(m.raw)/2])
				seeds++
			}
		}
	}
	if seeds != len(both) {
		f.Fatalf("%d seeds for %s", seeds, name)
	}
	f.Fuzz(func(t *testing.T, encrypted bool, b []byte) {
		e := both[1]
		if encrypted {
			e = both[0]
		}
		before := bytes.Clone(b)
		again := check(t, e, b)
		if !bytes.Equal(b, before) {
			t.Fatal("decoding changed the bytes")
		}
		if again != nil && !bytes.Equal(again, b) {
			t.Fatalf("encodes to\n% x after decoding\n% x", again, b)
		}
	})
}

func FuzzDecodeTerms(f *testing.F) {
	fuzz(f, "terms", func(t *testing.T, e *Epoch, b []byte) []byte {
		x, err := e.DecodeTerms(b)
		if err != nil {
			return nil
		}
		if err := x.Check(); err != nil {
			t.Fatalf("decoded terms do not pass their check: %v", err)
		}
		raw, err := e.EncodeTerms(x)
		if err != nil {
			t.Fatalf("decoded terms do not encode: %v", err)
		}
		return raw
	})
}

func FuzzDecodeRequest(f *testing.F) {
	fuzz(f, "request", func(t *testing.T, e *Epoch, b []byte) []byte {
		r, err := e.DecodeRequest(b)
		if err != nil {
			return nil
		}
		bid, err := e.DecodeBidRequest(e.AppendBidRequest(nil, r))
		if err != nil || bid.Digest != r.Digest {
			t.Fatalf("the bidders get another request, or none: %v", err)
		}
		return e.EncodeRequest(r)
	})
}

func FuzzDecodeBidRequest(f *testing.F) {
	fuzz(f, "bid request", func(t *testing.T, e *Epoch, b []byte) []byte {
		r, err := e.DecodeBidRequest(b)
		if err != nil {
			return nil
		}
		raw, err := e.EncodeTerms(r.Terms)
		if err != nil {
			t.Fatalf("decoded terms do not encode: %v", err)
		}
		return e.AppendBidRequest(nil, &Request{RawTerms: raw, C0: r.C0, B: r.B})
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	fuzz(f, "answer", func(t *testing.T, e *Epoch, b []byte) []byte {
		a, err := e.DecodeAnswer(b)
		if err != nil {
			return nil
		}
		m := &Manifest{Request: a.Request, Entries: []Entry{NewEntry(a)}}
		if _, err := e.DecodeManifest(e.EncodeManifest(m)); err != nil {
			t.Fatalf("an accepted answer spoils the manifest: %v", err)
		}
		_ = a.CheckLanes(sampleTerms())
		return e.AppendAnswer(nil, a)
	})
}

func FuzzDecodeManifest(f *testing.F) {
	fuzz(f, "manifest", func(_ *testing.T, e *Epoch, b []byte) []byte {
		m, err := e.DecodeManifest(b)
		if err != nil {
			return nil
		}
		return e.EncodeManifest(m)
	})
}

func FuzzDecodeOpenRequest(f *testing.F) {
	fuzz(f, "open request", func(t *testing.T, e *Epoch, b []byte) []byte {
		const trustee = 1
		o, err := e.DecodeOpenRequest(b, trustee)
		if err != nil {
			return nil
		}
		if len(o.Boxes) != len(o.Manifest.Entries) || o.Manifest.Request != o.Digest || o.Manifest.Lanes() > int(o.Terms.MaxLanes) {
			t.Fatal("an open request that contradicts itself was accepted")
		}
		return reopen(e, o, trustee)
	})
}

func FuzzDecodeShares(f *testing.F) {
	_, _, m := sampleAuction(f, epochs(f)[0], 3, 4)
	fuzz(f, "shares", func(t *testing.T, e *Epoch, b []byte) []byte {
		s, err := e.DecodeShares(b, m)
		if err != nil {
			return nil
		}
		for i, entry := range s.Entries {
			for _, z := range entry.Z {
				if want := len(m.Entries[i].Lanes); entry.Status == Opened && len(z) != want || entry.Status != Opened && z != nil {
					t.Fatalf("%s entry with %d shares for %d lanes", entry.Status, len(z), want)
				}
			}
		}
		return e.EncodeShares(s)
	})
}

func FuzzDecodeEnrolment(f *testing.F) {
	fuzz(f, "enrolment", func(_ *testing.T, e *Epoch, b []byte) []byte {
		n, err := e.DecodeEnrolment(b)
		if err != nil {
			return nil
		}
		_, _ = n.Digest(e), n.Info(e)
		return e.EncodeEnrolment(n)
	})
}

func FuzzDecodeRankRequest(f *testing.F) {
	fuzz(f, "rank request", func(t *testing.T, e *Epoch, b []byte) []byte {
		r, err := e.DecodeRankRequest(b, 1)
		if err != nil {
			return nil
		}
		if len(r.Tickets) != len(r.Terms.Imps) || r.Attempt >= MaxAttempts || r.Wait > MaxWait {
			t.Fatalf("call %+v was accepted for %d imps", r.Call, len(r.Terms.Imps))
		}
		if !bytes.Equal(EncodeCall(&r.Call), r.RawCall) {
			t.Fatal("two calls are one")
		}
		return rerank(e, r)
	})
}

func FuzzDecodeRanked(f *testing.F) {
	fuzz(f, "ranked", func(t *testing.T, e *Epoch, b []byte) []byte {
		a, err := e.DecodeRanked(b)
		if err != nil {
			return nil
		}
		for _, s := range a.Statuses {
			_ = s.String()
		}
		return e.EncodeRanked(a)
	})
}

func FuzzDecodeLeg(f *testing.F) {
	fuzz(f, "leg", func(t *testing.T, e *Epoch, b []byte) []byte {
		l, err := e.DecodeLeg(b)
		if err != nil {
			return nil
		}
		if LinkKind(b) != LinkLeg || l.From.String() == "" {
			t.Fatal("a leg that is none was accepted")
		}
		return e.EncodeLeg(l)
	})
}

func FuzzDecodeStock(f *testing.F) {
	fuzz(f, "stock", func(_ *testing.T, e *Epoch, b []byte) []byte {
		s, tables, err := e.DecodeStock(b)
		if err != nil {
			return nil
		}
		return append(e.EncodeStock(s), tables...)
	})
}

func FuzzDecodeDeal(f *testing.F) {
	fuzz(f, "deal", func(_ *testing.T, e *Epoch, b []byte) []byte {
		d, err := e.DecodeDeal(b)
		if err != nil {
			return nil
		}
		return e.EncodeDeal(d)
	})
}

// A session has no frame: the length is all there is to check.
func FuzzDecodeSession(f *testing.F) {
	for _, e := range epochs(f) {
		hint := Lanes(noise(1, e.Params.HintBytes()))
		f.Add(uint16(len(hint)), EncodeSession(noise(2, SessionKeyBytes), hint))
	}
	f.Add(uint16(1), binary.LittleEndian.AppendUint32(noise(2, SessionKeyBytes), 7))
	f.Fuzz(func(t *testing.T, n uint16, b []byte) {
		key, hint, err := DecodeSession(b, int(n))
		if (err == nil) != (len(b) == SessionKeyBytes+4*int(n)) {
			t.Fatalf("%d bytes for %d values: %v", len(b), n, err)
		}
		if err == nil && !bytes.Equal(EncodeSession(key, hint), b) {
			t.Fatal("encodes to other bytes after decoding")
		}
	})
}
