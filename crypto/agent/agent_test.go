package agent

import (
	"bytes"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

func TestRequestSaysWhatWasAsked(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		o := opportunity()
		r := m.request(t, o)
		if err := m.dir.VerifyRequest(r.Terms, r.Digest, r.Signature, r.Terms.Issued); err != nil {
			t.Error(err)
		}
		x := r.Terms
		if x.Publisher != "news.example" || x.Mode != o.Mode || x.PriceRule != o.PriceRule || x.Cap != o.Cap || x.GridBits != o.GridBits ||
			x.TMax != 120 || x.MaxLanes != 512 || x.MinOrgs != 2 || !reflect.DeepEqual(x.Attrs, o.Attrs) || !reflect.DeepEqual(x.Imps, o.Imps) {
			t.Errorf("terms are %+v", x)
		}
		if x.Expiry.Sub(x.Issued) != 2*time.Second || x.Issued.Before(m.now.Add(-time.Millisecond)) || x.Issued.After(time.Now()) {
			t.Errorf("issued at %s, expires at %s", x.Issued, x.Expiry)
		}
		if x.Recipient != m.keys.Auctioneer.Public().ID() || x.TrusteeKeys != m.dir.TrusteeKeyIDs() {
			t.Error("the request is for others")
		}
		if !m.dir.Params().Encrypted() && (r.B != nil || len(r.Boxes[0])+len(r.Boxes[1])+len(r.Boxes[2]) != 0 || x.BDigests != [3]message.Digest{}) {
			t.Error("a plaintext request has keys")
		}
	})
}

func TestTrusteesGetTheTwoRightSubKeys(t *testing.T) {
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519} {
		m := newMarket(t, suite)
		o := opportunity()
		r := m.request(t, o)
		seeds := m.openBoxes(t, r)
		// k0 is known to trustees 1 and 2, k1 to 0 and 2, k2 to 0 and 1.
		k := [scheme.Trustees]lattice.Seed{*seeds[1][0], *seeds[0][0], *seeds[0][1]}
		if *seeds[2][0] != k[0] || *seeds[2][1] != k[1] || *seeds[1][1] != k[2] {
			t.Fatal("two trustees hold different sub-keys of one name")
		}
		if k[0] == k[1] || k[1] == k[2] || k[0] == k[2] {
			t.Fatal("one trustee holds the third sub-key")
		}

		weights := [][]float64{features(2), features(3)}
		scorer, err := m.sch.Prepare(weights)
		if err != nil {
			t.Fatal(err)
		}
		lanes := make([]uint32, len(weights))
		if err := scorer.Score(lanes, r.C0, r.B); err != nil {
			t.Fatal(err)
		}
		for i, pair := range seeds {
			d, err := m.sch.Unlock(i, pair, r.B, &r.Terms.BDigests)
			if err != nil {
				t.Fatalf("trustee %d: %v", i, err)
			}
			for lane := range lanes {
				z := d.PartialDecrypt(scorer.Hint(), lane)
				switch i { // k1 and k2 from trustee 0, k0 from trustee 1
				case 0:
					lanes[lane] += z[0] + z[1]
				case 1:
					lanes[lane] += z[0]
				}
			}
			d.Close()
		}
		for lane, w := range weights {
			want := 0.0
			for i := range w {
				want += w[i] * o.Features[i]
			}
			if got := scheme.LogBid(lanes[lane]); math.Abs(got-want) > 1.0/(1<<14) {
				t.Errorf("%s: lane %d decrypts to %.6f, w.x is %.6f", suite, lane, got, want)
			}
		}
	}
}

// A box opens for its trustee and its request, and for nothing else.
func TestBoxesAreBound(t *testing.T) {
	m := newMarket(t, keys.X25519)
	r, other := m.request(t, opportunity()), m.request(t, opportunity())
	for box := range r.Boxes {
		for i := range scheme.Trustees {
			for trustee := range scheme.Trustees {
				_, err := m.keys.Trustees[i].Period.Open(message.UserBoxInfo(&r.Digest, trustee), r.Boxes[box][1:])
				if (err == nil) != (i == box && trustee == box) {
					t.Errorf("box %d, key of trustee %d, info for trustee %d: %v", box, i, trustee, err)
				}
			}
		}
		if _, err := m.keys.Trustees[box].Period.Open(message.UserBoxInfo(&other.Digest, box), r.Boxes[box][1:]); err == nil {
			t.Errorf("box %d opens for another request", box)
		}
	}
}

// Two requests of one opportunity have nothing in common but what is public.
func TestTwoRequestsDifferEverywhere(t *testing.T) {
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519} {
		m := newMarket(t, suite)
		a, b := m.request(t, opportunity()), m.request(t, opportunity())
		for name, pair := range map[string][2][]byte{
			"c0": {a.C0, b.C0}, "b": {a.B, b.B}, "c0 and b": {a.C0, a.B},
			"box 0": {a.Boxes[0], b.Boxes[0]}, "box 1": {a.Boxes[1], b.Boxes[1]}, "box 2": {a.Boxes[2], b.Boxes[2]},
		} {
			equal := 0
			for i := range pair[0] {
				if pair[0][i] == pair[1][i] {
					equal++
				}
			}
			if limit := 8 + len(pair[0])/64; equal > limit { // 1 byte in 256 is equal by chance
				t.Errorf("%s: %d of %d bytes are equal", name, equal, len(pair[0]))
			}
		}
		if a.Digest == b.Digest || a.Terms.Auction == b.Terms.Auction || bytes.Equal(a.Signature, b.Signature) {
			t.Error("digest, auction id or signature are the same")
		}
		seen := map[any]bool{}
		for _, r := range []*message.Request{a, b} {
			for _, pair := range m.openBoxes(t, r) {
				seen[*pair[0]], seen[*pair[1]] = true, true
			}
			for _, d := range r.Terms.BDigests {
				seen[d] = true
			}
		}
		if len(seen) != 2*(3+3) {
			t.Errorf("%d different sub-keys and digests of b in two requests, want 12", len(seen))
		}
	}
}

func TestConcurrentRequests(t *testing.T) {
	m := newMarket(t, keys.X25519)
	requests := make([]*message.Request, 16)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := worker; i < len(requests); i += 4 {
				raw, _, err := m.agent.Request(opportunity())
				if err != nil {
					t.Error(err)
					return
				}
				if requests[i], err = m.dir.Epoch().DecodeRequest(raw); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, r := range requests {
		if r == nil {
			t.Fatal("a request is missing")
		}
		seeds := m.openBoxes(t, r)
		if _, err := m.sch.Unlock(0, seeds[0], r.B, &r.Terms.BDigests); err != nil {
			t.Error(err)
		}
	}
}
