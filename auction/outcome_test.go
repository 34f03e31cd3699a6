package auction

import (
	"fmt"
	"testing"

	"cipherbid/crypto/message"
)

// TestEveryOutcome holds one auction with a bidder for every way to answer, good and bad. Each has its outcome and counter, and
// none costs another bid anything.
func TestEveryOutcome(t *testing.T) {
	status := func(code int) func(*call) { return func(c *call) { c.ctx.SetStatusCode(code) } }
	altered := func(change func(*message.Answer)) func(*call) {
		return func(c *call) {
			a := c.answer(lane{0, 0, laneOf(50, limit), message.NoCap})
			change(a)
			c.send(a)
		}
	}
	clear := func(v int64) func(*message.Answer) { return func(a *message.Answer) { a.Clear[0] = uint32(v) } }
	cases := []struct {
		seat string
		bid  func(*call)
		want BidderOutcome
	}{
		{"best", bids(7), Answered},
		{"second", bids(3, 2), Answered},
		{"late", func(c *call) { <-c.house.over }, Late},
		{"declined", status(204), Declined},
		{"server-error", status(500), Failed},
		{"forbidden", status(403), Failed},
		{"redirected", func(c *call) { c.ctx.Redirect("/elsewhere", 302) }, Failed},
		{"empty", status(200), Malformed},
		{"garbage", func(c *call) { c.ctx.SetBodyString("bid: 50") }, Malformed},
		{"truncated", func(c *call) { bids(50)(c); c.ctx.SetBody(c.ctx.Response.Body()[:60]) }, Malformed},
		{"trailing", func(c *call) { bids(50)(c); c.ctx.Write([]byte{0}) }, Malformed},
		{"echo", func(c *call) { c.ctx.SetBody(c.ctx.PostBody()) }, Malformed},
		{"huge", func(c *call) { c.ctx.SetBody(make([]byte, message.MaxAnswerBytes+1)) }, Malformed},
		{"hangs-up", func(c *call) { c.ctx.Conn().Close() }, Unreachable},
		{"absent", nil, Unreachable},
		{"other-request", altered(func(a *message.Answer) { a.Request[0]++ }), Invalid},
		{"other-seat", altered(func(a *message.Answer) { a.Seat = "best" }), Invalid},
		{"other-imp", func(c *call) { c.send(c.answer(lane{1, 0, laneOf(50, limit), message.NoCap})) }, Invalid},
		{"too-many-lanes", bids(50, 50, 50, 50, 50, 50, 50, 50, 50), Invalid},
		{"above-its-cap", altered(func(a *message.Answer) { a.Lanes[0].Cap = int32(a.Clear[0]) - 1 }), Answered},
		{"above-the-range", altered(clear(1 << 30)), Answered},
		{"below-the-range", altered(clear(-1 << 31)), Answered},
		{"below-the-floor", bids(0.4), Answered},
	}
	var bidders []fake
	for _, c := range cases {
		bidders = append(bidders, fake{seat: c.seat, bid: c.bid, absent: c.bid == nil})
	}
	h := open(t, nil, bidders...)
	got, rec := h.auction(func(t *message.Terms) { t.TMax, t.MaxLanes = 1500, 8 })
	if o := got.Imps[0]; o.Seat != "best" || !near(o.Price, 3, 1e-7) || got.NoBid != 0 {
		t.Errorf("%+v, want best at 3", got)
	}
	counters := h.counters()
	for _, c := range cases {
		if rec.Bidders[c.seat] != c.want {
			t.Errorf("%s: %s, want %s", c.seat, rec.Bidders[c.seat], c.want)
		}
		for _, o := range BidderOutcomes() {
			want := 0.0
			if o == c.want {
				want = 1
			}
			if n := counters[fmt.Sprintf("cipherbid_bidder_outcomes_total{outcome=%q,seat=%q}", o, c.seat)]; n != want {
				t.Errorf("%s: counted %g times as %s, want %g", c.seat, n, o, want)
			}
		}
	}
	if n := counters[`cipherbid_auctions_total{result="sold"}`]; n != 1 {
		t.Errorf("sold %g auctions", n)
	}
}
