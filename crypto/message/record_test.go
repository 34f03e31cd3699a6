package message

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"cipherbid/crypto/lattice"
)

// sampleRecord is trustee 1's record of an auction with three answers, the last of which it could not open.
func sampleRecord(tb testing.TB, e *Epoch) *Record {
	tb.Helper()
	x := &Record{
		Trustee: 1, Raw: sampleRank(tb, e), Answer: Digest(noise(60, 32)),
		SubKeys: [2]lattice.Seed{lattice.Seed(noise(61, 32)), lattice.Seed(noise(62, 32))},
		Entries: []RecordEntry{{Opened, noise(63, PartsBytes(4))}, {Opened, noise(64, PartsBytes(4))}, {Status: BadCommitment}},
	}
	var err error
	if x.Request, err = e.DecodeRankRequest(x.Raw, x.Trustee); err != nil {
		tb.Fatal(err)
	}
	return x
}

func sampleHint(e *Epoch) *Hint {
	h := &Hint{Seat: "seat-1", Values: Lanes(noise(65, e.Params.HintBytes()))}
	h.Digest = HintDigest(h.Seat, h.Values)
	return h
}

func TestRecordRoundTrip(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		roundTrip(t, "record", sampleRecord(t, e), e.EncodeRecord, e.DecodeRecord)
		roundTrip(t, "hint", sampleHint(e), e.EncodeHint, e.DecodeHint)
		if n := len(e.EncodeRecord(sampleRecord(t, e))); n > e.MaxRecordBytes() {
			t.Errorf("record of %d bytes, the bound is %d", n, e.MaxRecordBytes())
		}
		if n := len(e.EncodeHint(sampleHint(e))); n > e.MaxHintBytes() {
			t.Errorf("hint of %d bytes, the bound is %d", n, e.MaxHintBytes())
		}
	})
}

func TestRefusedRecords(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		with := func(change func(*Record)) []byte {
			x := sampleRecord(t, e)
			change(x)
			return e.EncodeRecord(x)
		}
		list := []refusal{
			{"a fourth trustee", with(func(x *Record) { x.Trustee = 3 }), "trustee: there is no trustee 3"},
			{"no request", with(func(x *Record) { x.Raw = nil }), "frame"},
			{"an open request", with(func(x *Record) { x.Raw = e.EncodeEnrolment(sampleEnrolment()) }), "message of type"},
			{"unknown status", with(func(x *Record) { x.Entries[2].Status = statuses }), "status: 4 is unknown"},
			{"an entry less", with(func(x *Record) { x.Entries = x.Entries[:2] }), "status: needs"},
			{"an entry more", with(func(x *Record) { x.Entries = append(x.Entries, RecordEntry{Status: BadBox}) }), "end: 1 bytes left over"},
			{"short parts", with(func(x *Record) { x.Entries[1].Parts = x.Entries[1].Parts[1:] }), ""},
			{"parts of what did not open", with(func(x *Record) { x.Entries[2].Parts = make([]byte, PartsBytes(4)) }), "left over"},
		}
		if e.Params.Encrypted() { // the stand-in has no boxes
			list = append(list, refusal{"another trustee's boxes", with(func(x *Record) { x.Trustee = 2 }), "bidder's box: 0 is not the one in the manifest"})
		}
		checkRefusals(t, list, func(b []byte) error { _, err := e.DecodeRecord(b); return err })
		hint := e.EncodeHint(sampleHint(e))
		long := *sampleHint(e)
		long.Seat = string(make([]byte, MaxID+1))
		checkRefusals(t, []refusal{
			{"long seat", e.EncodeHint(&long), "seat: 65 bytes, at most 64"},
			{"a value more", append(slices.Clone(hint), 1, 2, 3, 4), "end: 4 bytes left over"},
			{"half", hint[:len(hint)/2], ""},
		}, func(b []byte) error { _, err := e.DecodeHint(b); return err })
	})
}

func FuzzDecodeRecord(f *testing.F) {
	fuzz(f, "record", func(t *testing.T, e *Epoch, b []byte) []byte {
		x, err := e.DecodeRecord(b)
		if err != nil {
			return nil
		}
		if len(x.Entries) != len(x.Request.Manifest.Entries) {
			t.Fatalf("%d entries for %d answers", len(x.Entries), len(x.Request.Manifest.Entries))
		}
		for i, entry := range x.Entries {
			if want := PartsBytes(len(x.Request.Manifest.Entries[i].Lanes)); entry.Status == Opened && len(entry.Parts) != want || entry.Status != Opened && entry.Parts != nil {
				t.Fatalf("%s entry with parts of %d bytes, want %d", entry.Status, len(entry.Parts), want)
			}
		}
		again, err := e.DecodeRankRequest(bytes.Clone(x.Raw), x.Trustee)
		if err != nil || !reflect.DeepEqual(again, x.Request) {
			t.Fatalf("the request in the record is another: %v", err)
		}
		return e.EncodeRecord(x)
	})
}

func FuzzDecodeHint(f *testing.F) {
	fuzz(f, "hint", func(t *testing.T, e *Epoch, b []byte) []byte {
		h, err := e.DecodeHint(b)
		if err != nil {
			return nil
		}
		if h.Digest != HintDigest(h.Seat, h.Values) || 4*len(h.Values) != e.Params.HintBytes() {
			t.Fatal("a hint under another name, or of another size")
		}
		return e.EncodeHint(h)
	})
}
