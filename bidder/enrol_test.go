package bidder

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/crypto/params"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// serveTrustee answers enrolments with a status, until the test ends, and returns the URL.
func serveTrustee(t *testing.T, status *atomic.Int32) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	handler := transport.Routes{"POST /enrol": func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(int(status.Load())) }}.Handler()
	go func() { done <- transport.Serve(ctx, ln, handler, transport.ServerConfig{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

// A seat whose hint fewer than two trustees know would only waste everybody's time: its bids could not be opened.
func TestBidsOnceTwoTrusteesKnowTheHint(t *testing.T) {
	p, err := params.Default(64)
	if err != nil {
		t.Fatal(err)
	}
	f := newFlat(2)
	f.dim = 64
	var statuses [3]atomic.Int32
	d := openDesk(t, p, f, serveTrustee(t, &statuses[0]), serveTrustee(t, &statuses[1]), serveTrustee(t, &statuses[2]))
	if a := d.bid(nil); a != nil || d.Status().Enrolled != 0 {
		t.Errorf("bids before it has enrolled: %+v", a)
	}
	for _, tc := range []struct {
		statuses [3]int32
		enrolled int32
		failed   string // trustees
	}{
		{[3]int32{500, 503, 403}, 0, "012"},
		{[3]int32{204, 503, 403}, 1, "12"},
		{[3]int32{204, 204, 403}, 2, "2"},
		{[3]int32{409, 503, 204}, 2, "1"}, // 409: known already
		{[3]int32{204, 204, 204}, 3, ""},
		{[3]int32{500, 503, 403}, 0, "012"},
	} {
		for i, s := range tc.statuses {
			statuses[i].Store(s)
		}
		err := d.Enrol(time.Now().Add(time.Minute))
		for i := range statuses {
			id := string(rune('0' + i))
			if named := err != nil && strings.Contains(err.Error(), "trustee \""+id+"\""); named != strings.Contains(tc.failed, id) {
				t.Errorf("%v: error %v", tc.statuses, err)
			}
		}
		if got := d.Status().Enrolled; got != tc.enrolled {
			t.Errorf("%v: enrolled with %d, want %d", tc.statuses, got, tc.enrolled)
		}
		if a := d.bid(nil); (a != nil) != (tc.enrolled >= 2) {
			t.Errorf("%v: bids %v", tc.statuses, a != nil)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	d := open(t, newFlat(2))
	sch, err := d.dir.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	own, other := d.keys.Bidders[seat], d.keys.Bidders["seat-2"]
	heavy := &weighted{*newFlat(slices.Repeat([]float64{1}, params.MaxWeightNorm+1)...)} // campaign k has weight k+1
	for name, err := range map[string]error{
		"unknown seat":       second(New(d.dir, sch, "nobody", own, newFlat(2), nil)),
		"another identity":   second(New(d.dir, sch, seat, other, newFlat(2), nil)),
		"no campaigns":       second(New(d.dir, sch, seat, own, newFlat(), nil)),
		"another dimension":  second(New(d.dir, sch, seat, own, &flat{campaigns: newFlat(1).campaigns, dim: 9}, nil)),
		"weights too heavy":  second(New(d.dir, sch, seat, own, heavy, nil)),
		"too many campaigns": second(New(d.dir, sch, seat, own, newFlat(slices.Repeat([]float64{1}, 257)...), nil)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
