package bidder

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"testing"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// FuzzBidEndpoint posts bytes to a bidder of an encrypted market and to one of a plaintext market, with any time limit.
func FuzzBidEndpoint(f *testing.F) {
	enc, err := params.Default(64)
	if err != nil {
		f.Fatal(err)
	}
	m := newFlat(2, 3)
	m.dim = 64
	encrypted := openDesk(f, enc, m, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
	encrypted.enrolled.Store(3)
	desks := []*desk{encrypted, open(f, newFlat(2, 3))}
	for _, d := range desks {
		raw := d.request(func(o *agent.Opportunity) { o.Imps = append(o.Imps, message.Imp{ID: "2", Attrs: noSlot}) })
		f.Add(raw, "")
		f.Add(raw[:len(raw)-1], "100")
		f.Add(raw, "-9223372036854775808")
	}
	f.Add([]byte{}, "1e9")
	f.Fuzz(func(t *testing.T, body []byte, tmax string) {
		for _, d := range desks {
			status, answer := d.do("POST", "/bid", body, tmax)
			if !slices.Contains([]int{200, 204, 400, 403, 409}, status) {
				t.Fatalf("status %d: %s", status, answer)
			}
			if status != 200 {
				continue
			}
			a, err := d.dir.Epoch().DecodeAnswer(answer)
			if err != nil {
				t.Fatal(err)
			}
			r, err := d.dir.Epoch().DecodeBidRequest(body)
			if err != nil || a.Request != r.Digest || a.CheckLanes(r.Terms) != nil {
				t.Errorf("answer to another request or with lanes that it does not allow: %v", err)
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
