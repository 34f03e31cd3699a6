package netem

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// piped is a pump between two in-memory connections. In a synctest bubble its times are exact.
type piped struct {
	in, out net.Conn
	carried atomic.Int64
	stop    chan struct{}
	err     chan error
}

func startPump(l Link) *piped {
	p := &piped{stop: make(chan struct{}), err: make(chan error, 1)}
	var src, dst net.Conn
	p.in, src = net.Pipe()
	dst, p.out = net.Pipe()
	pump := pump{line: line{link: l, rng: rand.New(rand.NewPCG(1, 1))}, src: src, dst: dst, carried: &p.carried, stop: p.stop}
	go func() {
		p.err <- pump.run()
		src.Close()
		dst.Close()
	}()
	return p
}

func (p *piped) write(t *testing.T, b []byte) {
	t.Helper()
	if _, err := p.in.Write(b); err != nil {
		t.Error(err)
	}
}

func TestBytesComeOutHalfARoundTripLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPump(Link{RTT: 40 * time.Millisecond})
		start := time.Now()
		go func() {
			p.write(t, []byte("first"))
			time.Sleep(5 * time.Millisecond)
			p.write(t, []byte("second"))
			p.in.Close()
		}()
		for _, want := range []struct {
			text string
			at   time.Duration
		}{{"first", 20 * time.Millisecond}, {"second", 25 * time.Millisecond}} {
			b := make([]byte, 100)
			n, err := p.out.Read(b)
			if err != nil || string(b[:n]) != want.text || time.Since(start) != want.at {
				t.Errorf("%q after %s: %v", b[:n], time.Since(start), err)
			}
		}
		if n, err := p.out.Read(make([]byte, 1)); n != 0 || err != io.EOF || time.Since(start) != 25*time.Millisecond {
			t.Errorf("end after %s: %v", time.Since(start), err)
		}
		if err := <-p.err; err != nil || p.carried.Load() != 11 {
			t.Errorf("%d bytes, %v", p.carried.Load(), err)
		}
	})
}

// A message of many pieces takes as long as one piece: delay is no queue.
func TestDelayDoesNotLimitThroughput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPump(Link{RTT: 40 * time.Millisecond})
		start := time.Now()
		sent := make([]byte, 2<<20)
		for i := range sent {
			sent[i] = byte(i * 31)
		}
		go func() { p.write(t, sent); p.in.Close() }()
		got, err := io.ReadAll(p.out)
		if took := time.Since(start); err != nil || !bytes.Equal(got, sent) || took != 20*time.Millisecond {
			t.Errorf("%d bytes after %s: %v", len(got), took, err)
		}
	})
}

// With a window of 64 KiB and 20 ms one way, at most a window and a read come out every 20 ms, and the end 20 ms later.
func TestWindowLimitsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 64 << 10
		p := startPump(Link{RTT: 40 * time.Millisecond, Window: window})
		start := time.Now()
		go func() { p.write(t, make([]byte, 10*window)); p.in.Close() }()
		got, err := io.ReadAll(p.out)
		if took := time.Since(start); err != nil || len(got) != 10*window || took < 160*time.Millisecond || took > 220*time.Millisecond {
			t.Errorf("%d bytes after %s: %v", len(got), took, err)
		}
	})
}

func TestBandwidthSpreadsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPump(Link{Bandwidth: 8_000_000}) // 1 MB a second
		start := time.Now()
		go func() { p.write(t, make([]byte, 500_000)); p.in.Close() }()
		got, err := io.ReadAll(p.out)
		if took := time.Since(start); err != nil || len(got) != 500_000 || took.Round(time.Millisecond) != 500*time.Millisecond {
			t.Errorf("%d bytes after %s: %v", len(got), took, err)
		}
	})
}

func TestStopEndsAPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startPump(Link{RTT: 40 * time.Millisecond})
		p.write(t, []byte("never delivered"))
		p.in.Close()
		synctest.Wait()
		close(p.stop)
		if err := <-p.err; err == nil {
			t.Error("the pump ended as if all were well")
		}
		if n, err := p.out.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}
