package auction

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

// FuzzAuctionEndpoint posts bytes. With signed, a request that decodes gets a valid signature, so that what it asks for is
// reached, however odd.
func FuzzAuctionEndpoint(f *testing.F) {
	h := open(f, nil, fake{seat: "a", bid: bids(2)}, fake{seat: "b", bid: bids(3, 1)})
	for _, change := range []func(*message.Terms){
		nil,
		func(t *message.Terms) { t.PriceRule, t.MaxLanes = message.FirstPrice, 1 },
		func(t *message.Terms) { t.Mode = message.Sealed },
		func(t *message.Terms) { t.TMax = 30 },
		func(t *message.Terms) { t.Cap, t.Imps[0].Floor = 1e9, 1e9 },
		func(t *message.Terms) { t.MinOrgs = 3 },
		func(t *message.Terms) {
			t.Attrs = []message.Attr{{Key: "hour", Value: "21"}}
			t.Imps = append(t.Imps, message.Imp{ID: "\xff<2>", Attrs: t.Attrs})
		},
		func(t *message.Terms) { t.Expiry = t.Issued.Add(time.Millisecond) },
	} {
		raw := h.encode(change)
		f.Add(raw, true)
		f.Add(raw, false)
		f.Add(raw[:len(raw)-1], true)
	}
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, raw []byte, signed bool) {
		r, err := h.dir.Epoch().DecodeRequest(raw)
		if err == nil && signed {
			h.sign(r)
			raw = h.dir.Epoch().EncodeRequest(r)
		}
		status, body := h.do("POST", "/auction", raw)
		if !slices.Contains([]int{200, 400, 403, 409, 410, 422, 429}, status) {
			t.Fatalf("status %d: %s", status, body)
		}
		if status != 200 {
			return
		}
		var result Result
		if err := json.Unmarshal([]byte(body), &result); err != nil || len(result.Imps) != len(r.Terms.Imps) {
			t.Fatalf("%d imps, %s: %v", len(r.Terms.Imps), body, err)
		}
		for i, o := range result.Imps {
			if o.Sold && !(o.Price >= r.Terms.Imps[i].Floor && o.Price <= r.Terms.Cap) {
				t.Errorf("imp %d, floor %g, cap %g: %+v", i, r.Terms.Imps[i].Floor, r.Terms.Cap, o)
			}
		}
	})
}
