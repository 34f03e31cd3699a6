package netem

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers every connection with handle until the test ends, and returns the address.
func serve(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String()
}

func echo(c *net.TCPConn) { _, _ = io.Copy(c, c) }

func proxy(t *testing.T, target string, l Link) *Proxy {
	t.Helper()
	p, err := Listen(target, l, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func TestRoundTripsTakeAtLeastAsLong(t *testing.T) {
	p := proxy(t, serve(t, echo), Link{RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond})
	start := time.Now() // before the connection: the first answer waits for its handshake
	c := dial(t, p.Addr())
	for i := range 5 {
		least := 20 * time.Millisecond
		if i == 0 {
			least *= 2
		}
		if _, err := c.Write([]byte("ping")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < least {
			t.Errorf("round trip %d took %s, at least %s were asked for", i, took, least)
		}
		start = time.Now()
	}
	if got := p.Traffic(); got != (Traffic{20, 20}) {
		t.Errorf("traffic is %+v", got)
	}
}

// Both ways carry pieces of random length at once; nothing is lost, changed or reordered.
func TestNothingIsLost(t *testing.T) {
	const total = 1 << 20
	received := make(chan [32]byte, 8)
	p := proxy(t, serve(t, func(c *net.TCPConn) {
		var back sync.WaitGroup
		back.Go(func() { writeRandomly(t, c, 99, total) })
		received <- hashAll(t, c)
		back.Wait()
	}), Link{RTT: 2 * time.Millisecond, Jitter: time.Millisecond, Loss: 0.001, RTO: 3 * time.Millisecond, Window: 1 << 17})
	var clients sync.WaitGroup
	for seed := range uint64(4) {
		clients.Go(func() {
			c := dial(t, p.Addr())
			var up sync.WaitGroup
			up.Go(func() { writeRandomly(t, c, seed, total) })
			if hashAll(t, c) != sha256.Sum256(stream(99, total)) {
				t.Error("the answer arrived changed")
			}
			up.Wait()
		})
	}
	clients.Wait()
	want := map[[32]byte]bool{}
	for seed := range uint64(4) {
		want[sha256.Sum256(stream(seed, total))] = true
	}
	for range 4 {
		sum := <-received
		if !want[sum] {
			t.Error("a stream arrived changed, or twice")
		}
		delete(want, sum)
	}
	if got := p.Traffic(); got != (Traffic{4 * total, 4 * total}) {
		t.Errorf("traffic is %+v", got)
	}
}

func stream(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
	return b
}

func writeRandomly(t *testing.T, c *net.TCPConn, seed uint64, total int) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for b := stream(seed, total); len(b) > 0; {
		n := min(len(b), 1+rng.IntN(1<<rng.IntN(17)))
		if _, err := c.Write(b[:n]); err != nil {
			t.Errorf("write: %v", err)
			return
		}
		b = b[n:]
	}
	if err := c.CloseWrite(); err != nil {
		t.Errorf("end of one half: %v", err)
	}
}

func hashAll(t *testing.T, r io.Reader) (sum [32]byte) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Errorf("read: %v", err)
	}
	return [32]byte(h.Sum(nil))
}

// The answer comes after the question has ended.
func TestHalfClosedConnectionsKeepTheirOtherHalf(t *testing.T) {
	p := proxy(t, serve(t, func(c *net.TCPConn) {
		question, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		_, _ = c.Write(bytes.ToUpper(question))
	}), Link{RTT: 4 * time.Millisecond})
	c := dial(t, p.Addr())
	if _, err := c.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || string(answer) != "QUESTION" {
		t.Errorf("answer %q: %v", answer, err)
	}
}

func TestABrokenConnectionBreaksBothEnds(t *testing.T) {
	broken := make(chan error, 1)
	p := proxy(t, serve(t, func(c *net.TCPConn) {
		_, err := io.ReadAll(c)
		broken <- err
	}), Link{})
	c := dial(t, p.Addr())
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	reset(c)
	if err := <-broken; err == nil {
		t.Error("the target saw an orderly end")
	}
}

func TestAnUnreachableTargetCutsTheConnection(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	c, err := net.Dial("tcp", proxy(t, ln.Addr().String(), Link{}).Addr())
	if err != nil {
		return // cut before the dialler looked
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("somebody answered")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	target := serve(t, echo)
	quiet := goleak.IgnoreCurrent() // the server's goroutines end with the test
	p, err := Listen(target, Link{RTT: time.Minute}, 1)
	if err != nil {
		t.Fatal(err)
	}
	clients := []*net.TCPConn{dial(t, p.Addr()), dial(t, p.Addr()), dial(t, p.Addr())}
	if _, err := clients[0].Write([]byte("under way for half a minute")); err != nil {
		t.Fatal(err)
	}
	if err := clients[1].CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	for i, c := range clients {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("client %d read %d bytes: %v", i, n, err)
		}
	}
	goleak.VerifyNone(t, before, quiet, goleak.IgnoreAnyFunction("cipherbid/loadgen/netem.echo"))
}

func TestNetworkRoutes(t *testing.T) {
	target := serve(t, echo)
	n := NewNetwork(1, func(from, to string) (Link, bool) { return Link{}, from != to })
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	route := func(from, to, address string) string {
		got, err := n.Route(from, to, address)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := route("a", "a", "http://"+target); got != "http://"+target {
		t.Errorf("a party reaches itself at %s", got)
	}
	ab := route("a", "b", "http://"+target)
	if ab != route("a", "b", "http://"+target) || ab == route("c", "b", "http://"+target) {
		t.Error("a pair of parties has no proxy of its own")
	}
	c := dial(t, strings.TrimPrefix(ab, "http://"))
	if _, err := c.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if got := n.Traffic(); len(got) != 2 || got["a>b"] != (Traffic{5, 5}) || got["c>b"] != (Traffic{}) {
		t.Errorf("traffic is %+v", got)
	}
	for _, bad := range []string{"https://" + target, "://", target, "ftp://x"} {
		if _, err := n.Route("x", "y", bad); err == nil {
			t.Errorf("%q was routed", bad)
		}
	}
}
