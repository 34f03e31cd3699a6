package auction

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/transport"
)

// undecided is a ranker that fails.
type undecided struct{ err error }

func (u undecided) Serves(m message.Mode) bool { return m == message.Open }
func (u undecided) Rank(context.Context, *Case) ([]Outcome, *RankReport, error) {
	return nil, &RankReport{Refused: map[string]string{"a": "made up"}}, fmt.Errorf("rank: %w", u.err)
}

// encode builds and encodes a request.
func (h *house) encode(change func(*message.Terms)) []byte {
	h.t.Helper()
	return h.dir.Epoch().EncodeRequest(h.build(change))
}

// openOnly ranks clear lanes of open requests.
type openOnly struct{ *Cleartext }

func (openOnly) Serves(m message.Mode) bool { return m == message.Open }

func TestStatuses(t *testing.T) {
	h := open(t, openOnly{&Cleartext{}}, fake{seat: "a", bid: bids(2)})
	other := open(t, nil)
	replayed := h.encode(nil)
	forged := h.build(nil)
	forged.Signature = keys.NewIdentity().Sign(keys.DomainRequest, forged.Digest)
	altered := h.encode(nil)
	altered[bytes.Index(altered, []byte("publisher"))] = 'P'
	for _, tc := range []struct {
		name   string
		raw    []byte
		status int
	}{
		{"valid", replayed, 200},
		{"auctioned before", replayed, 409},
		{"empty", nil, 400},
		{"garbage", []byte("{}"), 400},
		{"truncated", h.encode(nil)[:200], 400},
		{"trailing byte", append(h.encode(nil), 0), 400},
		{"another market's", other.encode(nil), 400},
		{"another period's", h.ofPeriod(2), 410},
		{"expired", h.encode(func(t *message.Terms) {
			t.Issued, t.Expiry = t.Issued.Add(-time.Minute), t.Issued.Add(-time.Second)
		}), 410},
		{"from the future", h.encode(func(t *message.Terms) {
			t.Issued, t.Expiry = t.Issued.Add(time.Minute), t.Issued.Add(2*time.Minute)
		}), 403},
		{"lives too long", h.encode(func(t *message.Terms) { t.Expiry = t.Issued.Add(time.Hour) }), 403},
		{"forged signature", h.dir.Epoch().EncodeRequest(forged), 403},
		{"altered", altered, 403},
		{"unknown publisher", h.encode(func(t *message.Terms) { t.Publisher = "nobody" }), 403},
		{"another recipient", h.encode(func(t *message.Terms) { t.Recipient[0]++ }), 403},
		{"other period keys", h.encode(func(t *message.Terms) { t.TrusteeKeys[0][0]++ }), 410},
		{"another mode", h.encode(func(t *message.Terms) { t.Mode = message.Sealed }), 403},
		{"no time", h.encode(func(t *message.Terms) { t.TMax = 1 }), 422},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, body := h.do("POST", "/auction", tc.raw); got != tc.status {
				t.Errorf("status %d, want %d: %s", got, tc.status, body)
			}
		})
	}
	if n := h.counters()[`cipherbid_auctions_total{result="refused"}`]; n != 17 {
		t.Errorf("counted %g refused requests", n)
	}
}

// ofPeriod is a request for another period of the same market.
func (h *house) ofPeriod(n uint32) []byte {
	epoch := *h.dir.Epoch()
	epoch.Period = n
	r := h.build(nil)
	raw, err := epoch.EncodeTerms(r.Terms)
	if err != nil {
		h.t.Fatal(err)
	}
	r.RawTerms = raw
	h.sign(r)
	return epoch.EncodeRequest(r)
}

func TestRankersErrors(t *testing.T) {
	for err, want := range map[error]int{ErrTrustees: 503, ErrDisagree: 503} {
		h := open(t, undecided{err}, fake{seat: "a", bid: bids(2)}, fake{seat: "b", bid: bids(3)})
		if got, body := h.do("POST", "/auction", h.encode(nil)); got != want {
			t.Errorf("%v: status %d, want %d: %s", err, got, want, body)
		}
		counters := h.counters()
		if counters[`cipherbid_auctions_total{result="failed"}`] != 1 || counters[`cipherbid_bidder_outcomes_total{outcome="refused",seat="a"}`] != 1 {
			t.Errorf("%v: counters %v", err, counters)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for err, want := range map[error]int{
		recent.ErrFull:      429,
		errors.New("other"): 403,
		errors.Join(ErrTrustees, message.ErrExpired): 503,
	} {
		if got := statusOf(fmt.Errorf("run: %w", err)); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestRoutes(t *testing.T) {
	h := open(t, nil, fake{seat: "a", bid: bids(2)})
	for route, want := range map[[2]string]int{
		{"GET", "/auction"}: 405, {"PUT", "/auction"}: 405, {"POST", "/status"}: 405, {"POST", "/metrics"}: 405,
		{"POST", "/"}: 404, {"GET", "/auction/1"}: 404, {"GET", "/status"}: 200, {"GET", "/metrics"}: 200,
	} {
		if got, _ := h.do(route[0], route[1], nil); got != want {
			t.Errorf("%s %s: %d, want %d", route[0], route[1], got, want)
		}
	}
	_, body := h.do("GET", "/status", nil)
	var s status
	if err := json.Unmarshal([]byte(body), &s); err != nil || s.Auctioneer != "auctioneer" || s.Period != 1 || s.Bidders != 1 || s.Trustees != 0 {
		t.Errorf("%s, %v", body, err)
	}
}

// Over a network: the largest request fits, one more byte does not, and the result travels as JSON.
func TestOverHTTP(t *testing.T) {
	h := open(t, nil, fake{seat: "a", bid: bids(2)})
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- transport.Serve(ctx, ln, h.Handler(), transport.ServerConfig{MaxBodyBytes: h.MaxBodyBytes()})
	}()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	c, err := transport.NewClient("http://"+ln.Addr().String(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	deadline := time.Now().Add(patience)
	var status *transport.StatusError
	if _, err := c.Post("/auction", make([]byte, h.MaxBodyBytes()+1), deadline, 0); !errors.As(err, &status) || status.Status != 413 {
		t.Errorf("too large: %v", err)
	}
	if _, err := c.Post("/auction", make([]byte, h.MaxBodyBytes()), deadline, 0); !errors.As(err, &status) || status.Status != 400 {
		t.Errorf("just fits: %v", err)
	}
	body, err := c.Post("/auction", h.encode(nil), deadline, 0)
	if err != nil {
		t.Fatal(err)
	}
	var result Result
	if err := json.Unmarshal(body, &result); err != nil || len(result.Imps) != 1 || result.Imps[0].Seat != "a" || result.Imps[0].Price != 0.5 {
		t.Errorf("%s, %v", body, err)
	}
}
