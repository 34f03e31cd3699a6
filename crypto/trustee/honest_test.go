package trustee

import (
	"math"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Any two trustees open every lane of every seat to what the plaintext stand-in computes for the same market in the clear.
func TestAnyTwoTrusteesOpenWhatTheStandInComputes(t *testing.T) {
	cleartext, err := params.Plain(11, dim)
	if err != nil {
		t.Fatal(err)
	}
	twin := makeMarket(t, cleartext, "", fourSeats)
	want := map[string][]uint32{}
	for _, a := range twin.answers(twin.ask(opportunity())) {
		want[a.Seat] = a.Clear
	}
	for _, suite := range []keys.Suite{keys.Hybrid, keys.X25519} {
		t.Run(string(suite), func(t *testing.T) {
			m := newMarket(t, suite)
			c := m.sell(m.ask(opportunity()))
			all := m.openAll(c)
			worst, lanes := 0.0, 0
			for i, e := range c.manifest.Entries {
				for _, pair := range pairs {
					got := add(t, all, pair, i)
					if len(got) != len(want[e.Seat]) || len(got) != len(e.Lanes) {
						t.Fatalf("%q: %d lanes, want %d", e.Seat, len(got), len(want[e.Seat]))
					}
					for k := range got {
						diff := math.Abs(scheme.LogBid(got[k] - want[e.Seat][k]))
						worst = max(worst, diff)
						if diff > tolerance {
							t.Errorf("trustees %v, %q, lane %d: log-bid %.6f, the stand-in has %.6f", pair, e.Seat, k,
								scheme.LogBid(got[k]), scheme.LogBid(want[e.Seat][k]))
						}
						lanes++
					}
				}
			}
			if lanes != len(pairs)*len(fourSeats)*2*campaigns {
				t.Errorf("%d lanes were compared", lanes)
			}
			t.Logf("worst of %d lanes: 2^%.1f", lanes, math.Log2(worst))
		})
	}
}

// One trustee's two shares, and its two parts of every lane, say nothing about the bid: without the third they add up to noise.
func TestOneTrusteeAloneHoldsNoise(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	all := m.openAll(c)
	for i, s := range all {
		hits := 0
		for e := range s.Entries {
			z := s.Entries[e].Z
			sum := make([]uint32, len(z[0]))
			for k := range sum {
				sum[k] = z[0][k] + z[1][k]
			}
			hits += near(m.weights[c.manifest.Entries[e].Seat], c, e, sum)
		}
		if hits > 1 { // by chance one in a million
			t.Errorf("trustee %d alone gets %d lanes right", i, hits)
		}
	}
}

// Shares leave a trustee for the recipient only: nobody else's session with it opens them, nor the recipient's for another
// trustee or manifest.
func TestSharesOpenForTheRecipientOnly(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 1)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	sealed, err := m.trustees[0].Open(m.encoded(c, 0), c.request.Terms.Issued)
	if err != nil {
		t.Fatal(err)
	}
	manifest := message.ManifestDigest(c.raw)
	for _, tc := range []struct {
		name     string
		session  *keys.Session
		manifest message.Digest
		trustee  int
		opens    bool
	}{
		{"recipient", m.sessions[0], manifest, 0, true},
		{"recipient's session with another trustee", m.sessions[1], manifest, 0, false},
		{"a bidder's session", n.sessions[0], manifest, 0, false},
		{"as another trustee's", m.sessions[0], manifest, 1, false},
		{"as another manifest's", m.sessions[0], message.Digest{1}, 0, false},
	} {
		context := message.SharesContext(&tc.manifest, tc.trustee)
		if _, err := tc.session.Open(nil, sealed, &context); (err == nil) != tc.opens {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
