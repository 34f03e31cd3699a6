package market

import (
	"context"
	"math"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"cipherbid/auction"
	"cipherbid/crypto/message"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// tamper alters an answer of seat "high" before it is sent. earlier is the seat's answer to another request.
type tamper func(a, earlier *message.Answer)

// TestTamperedAnswerCostsNobodyElse puts a bidder between the best bid and the auctioneer. Whatever it makes of the answer, it is
// out, and the others are decided as if it had never bid.
func TestTamperedAnswerCostsNobodyElse(t *testing.T) {
	eachMode(t, tamperedAnswerCostsNobodyElse)
}

func tamperedAnswerCostsNobodyElse(t *testing.T, mode message.Mode) {
	var l ledger
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: mode, Auction: auction.Config{Observe: l.add}, Seats: []Seat{
		{ID: "low", Model: flatModel{math.Log(2), 0}}, {ID: "high", Model: flatModel{math.Log(8), 0}}, {ID: "mid", Model: flatModel{math.Log(4), 0}},
	}})
	var change atomic.Pointer[tamper]
	replaceBidder(t, m, "high", &change)
	for _, tc := range []struct {
		name   string
		change tamper
		want   auction.BidderOutcome
	}{
		{"honest", func(_, _ *message.Answer) {}, auction.Answered},
		{"two boxes", func(a, _ *message.Answer) { a.Boxes[0][20] ^= 1; a.Boxes[1][20] ^= 1 }, auction.Refused},
		{"boxes swapped", func(a, _ *message.Answer) { a.Boxes[0], a.Boxes[1] = a.Boxes[1], a.Boxes[0] }, auction.Refused},
		{"boxes empty", func(a, _ *message.Answer) { clear(a.Boxes[:]) }, auction.Malformed},
		{"commitment", func(a, _ *message.Answer) { a.Commitments[1][0] ^= 1 }, auction.Refused},
		{"cap", func(a, _ *message.Answer) { a.Lanes[0].Cap-- }, auction.Refused},
		{"campaign", func(a, _ *message.Answer) { a.Lanes[0].Campaign++ }, auction.Refused},
		{"hint", func(a, _ *message.Answer) { a.Hint[0] ^= 1 }, auction.Refused},
		{"seat", func(a, _ *message.Answer) { a.Seat = "mid" }, auction.Invalid},
		{"imp", func(a, _ *message.Answer) { a.Lanes[0].Imp++ }, auction.Invalid},
		{"answer to another request", func(a, earlier *message.Answer) { *a = *earlier }, auction.Invalid},
		{"another answer under this request", func(a, earlier *message.Answer) {
			request := a.Request
			*a = *earlier
			a.Request = request
		}, auction.Refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			change.Store(&tc.change)
			got, request, err := m.Auction(opportunity(0, mode))
			if err != nil {
				t.Fatal(err)
			}
			l.mu.Lock()
			outcome := l.records[request].Bidders["high"]
			l.mu.Unlock()
			winner, price := "mid", 2.0
			if tc.want == auction.Answered {
				winner, price = "high", 4.0
			}
			if o := got.Imps[0]; outcome != tc.want || o.Seat != winner || !samePrice(mode, o.Price, price) {
				t.Errorf("high %s, want %s; %+v, want %s at %g", outcome, tc.want, o, winner, price)
			}
		})
	}
}

// replaceBidder serves a seat's address with its own handler and a change of what that answers.
func replaceBidder(t *testing.T, m *Market, seat string, change *atomic.Pointer[tamper]) {
	t.Helper()
	if err := m.Stop(seat); err != nil {
		t.Fatal(err)
	}
	b, _ := m.Dir.Bidder(seat)
	ln, err := net.Listen("tcp4", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	honest := m.Bidders[seat].Handler()
	var earlier *message.Answer // auctions are held one after the other
	handler := func(ctx *fasthttp.RequestCtx) {
		honest(ctx)
		if string(ctx.Path()) != "/bid" || ctx.Response.StatusCode() != 200 {
			return
		}
		raw := ctx.Response.Body()
		a, err := m.Dir.Epoch().DecodeAnswer(append([]byte(nil), raw...))
		if err != nil {
			t.Error(err)
			return
		}
		if earlier == nil {
			earlier, _ = m.Dir.Epoch().DecodeAnswer(append([]byte(nil), raw...))
		}
		(*change.Load())(a, earlier)
		ctx.SetBody(m.Dir.Epoch().AppendAnswer(nil, a))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- transport.Serve(ctx, ln, handler, transport.ServerConfig{MaxBodyBytes: 1 << 20}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
