package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"
)

// patience bounds waits in tests: reaching it means that something hangs.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// They end by themselves: after a server's idle time, after a client's, and with the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"),
	)
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	return ln
}

// serve serves a handler until the test ends and returns its address.
func serve(t *testing.T, h fasthttp.RequestHandler, c ServerConfig) string {
	t.Helper()
	ln := listen(t, "tcp4", "127.0.0.1:0")
	stop := run(t, ln, h, c)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// run starts Serve and returns what stops it and waits for it.
func run(t *testing.T, ln net.Listener, h fasthttp.RequestHandler, c ServerConfig) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, ln, h, c) }()
	return func() error { cancel(); return <-done }
}

// newClient returns a client of a server on this machine.
func newClient(t *testing.T, address string, maxResponse int) *Client {
	t.Helper()
	c, err := NewClient("http://"+address, maxResponse)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func soon() time.Time { return time.Now().Add(patience) }

// raw sends bytes as they are and returns the response, its body and whether the server then hangs up.
func raw(t *testing.T, address, request string) (resp *http.Response, body string, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(soon()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err = http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Close {
		_, err = r.ReadByte()
		closed = err != nil && !isTimeout(err) // a reset where it did not read everything
	}
	return resp, string(b), closed
}
