package server

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

// splice edits a message: two bytes of the script say where, one how many bytes to cut, one how many of those that follow to
// insert instead, and so on. Keys and times differ from process to process, so that a fuzzer cannot be given messages; it is
// given what to do to them. The message is not to be used afterwards.
func splice(raw, script []byte) []byte {
	for len(script) >= 4 && len(raw) > 0 {
		at := int(binary.LittleEndian.Uint16(script)) % len(raw)
		cut, insert := min(int(script[2]), len(raw)-at), min(int(script[3]), len(script)-4)
		raw = slices.Replace(raw, at, at+cut, script[4:4+insert]...)
		script = script[4+insert:]
	}
	return raw
}

// edit is a script of one step.
func edit(at int, cut byte, insert ...byte) []byte {
	return append(binary.LittleEndian.AppendUint16(nil, uint16(at)), append([]byte{cut, byte(len(insert))}, insert...)...)
}

// FuzzOpenEndpoint posts requests that were tampered with. With tagged, the auctioneer itself made them so: all that it could say
// is reached.
func FuzzOpenEndpoint(f *testing.F) {
	o := openOffice(f, time.Now().Add(-time.Minute), nowhere)
	o.must(204, "/enrol", o.newSession())
	o.must(204, "/enrol", o.seat.Enrolments()[0])
	size := len(o.encode(o.hold(nil)))
	f.Add([]byte{}, true)
	for at := 0; at < size; at += 1 + size/200 {
		f.Add(edit(at, 1, 0xff), true)
		f.Add(edit(at, 4), true)
		f.Add(edit(at, 1, 1), false)
	}
	f.Fuzz(func(t *testing.T, script []byte, tagged bool) {
		o.tb = t
		defer func() { o.tb = f }()
		if status, body := o.do("POST", "/open", script); status != 400 {
			t.Fatalf("a script: status %d: %s", status, body)
		}
		honest := o.encode(o.hold(nil))
		raw := splice(slices.Clone(honest), script)
		r, err := o.dir.Epoch().DecodeOpenRequest(raw, 0)
		if err == nil && tagged {
			at := len(raw) // the tag stands before the boxes, which end the request
			for _, box := range r.Boxes {
				at -= 4 + len(box)
			}
			context := message.ManifestContext(&r.ManifestBound, 0)
			copy(raw[at-len(r.ManifestTag):], o.auctioneer.Seal(nil, nil, &context))
		}
		status, body := o.do("POST", "/open", raw)
		if !slices.Contains([]int{200, 400, 403, 409, 410, 412, 429}, status) {
			t.Fatalf("status %d: %s", status, body)
		}
		if status == 200 && err != nil || status != 200 && slices.Equal(raw, honest) {
			t.Errorf("status %d, decoding: %v", status, err)
		}
	})
}

// FuzzEnrolEndpoint posts enrolments that were tampered with. Nobody but those who hold keys can enrol.
func FuzzEnrolEndpoint(f *testing.F) {
	o := openOffice(f, time.Now(), nowhere)
	o.must(204, "/enrol", o.newSession())
	enrolment := o.seat.Enrolments()[0]
	o.must(204, "/enrol", enrolment)
	f.Add([]byte{})
	for at := 0; at < len(enrolment); at += 1 + len(enrolment)/200 {
		f.Add(edit(at, 1, 0xff))
		f.Add(edit(at, 4))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		for _, raw := range [][]byte{script, splice(slices.Clone(enrolment), script)} {
			if status, body := o.do("POST", "/enrol", raw); !slices.Contains([]int{400, 403, 409, 410}, status) {
				t.Fatalf("status %d: %s", status, body)
			}
		}
	})
}
