package bidder

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/transport"
)

func TestBidStatuses(t *testing.T) {
	d, other := open(t, newFlat(2)), open(t, newFlat(2))
	answered := d.request(nil)
	for _, tc := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"valid", answered, 200},
		{"answered before", answered, 409},
		{"empty", nil, 400},
		{"truncated", answered[:100], 400},
		{"another market's", other.request(nil), 400},
		{"expired", d.ofTime(t, -time.Minute), 403},
		{"from the future", d.ofTime(t, time.Minute), 403},
	} {
		if got, body := d.do("POST", "/bid", tc.body, ""); got != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, got, tc.status, body)
		}
	}
	for route, want := range map[[2]string]int{{"GET", "/bid"}: 405, {"POST", "/status"}: 405, {"POST", "/"}: 404} {
		if got, _ := d.do(route[0], route[1], nil, ""); got != want {
			t.Errorf("%v: %d, want %d", route, got, want)
		}
	}
	want := Status{Seat: seat, Period: 1, Bids: 1, Refused: 6, Campaigns: []Account{{Campaign: "a"}}}
	if got := d.Status(); !reflect.DeepEqual(got, want) {
		t.Errorf("status %+v, want %+v", got, want)
	}
}

// ofTime is a request that was issued some time from now, for a second.
func (d *desk) ofTime(t *testing.T, from time.Duration) []byte {
	t.Helper()
	epoch := d.dir.Epoch()
	r, err := epoch.DecodeBidRequest(d.request(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Terms.Issued = time.Now().Add(from)
	r.Terms.Expiry = r.Terms.Issued.Add(time.Second)
	raw, err := epoch.EncodeTerms(r.Terms)
	if err != nil {
		t.Fatal(err)
	}
	return epoch.AppendBidRequest(nil, &message.Request{RawTerms: raw, C0: r.C0, B: r.B})
}

func TestTimeLimit(t *testing.T) {
	d := open(t, newFlat(2))
	for header, want := range map[string]int{"": 200, "60000": 200, "soon": 200, "0": 204, "-5": 204, "1": 204} {
		if got, body := d.do("POST", "/bid", d.request(nil), header); got != want {
			t.Errorf("%s: %q: status %d, want %d: %s", transport.TMaxHeader, header, got, want, body)
		}
	}
	if s := d.Status(); s.Late != 3 || s.Bids != 3 || s.NoBids != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestStatusJSON(t *testing.T) {
	f := newFlat(2, 3)
	f.campaigns[1].Budget = 7
	d := open(t, f)
	code, body := d.do("GET", "/status", nil, "")
	const want = `{"seat":"seat-1","period":1,"enrolled":0,"bids":0,"no_bids":0,"late":0,"refused":0,"losses":0,` +
		`"campaigns":[{"campaign":"a","wins":0,"spent":0},{"campaign":"b","wins":0,"spent":0,"budget":7}]}`
	if code != 200 || string(body) != want {
		t.Errorf("%d %s", code, body)
	}
	var s Status
	if err := json.Unmarshal(body, &s); err != nil || !reflect.DeepEqual(s, d.Status()) {
		t.Errorf("%+v, %v", s, err)
	}
}

// moody panics on one slot.
type moody struct{ flat }

func (m *moody) Bias(k int, ctx model.Context) (float64, bool) {
	if ctx.Get("slotwidth") == "no" {
		panic("secret weight 1.25")
	}
	return m.flat.Bias(k, ctx)
}

// A model that panics costs its bidder one bid.
func TestPanickingModel(t *testing.T) {
	d := open(t, &moody{*newFlat(2)})
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- transport.Serve(ctx, ln, d.Handler(), transport.ServerConfig{MaxBodyBytes: d.MaxBodyBytes()})
	}()
	c, err := transport.NewClient("http://"+ln.Addr().String(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	_, err = c.Post("/bid", d.request(func(o *agent.Opportunity) { o.Imps[0].Attrs = noSlot }), deadline, 0)
	var status *transport.StatusError
	if !errors.As(err, &status) || status.Status != 500 || strings.Contains(err.Error(), "secret") {
		t.Errorf("panic: %v", err)
	}
	if b, err := c.Post("/bid", d.request(nil), deadline, 0); err != nil || len(b) == 0 {
		t.Errorf("after a panic: %d bytes, %v", len(b), err)
	}
	if _, err := c.Post("/bid", make([]byte, d.MaxBodyBytes()+1), deadline, 0); !errors.As(err, &status) || status.Status != 413 {
		t.Errorf("too large: %v", err)
	}
	c.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
