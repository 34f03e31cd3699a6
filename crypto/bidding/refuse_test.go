package bidding

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

func TestNewRefuses(t *testing.T) {
	m := newMarket(t, keys.X25519, dim)
	good := matrix(1, 2, dim)
	large := matrix(1, 2, dim)
	large[1][5] = 31
	for _, tc := range []struct {
		name, seat string
		identity   keys.Identity
		weights    [][]float64
		says       string
	}{
		{"unknown seat", "seat-c", m.keys.Bidders["seat-a"], good, `seat "seat-c" is not in the directory`},
		{"another seat's identity", "seat-a", m.keys.Bidders["seat-b"], good, `seat "seat-a" has another identity`},
		{"no campaigns", "seat-a", m.keys.Bidders["seat-a"], nil, "0 campaigns"},
		{"too many campaigns", "seat-a", m.keys.Bidders["seat-a"], matrix(1, 33, dim), "33 campaigns"},
		{"too few weights", "seat-a", m.keys.Bidders["seat-a"], matrix(1, 2, dim-1), "63 weights"},
		{"large weights", "seat-a", m.keys.Bidders["seat-a"], large, "campaign 1"},
	} {
		if _, err := New(m.dir, m.sch, tc.seat, tc.identity, tc.weights); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
		}
	}
}

func TestRefusals(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		s := m.seat(t, matrix(1, campaign, dim))
		tooLarge := byte(0xff) // 2^50-1, above the prime
		if !m.dir.Params().Encrypted() {
			tooLarge = 0x7f // 2^31-1 or so, above 2^28
		}
		at := func(d time.Duration) time.Time { return noon.Add(d) }
		bid := func(bids ...LaneBid) []LaneBid { return bids }
		for _, tc := range []struct {
			name   string
			now    time.Time
			bids   []LaneBid
			change func(*message.BidRequest)
			is     error
			says   string
		}{
			{name: "expired request", now: at(time.Second), says: "expired"},
			{name: "request from the future", now: at(time.Minute), change: func(r *message.BidRequest) {
				r.Terms.Issued, r.Terms.Expiry = at(2*time.Minute), at(2*time.Minute+time.Second)
			}, says: "in the future"},
			{name: "request that lives long", change: func(r *message.BidRequest) { r.Terms.Expiry = at(time.Hour) }, says: "request lives for"},
			{name: "last period", now: at(-1), is: message.ErrPeriod, says: "period 1 runs"},
			{name: "next period", now: at(time.Hour), is: message.ErrPeriod, says: "period 1 runs"},
			{name: "no bids", bids: []LaneBid{}, says: "nothing to bid"},
			{name: "imp that is not on sale", bids: bid(LaneBid{Imp: 2}), says: "bid on imp 2 by campaign 0, there are 2 and 32"},
			{name: "negative imp", bids: bid(LaneBid{Imp: -1}), says: "bid on imp -1"},
			{name: "imp of 256", bids: bid(LaneBid{Imp: 256}), says: "bid on imp 256"},
			{name: "unknown campaign", bids: bid(LaneBid{Campaign: 32}), says: "by campaign 32"},
			{name: "negative campaign", bids: bid(LaneBid{Campaign: -1}), says: "by campaign -1"},
			{name: "bid above the cap", bids: bid(LaneBid{LogBid: math.Log(101)}), says: "campaign 0: bid cannot be expressed under a cap of 100"},
			{name: "bid below the range", bids: bid(LaneBid{}, LaneBid{Campaign: 1, LogBid: -28}), says: "campaign 1: bid cannot be expressed"},
			{name: "NaN bid", bids: bid(LaneBid{LogBid: math.NaN()}), says: "cannot be expressed"},
			{name: "NaN highest bid", bids: bid(LaneBid{MaxBid: math.NaN()}), says: "campaign 0: highest bid"},
			{name: "negative highest bid", bids: bid(LaneBid{MaxBid: -1}), says: "campaign 0: highest bid"},
			{name: "unsorted campaigns", bids: bid(LaneBid{Campaign: 2}, LaneBid{Campaign: 1}), says: "ascending order of imp and campaign"},
			{name: "unsorted imps", bids: bid(LaneBid{Imp: 1}, LaneBid{Imp: 0, Campaign: 1}), says: "ascending order of imp and campaign"},
			{name: "one lane twice", bids: bid(LaneBid{Campaign: 1}, LaneBid{Campaign: 1}), says: "ascending order of imp and campaign"},
			{name: "more lanes than allowed", change: func(r *message.BidRequest) { r.Terms.MaxLanes = campaign - 1 }, says: "32 lanes, the request allows 31"},
			{name: "short ciphertext", change: func(r *message.BidRequest) { r.C0 = r.C0[1:] }, says: "bytes"},
			{name: "coefficients out of range", change: func(r *message.BidRequest) { r.C0 = bytes.Repeat([]byte{tooLarge}, len(r.C0)) }, says: ""},
		} {
			t.Run(tc.name, func(t *testing.T) {
				r, _ := m.request(t, make([]float64, dim))
				if tc.bids == nil {
					tc.bids = bidsOnFirst(campaign)
				}
				if tc.now.IsZero() {
					tc.now = noon
				}
				bad := *r
				terms := *r.Terms
				bad.Terms = &terms
				if tc.change != nil {
					tc.change(&bad)
				}
				b, err := s.Answer(nil, &bad, tc.now, tc.bids)
				if err == nil || b != nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%d bytes, error %v, want %v that says %q", len(b), err, tc.is, tc.says)
				}
				m.answer(t, s, r, bidsOnFirst(campaign)) // a refusal is no answer
			})
		}
	})
}

// With short features a hint has more campaigns than one answer has room for.
func TestMoreLanesThanAnAnswerHolds(t *testing.T) {
	m := newMarket(t, "", 8)
	s := m.seat(t, matrix(1, 256, 8))
	r, _ := m.request(t, make([]float64, 8))
	r.Terms.Imps = make([]message.Imp, message.MaxImps)
	r.Terms.MaxLanes = math.MaxUint16
	var bids []LaneBid
	for imp := range 9 {
		for k := range 256 {
			bids = append(bids, LaneBid{Imp: imp, Campaign: k})
		}
	}
	if _, err := s.Answer(nil, r, noon, bids); err == nil || !strings.Contains(err.Error(), "2304 lanes, an answer holds 2048") {
		t.Errorf("error %v", err)
	}
	m.answer(t, s, r, bids[:message.MaxAnswerLanes])
}
