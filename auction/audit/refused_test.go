package audit

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// spoiler stands between the auctioneer and a bidder and spoils the box for one trustee in every answer.
type spoiler struct {
	epoch   *message.Epoch
	trustee int
	url     string
}

func (s *spoiler) serve(ctx *fasthttp.RequestCtx) {
	client, err := transport.NewClient(s.url, message.MaxAnswerBytes)
	if err != nil {
		ctx.Error(err.Error(), 500)
		return
	}
	defer client.Close()
	raw, err := client.Post(string(ctx.Path()), append([]byte(nil), ctx.PostBody()...), time.Now().Add(5*time.Second), 0)
	if err != nil {
		ctx.Error(err.Error(), 500)
		return
	}
	a, err := s.epoch.DecodeAnswer(raw)
	if err != nil {
		ctx.SetBody(raw) // a notice's
		return
	}
	a.Boxes[s.trustee][20] ^= 1
	ctx.SetBody(s.epoch.AppendAnswer(nil, a))
}

// An answer that a trustee could not open counts if that one was the evaluator. Then those two whose records hold the bid between them
// confirm, and of the others it is said what is missing.
func TestAnswerThatOneTrusteeCannotOpen(t *testing.T) {
	const (
		spoilt = 1
		drawn  = 24 // auctions, of which roles are drawn: that a trustee never evaluates has a chance of 2^-14
		alone  = 10 // auctions with two trustees
	)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &spoiler{trustee: spoilt}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- transport.Serve(ctx, ln, s.serve, transport.ServerConfig{MaxBodyBytes: 1 << 20}) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	route := func(from, to, url string) (string, error) {
		if from == "auctioneer" && to == "bob" {
			s.url = url
			return "http://" + ln.Addr().String(), nil
		}
		return url, nil
	}
	h, err := hold(t.TempDir(), route, func(m *market.Market, ask func(*agent.Opportunity) (message.Digest, error)) error {
		s.epoch = m.Dir.Epoch()
		for range drawn {
			if _, err := ask(opportunity(0.5)); err != nil {
				return err
			}
		}
		if err := m.Stop("trustee-2"); err != nil {
			return err
		}
		soon := opportunity(0.5)
		soon.TMax = 2 * time.Second // an evaluator waits so long for a trustee that has stopped
		for range alone {
			if _, err := ask(soon); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// With a trustee absent it does not count, whatever part the one takes that cannot open it.
	for _, request := range h.order[drawn:] {
		e, err := h.gather(request, 0, spoilt)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Replay(h.dir, h.scheme, h.signed[request], e)
		if err != nil || r.LeftOut[1] != "trustee-1: box does not open" || r.Outcome[0].Seat != "cyd" {
			t.Errorf("of two trustees: %+v, %v", r, err)
		}
	}
	counted, ranked := 0, h.order[:drawn]
	for _, request := range ranked {
		for _, trustees := range pairs {
			e, err := h.gather(request, trustees...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Replay(h.dir, h.scheme, h.signed[request], e)
			winner := h.answered[request].Imps[0].Seat
			switch {
			case winner == "bob" && len(trustees) == 2 && (trustees[0] == spoilt || trustees[1] == spoilt):
				if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), `the answer of "bob" counted`) {
					t.Errorf("trustees %v, one of which could not open the answer that won: %v", trustees, err)
				}
				continue
			case err != nil:
				t.Fatalf("trustees %v, sold to %s: %v", trustees, winner, err)
			}
			if (r.Roles[message.Evaluator] == spoilt) != (winner == "bob") || (r.LeftOut[1] == "") != (winner == "bob") || winner != "bob" && winner != "cyd" {
				t.Errorf("evaluator %d, left out %q, sold to %q", r.Roles[message.Evaluator], r.LeftOut, winner)
			}
			if winner == "bob" {
				counted++
			} else if r.LeftOut[1] != "trustee-1: box does not open" {
				t.Errorf("left out because %q", r.LeftOut[1])
			}
		}
	}
	if counted == 0 || counted == 2*len(ranked) {
		t.Errorf("the answer counted in %d replays of %d auctions", counted, len(ranked))
	}
	// What one trustee could not open the auctioneer cannot claim that it has.
	for _, request := range ranked {
		if h.answered[request].Imps[0].Seat == "bob" {
			continue
		}
		lie := resign(t, h, request, func(x *auction.Transcript, _ []auction.Outcome) {
			statuses := x.Deciding().Exchanges[spoilt].Statuses
			statuses[1] = message.Opened
		})
		wantFinding(t, "status", h, lie, request, `the record of "trustee-1" or the auctioneer`, "differ on which answers")
		break
	}
}
