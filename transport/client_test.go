package transport

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

func TestAnswers(t *testing.T) {
	address := serve(t, Routes{
		"POST /echo":  func(ctx *fasthttp.RequestCtx) { echo(ctx); ctx.Response.Header.Set("X", "y") },
		"POST /empty": func(*fasthttp.RequestCtx) {},
		"POST /none":  func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(fasthttp.StatusNoContent) },
		"POST /fail":  func(ctx *fasthttp.RequestCtx) { Fail(ctx, 418, "first line\nsecond line") },
		"POST /long":  func(ctx *fasthttp.RequestCtx) { Fail(ctx, 500, strings.Repeat("x", 5000)) },
		"POST /tmax":  func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.Request.Header.Peek(TMaxHeader)) },
		"GET /get":    func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("got") },
	}.Handler(), ServerConfig{})
	c := newClient(t, address, 1<<13)
	post := func(path, body string, tmax time.Duration) (string, bool, error) {
		b, err := c.Post(path, []byte(body), soon(), tmax)
		return string(b), b != nil, err
	}
	first, err := c.Post("/echo", []byte("first"), soon(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path, body string
		tmax       time.Duration
		want       string
		some       bool
	}{
		{"/echo", "other", 0, "other", true},
		{"/empty", "", 0, "", true}, // an empty answer is not the same as none
		{"/none", "", 0, "", false},
		{"/tmax", "", 123456 * time.Microsecond, "123", true},
		{"/tmax", "", 0, "", true},
	} {
		if got, some, err := post(tc.path, tc.body, tc.tmax); err != nil || got != tc.want || some != tc.some {
			t.Errorf("%s: %q, %v, %v; want %q, %v", tc.path, got, some, err, tc.want, tc.some)
		}
	}
	for range 50 {
		if _, _, err := post("/echo", "other", 0); err != nil {
			t.Fatal(err)
		}
	}
	if string(first) != "first" {
		t.Errorf("an earlier answer became %q", first)
	}
	if got, err := c.Get("/get", soon()); err != nil || string(got) != "got" {
		t.Errorf("get: %q, %v", got, err)
	}
	var status *StatusError
	if _, _, err := post("/fail", "", 0); !errors.As(err, &status) || status.Status != 418 || status.Reason != "first line" {
		t.Errorf("error status: %v", err)
	}
	if _, _, err := post("/long", "", 0); !errors.As(err, &status) || len(status.Reason) != 200 {
		t.Errorf("long reason: %v", err)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	release := make(chan struct{})
	var large atomic.Int32
	address := serve(t, Routes{
		"POST /hang":  func(*fasthttp.RequestCtx) { <-release },
		"POST /large": func(ctx *fasthttp.RequestCtx) { large.Add(1); ctx.SetBody(make([]byte, 4097)) },
		"POST /fits":  func(ctx *fasthttp.RequestCtx) { ctx.SetBody(make([]byte, 4096)) },
	}.Handler(), ServerConfig{})
	defer close(release)
	c := newClient(t, address, 4096)
	if _, err := c.Post("/hang", nil, time.Now().Add(20*time.Millisecond), 0); !errors.Is(err, ErrTimeout) {
		t.Errorf("a server that hangs: %v", err)
	}
	if _, err := c.Post("/fits", nil, time.Now().Add(-time.Second), 0); !errors.Is(err, ErrTimeout) {
		t.Errorf("a deadline that has passed: %v", err)
	}
	if b, err := c.Post("/fits", nil, soon(), 0); err != nil || len(b) != 4096 {
		t.Errorf("largest answer: %d bytes, %v", len(b), err)
	}
	if _, err := c.Post("/large", nil, soon(), 0); !errors.Is(err, ErrTooLarge) || large.Load() != 1 {
		t.Errorf("too large an answer: %v, asked %d times", err, large.Load())
	}
	gone := listen(t, "tcp4", "127.0.0.1:0")
	gone.Close()
	if _, err := newClient(t, gone.Addr().String(), 1).Post("/", nil, soon(), 0); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}

// hangUp accepts connections, answers the given number of requests on each, reads one more and hangs up on it.
func hangUp(t *testing.T, answers int) (address string, requests *atomic.Int32) {
	t.Helper()
	ln := listen(t, "tcp4", "127.0.0.1:0")
	requests = new(atomic.Int32)
	done := make(chan struct{})
	one := func(conn net.Conn) {
		defer conn.Close()
		for n := 0; ; n++ {
			var req fasthttp.Request
			if req.Read(bufio.NewReader(conn)) != nil {
				return
			}
			requests.Add(1)
			if n == answers {
				return
			}
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	}
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			one(conn)
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String(), requests
}

func TestClosedConnectionIsTriedOnceMore(t *testing.T) {
	address, requests := hangUp(t, 1)
	c := newClient(t, address, 100)
	for i := range 3 {
		if b, err := c.Post("/", []byte("x"), soon(), 0); err != nil || string(b) != "ok" {
			t.Fatalf("call %d: %q, %v", i, b, err)
		}
	}
	if n := requests.Load(); n != 5 {
		t.Errorf("%d requests for three calls of which two met a closed connection", n)
	}
	c.Close()
	address, requests = hangUp(t, 0)
	if _, err := newClient(t, address, 100).Post("/", nil, soon(), 0); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a server that always hangs up: %v", err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("tried %d times, want 2", n)
	}
}

// A party that has restarted leaves a pool of dead connections behind. No call may fail for them.
func TestRestartedPartyIsReachedAtOnce(t *testing.T) {
	const pooled = 8
	ln := listen(t, "tcp4", "127.0.0.1:0")
	var together sync.WaitGroup
	together.Add(pooled)
	stop := run(t, ln, func(*fasthttp.RequestCtx) { together.Done(); together.Wait() }, ServerConfig{})
	c := newClient(t, ln.Addr().String(), 10)
	var calls sync.WaitGroup
	for range pooled {
		calls.Go(func() {
			if _, err := c.Post("/", nil, soon(), 0); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	stop = run(t, listen(t, "tcp4", ln.Addr().String()), echo, ServerConfig{})
	for i := range pooled {
		if _, err := c.Post("/", nil, soon(), 0); err != nil {
			t.Fatalf("call %d after the restart: %v", i, err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestTimeoutIsNotTriedAgain(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	address := serve(t, func(*fasthttp.RequestCtx) { calls.Add(1); <-release }, ServerConfig{})
	defer close(release)
	if _, err := newClient(t, address, 1).Post("/", nil, time.Now().Add(50*time.Millisecond), 0); !errors.Is(err, ErrTimeout) {
		t.Fatal(err)
	}
	if n := calls.Load(); n > 1 {
		t.Errorf("called %d times", n)
	}
}

func TestClientAddresses(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://host", "http://", "http://ho st", "://"} {
		if _, err := NewClient(bad, 1); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	ln := listen(t, "tcp6", "[::1]:0")
	stop := run(t, ln, echo, ServerConfig{})
	if b, err := newClient(t, ln.Addr().String(), 10).Post("/", []byte("six"), soon(), 0); err != nil || string(b) != "six" {
		t.Errorf("over IPv6: %q, %v", b, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
