package target

import (
	"math"
	"testing"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/message"
	"cipherbid/loadgen/netem"
)

func TestParseLinks(t *testing.T) {
	const ms = time.Millisecond
	all := netem.Link{RTT: 20 * ms, Jitter: ms}
	for text, want := range map[string]Links{
		"":                            {},
		"20ms":                        {all, all, all, all, all},
		"publisher=20ms,trustees=1ms": {Publisher: all, Trustees: netem.Link{RTT: ms, Jitter: ms}},
		"peers=20ms":                  {Peers: all},
	} {
		jitter := ms
		if text == "" {
			jitter = 0
		}
		if got, err := ParseLinks(text, jitter); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"20", "x=1ms", "20ms,bidders=1ms", "bidders=1ms,20ms", "bidders=", "-5ms", "bidders=2h", ","} {
		if _, err := ParseLinks(bad, 0); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := ParseLinks("", ms); err == nil {
		t.Error("a jitter without a link was accepted")
	}
}

func TestLinksAreBetweenTheRightParties(t *testing.T) {
	l := Links{netem.Link{RTT: 1}, netem.Link{RTT: 2}, netem.Link{RTT: 3}, netem.Link{RTT: 4}, netem.Link{}}
	for _, tc := range []struct {
		from, to string
		want     time.Duration
	}{
		{"publisher", "auctioneer", 1}, {"auctioneer", "1458", 2}, {"auctioneer", "trustee-2", 3}, {"1458", "trustee-0", 4},
		{"publisher", "trustee-0", 4}, {"trustee-0", "trustee-1", 0}, {"1458", "2259", 0},
	} {
		if got, ok := l.between(tc.from, tc.to); got.RTT != tc.want || ok != (tc.want > 0) {
			t.Errorf("%s to %s: %+v, %v", tc.from, tc.to, got, ok)
		}
	}
}

func TestReserves(t *testing.T) {
	c := Config{Mode: message.Sealed, Links: Links{Publisher: netem.Link{RTT: 30 * time.Millisecond}, Trustees: netem.Link{RTT: 10 * time.Millisecond}, Peers: netem.Link{RTT: 4 * time.Millisecond}}}
	if network, rank := c.reserves(); network != networkReserve+30*time.Millisecond || rank != rankReserve+14*time.Millisecond {
		t.Errorf("sealed: %s for the network, %s for ranking", network, rank)
	}
	c.Mode = message.Open
	if _, rank := c.reserves(); rank != rankReserve+10*time.Millisecond {
		t.Errorf("open: %s for ranking", rank)
	}
}

func TestSeats(t *testing.T) {
	fit := data(t).Fit
	n := len(fit.Models)
	got, err := Seats(fit, 2*n+1, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Seats(fit, 2*n+1, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Models) != 2*n+1 || got.FeatureMap != fit.FeatureMap {
		t.Fatalf("%d bidders", len(got.Models))
	}
	seats, bids := map[string]bool{}, map[float64]string{}
	x, context := make([]float64, fit.FeatureMap.Dim()), &model.RowContext{}
	for i, m := range got.Models {
		seats[m.Seat()] = true
		base := fit.Models[i%n]
		if len(m.Campaigns()) != 3 {
			t.Fatalf("%s has %d campaigns", m.Seat(), len(m.Campaigns()))
		}
		for k := range m.Campaigns() {
			bid := m.LogBid(k, x, context)
			if other, ok := bids[bid]; ok {
				t.Errorf("%s bids the same as %s", m.Seat(), other)
			}
			bids[bid] = m.Seat()
			if bid != again.Models[i].LogBid(k, x, context) {
				t.Error("one seed gave two markets")
			}
			if d := math.Abs(bid - base.LogBid(0, x, context)); d > math.Log(spread)+1e-9 || (d == 0) != (i < n && k == 0) {
				t.Errorf("%s, campaign %d is %g from its model", m.Seat(), k, d)
			}
		}
	}
	if len(seats) != 2*n+1 {
		t.Errorf("%d seats", len(seats))
	}
	for _, bad := range [][2]int{{0, 1}, {1, 0}, {-1, 1}, {1 << 20, 1}, {1, 1 << 20}} {
		if _, err := Seats(fit, bad[0], bad[1], 1); err == nil {
			t.Errorf("%v were accepted", bad)
		}
	}
}
