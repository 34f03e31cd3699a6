package bidder

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
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

// FuzzBidEndpoint posts requests that were tampered with to a bidder of an encrypted market and to one of a plaintext market,
// with any time limit.
func FuzzBidEndpoint(f *testing.F) {
	enc, err := params.Default(64)
	if err != nil {
		f.Fatal(err)
	}
	m := newFlat(2, 3)
	m.dim = 64
	encrypted := openDesk(f, enc, m, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
	encrypted.enrolled.Store(3)
	plaintext := open(f, newFlat(2, 3))
	two := func(o *agent.Opportunity) { o.Imps = append(o.Imps, message.Imp{ID: "2", Attrs: noSlot}) }
	f.Add([]byte{}, "1e9")
	f.Add([]byte{}, "-9223372036854775808")
	for at := 0; at < len(plaintext.request(two)); at += 4 {
		f.Add(edit(at, 1, 0xff), "")
		f.Add(edit(at, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f), "60000")
		f.Add(edit(at, 4), "")
	}
	f.Fuzz(func(t *testing.T, script []byte, tmax string) {
		for _, d := range []*desk{encrypted, plaintext} {
			d.t = t
			if status, answer := d.do("POST", "/bid", script, tmax); status != 400 {
				t.Fatalf("a script: status %d: %s", status, answer)
			}
			body := splice(d.request(two), script)
			r, err := d.dir.Epoch().DecodeBidRequest(body)
			status, answer := d.do("POST", "/bid", body, tmax)
			if want := []int{200, 204, 403}; err != nil && status != 400 || err == nil && !slices.Contains(want, status) {
				t.Fatalf("status %d, decoding: %v: %s", status, err, answer)
			}
			if status != 200 {
				continue
			}
			a, err := d.dir.Epoch().DecodeAnswer(answer)
			if err != nil {
				t.Fatal(err)
			}
			if a.Request != r.Digest || a.CheckLanes(r.Terms) != nil {
				t.Error("answer to another request or with lanes that it does not allow")
			}
		}
	})
}

// FuzzNoticeEndpoint posts bytes. With signed, they are the signed batch.
func FuzzNoticeEndpoint(f *testing.F) {
	m := newFlat(2, 3)
	m.campaigns[0].Budget = 1
	d := open(f, m)
	auctioneer := d.keys.Auctioneer
	f.Add(d.notices(1, seat, auctioneer, win(0, 4), message.Notice{Loss: message.LossOutbid}), false)
	f.Add(d.notices(1, seat, keys.NewIdentity(), win(0, 4)), false)
	for _, batch := range []string{
		`{"sequence":2,"seat":"seat-1","notices":[{"auction":"1","imp":"1","loss":0,"campaign":1,"price":4}]}`,
		`{"sequence":3,"seat":"seat-1","notices":[{"loss":0,"campaign":-1,"price":1e308},{"loss":102}]}`,
		`{"sequence":18446744073709551615,"seat":"seat-1","notices":null}`,
		`{"seat":"seat-2"}`, `null`, `[]`,
	} {
		f.Add([]byte(batch), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		if signed && json.Valid(body) {
			batch, err := json.Marshal(json.RawMessage(body)) // as it arrives: compact
			if err != nil {
				t.Fatal(err)
			}
			if body, err = json.Marshal(message.SignedBatch{Batch: batch, Signature: auctioneer.Sign(keys.DomainNotice, sha256.Sum256(batch))}); err != nil {
				t.Fatal(err)
			}
		}
		before := d.Status()
		status, answer := d.do("POST", "/notice", body, "")
		if status != 204 && status != 403 {
			t.Fatalf("status %d: %s", status, answer)
		}
		after := d.Status()
		for k := range after.Campaigns {
			a, b := after.Campaigns[k], before.Campaigns[k]
			if a.Wins < b.Wins || !(a.Spent >= b.Spent) || status == 403 && a != b {
				t.Errorf("status %d, campaign %d: %+v, was %+v", status, k, a, b)
			}
		}
		if code, answer := d.do("GET", "/status", nil, ""); code != 200 {
			t.Errorf("status page: %d %s", code, answer)
		}
	})
}
