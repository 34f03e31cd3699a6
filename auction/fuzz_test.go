package auction

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

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

// FuzzAuctionEndpoint posts requests that were tampered with. With signed, the publisher itself made them so: what they ask for
// is reached, however odd.
func FuzzAuctionEndpoint(f *testing.F) {
	h := open(f, nil, fake{seat: "a", bid: bids(2)}, fake{seat: "b", bid: bids(3, 1)})
	odd := func(t *message.Terms) {
		t.PriceRule, t.TMax = message.FirstPrice, 1000
		t.Imps = append(t.Imps, message.Imp{ID: "\xff<2>", Attrs: []message.Attr{{Key: "hour", Value: "21"}}})
	}
	size := len(h.encode(odd))
	f.Add([]byte{}, true)
	for at := 0; at < size; at += 4 {
		f.Add(edit(at, 1, 0xff), true)
		f.Add(edit(at, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f), true)
		f.Add(edit(at, 4), at%8 == 0)
	}
	f.Fuzz(func(t *testing.T, script []byte, signed bool) {
		h.t = t
		defer func() { h.t = f }()
		if status, body := h.do("POST", "/auction", script); status != 400 {
			t.Fatalf("a script: status %d: %s", status, body)
		}
		raw := splice(h.encode(odd), script)
		r, err := h.dir.Epoch().DecodeRequest(raw)
		if err == nil && signed {
			h.sign(r)
			raw = h.dir.Epoch().EncodeRequest(r)
		}
		status, body := h.do("POST", "/auction", raw)
		if !slices.Contains([]int{200, 400, 403, 409, 410, 422, 429}, status) {
			t.Fatalf("status %d: %s", status, body)
		}
		if (status == 400) != (err != nil && status != 410) {
			t.Errorf("status %d, decoding: %v", status, err)
		}
		if status == 200 {
			checkResult(t, r.Terms, body)
		}
	})
}

func checkResult(t *testing.T, terms *message.Terms, body string) {
	t.Helper()
	var result Result
	if err := json.Unmarshal([]byte(body), &result); err != nil || len(result.Imps) != len(terms.Imps) {
		t.Fatalf("%d imps, %s: %v", len(terms.Imps), body, err)
	}
	for i, o := range result.Imps {
		if o.Sold && !(o.Price >= terms.Imps[i].Floor && o.Price <= terms.Cap) {
			t.Errorf("imp %d, floor %g, cap %g: %+v", i, terms.Imps[i].Floor, terms.Cap, o)
		}
	}
}
