package transport

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// echo answers with the request's body.
func echo(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) }

func post(path, headers, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body
}

func TestHostileHTTP(t *testing.T) {
	address := serve(t, Routes{"POST /echo": echo, "POST /other": echo, "GET /echo": echo}.Handler(), ServerConfig{MaxBodyBytes: 100})
	long := strings.Repeat("x", 101)
	for _, tc := range []struct {
		name, request string
		status        int
		closed        bool
	}{
		{"content length", post("/echo", "Content-Length: 2\r\n", "hi"), 200, false},
		{"chunked", post("/echo", "Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"), 200, false},
		{"just fits", post("/echo", "Content-Length: 100\r\n", long[:100]), 200, false},
		{"too large", post("/echo", "Content-Length: 101\r\n", long), 413, true},
		{"claims to be huge", post("/echo", "Content-Length: 9000000000000000000\r\n", ""), 413, true},
		{"too large in chunks", post("/echo", "Transfer-Encoding: chunked\r\n", "65\r\n"+long+"\r\n0\r\n\r\n"), 413, true},
		{"both lengths", post("/echo", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"), 400, true},
		{"both lengths, other order", post("/echo", "transfer-encoding: chunked\r\ncontent-length: 2\r\n", "2\r\nhi\r\n0\r\n\r\n"), 400, true},
		{"both lengths, identity", post("/echo", "Content-Length: 2\r\nTransfer-Encoding: identity\r\n", "hi"), 400, true},
		{"two lengths", post("/echo", "Content-Length: 2\r\nContent-Length: 3\r\n", "hi!"), 400, true},
		{"negative length", post("/echo", "Content-Length: -2\r\n", "hi"), 400, true},
		{"bad chunk", post("/echo", "Transfer-Encoding: chunked\r\n", "zz\r\nhi\r\n"), 400, true},
		{"headers too large", post("/echo", "X: "+strings.Repeat("y", 64<<10)+"\r\n", ""), 431, true},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, true},
		{"unknown path", post("/echo/", "Content-Length: 0\r\n", ""), 404, false},
		{"path is cleaned", post("/x/../echo", "Content-Length: 2\r\n", "hi"), 200, false},
		{"known path, other method", "GET /other HTTP/1.1\r\nHost: h\r\n\r\n", 405, false},
		{"second method of a path", "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n", 200, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body, closed := raw(t, address, tc.request)
			if resp.StatusCode != tc.status || closed != tc.closed {
				t.Errorf("status %d, closed %v; want %d, %v; %q", resp.StatusCode, closed, tc.status, tc.closed, body)
			}
		})
	}
}

func TestPanicBecomes500AndLeaksNothing(t *testing.T) {
	const secret = "feature-vector"
	var log bytes.Buffer
	address := serve(t, func(ctx *fasthttp.RequestCtx) {
		ctx.Response.Header.Set("X-Data", secret)
		ctx.SetBodyString(secret)
		if len(ctx.PostBody()) > 0 {
			panic(fmt.Errorf("cannot use %s", ctx.PostBody()))
		}
	}, ServerConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	resp, body, _ := raw(t, address, post("/p", "Content-Length: 14\r\nConnection: close\r\n", secret))
	if resp.StatusCode != 500 || body != "internal error\n" || resp.Header.Get("X-Data") != "" {
		t.Errorf("%d %q, headers %v", resp.StatusCode, body, resp.Header)
	}
	if resp, _, _ := raw(t, address, post("/p", "Content-Length: 0\r\n", "")); resp.StatusCode != 200 {
		t.Errorf("status %d after a panic", resp.StatusCode)
	}
	if got := log.String(); strings.Contains(got, secret) || !strings.Contains(got, "panicked") || !strings.Contains(got, "server_test.go") {
		t.Errorf("log must name the place and no data:\n%s", got)
	}
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	ln := listen(t, "tcp4", "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, ln, func(ctx *fasthttp.RequestCtx) {
			close(entered)
			<-release
			echo(ctx)
		}, ServerConfig{})
	}()
	type answer struct {
		body []byte
		err  error
	}
	answers := make(chan answer, 1)
	c := newClient(t, ln.Addr().String(), 1<<10)
	go func() {
		b, err := c.Post("/", []byte("late but fine"), soon(), 0)
		answers <- answer{b, err}
	}()
	<-entered
	cancel()
	close(release)
	if a := <-answers; a.err != nil || string(a.body) != "late but fine" {
		t.Errorf("request under way: %q, %v", a.body, a.err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		conn.Close()
		t.Error("still listening")
	}
}

func TestServeStopsBeforeItHasBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		ln := listen(t, "tcp4", "127.0.0.1:0")
		if err := Serve(ctx, ln, echo, ServerConfig{}); err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
			conn.Close()
			t.Fatal("still listening")
		}
	}
}

func TestServeReturnsTheListenersError(t *testing.T) {
	ln := listen(t, "tcp4", "127.0.0.1:0")
	ln.Close()
	if err := Serve(t.Context(), ln, echo, ServerConfig{Name: "seat-1"}); err == nil || !strings.Contains(err.Error(), "seat-1") {
		t.Errorf("error %v does not name the server", err)
	}
}

func TestMalformedRoutePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a route without a path was accepted")
		}
	}()
	Routes{"POST": echo}.Handler()
}
