package server

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/crypto/scheme"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// front is a trustee that answers every enrolment with a status and remembers the last one.
type front struct {
	status atomic.Int32
	got    atomic.Pointer[[]byte]
}

func (f *front) serve(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	handler := transport.Routes{"POST /enrol": func(ctx *fasthttp.RequestCtx) {
		body := slices.Clone(ctx.PostBody())
		f.got.Store(&body)
		ctx.SetStatusCode(int(f.status.Load()))
	}}.Handler()
	go func() { done <- transport.Serve(ctx, ln, handler, transport.ServerConfig{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

func TestDeliver(t *testing.T) {
	var fronts [scheme.Trustees]front
	var urls [scheme.Trustees]string
	for i := range fronts {
		urls[i] = fronts[i].serve(t)
	}
	o := openOffice(t, time.Now(), urls)
	messages := o.seat.Enrolments()
	for _, tc := range []struct {
		statuses [scheme.Trustees]int32
		known    int
		failed   string // trustees
	}{
		{[3]int32{204, 204, 204}, 3, ""},
		{[3]int32{409, 204, 409}, 3, ""}, // known already
		{[3]int32{204, 403, 204}, 2, "1"},
		{[3]int32{500, 412, 204}, 1, "01"},
		{[3]int32{400, 429, 410}, 0, "012"},
	} {
		for i, s := range tc.statuses {
			fronts[i].status.Store(s)
		}
		known, err := Deliver(o.dir, messages, time.Now().Add(time.Minute))
		if known != tc.known {
			t.Errorf("%v: %d know it, want %d", tc.statuses, known, tc.known)
		}
		for i := range fronts {
			named := err != nil && strings.Contains(err.Error(), "trustee \""+o.dir.Trustees()[i].ID+"\"")
			if named != strings.Contains(tc.failed, o.dir.Trustees()[i].ID) {
				t.Errorf("%v: error %v", tc.statuses, err)
			}
			if got := fronts[i].got.Load(); got == nil || !slices.Equal(*got, messages[i]) {
				t.Errorf("trustee %d did not get its message", i)
			}
		}
	}
	if known, err := Deliver(openOffice(t, time.Now(), nowhere).dir, messages, time.Now().Add(time.Minute)); known != 0 || err == nil {
		t.Errorf("nobody listens: %d know it, %v", known, err)
	}
}
