package netem

import (
	"math/rand/v2"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newLine(l Link) *line { return &line{link: l, rng: rand.New(rand.NewPCG(1, 2))} }

func TestArrival(t *testing.T) {
	const ms = time.Millisecond
	type piece struct {
		at   time.Duration // handed over
		n    int
		want time.Duration // comes out
	}
	for _, tc := range []struct {
		name   string
		link   Link
		free   time.Duration
		pieces []piece
	}{
		{"no delay", Link{}, 0, []piece{{0, 1, 0}, {5 * ms, 1 << 20, 5 * ms}}},
		{"half the round trip", Link{RTT: 40 * ms}, 0, []piece{{0, 100, 20 * ms}, {ms, 100, 21 * ms}}},
		{"not before the handshake is over", Link{RTT: 40 * ms}, 40 * ms, []piece{{0, 1, 60 * ms}, {50 * ms, 1, 70 * ms}}},
		{"8 Mbit/s is 1 kB a millisecond", Link{RTT: 20 * ms, Bandwidth: 8_000_000}, 0,
			[]piece{{0, 1000, 11 * ms}, {0, 2000, 13 * ms}, {20 * ms, 1000, 31 * ms}}},
	} {
		l := newLine(tc.link)
		l.free = noon.Add(tc.free)
		for i, p := range tc.pieces {
			if got := l.arrival(noon.Add(p.at), p.n).Sub(noon); got != p.want {
				t.Errorf("%s: piece %d comes out after %s, want %s", tc.name, i, got, p.want)
			}
		}
	}
}

func TestJitterStaysInBoundsAndInOrder(t *testing.T) {
	link := Link{RTT: 20 * time.Millisecond, Jitter: 8 * time.Millisecond}
	l := newLine(link)
	var last time.Time
	spread := map[bool]int{}
	for i := range 1000 {
		at := noon.Add(time.Duration(i) * 20 * time.Millisecond) // far enough apart that order does not matter
		out := l.arrival(at, 100)
		delay := out.Sub(at)
		if delay < 10*time.Millisecond || delay > 18*time.Millisecond || out.Before(last) {
			t.Fatalf("piece %d: delay %s", i, delay)
		}
		spread[delay > 14*time.Millisecond]++
		last = out
	}
	if spread[true] < 400 || spread[false] < 400 {
		t.Errorf("%d above the middle, %d below", spread[true], spread[false])
	}
	for i := range 1000 { // all at once: the jitter of one holds up those behind
		out := l.arrival(noon.Add(time.Hour), 100)
		if out.Before(last) {
			t.Fatalf("piece %d overtakes", i)
		}
		last = out
	}
}

func TestLossStallsWhatIsBehind(t *testing.T) {
	link := Link{RTT: 20 * time.Millisecond, Loss: 0.02}
	l := newLine(link)
	lost := 0
	for i := range 10_000 {
		at := noon.Add(time.Duration(i) * time.Second)
		switch delay := l.arrival(at, 3*packet).Sub(at); delay {
		case 10 * time.Millisecond:
		case 10*time.Millisecond + DefaultRTO:
			lost++
			if got := l.arrival(at, 1).Sub(at); got < delay {
				t.Fatalf("a byte overtakes a lost one: %s", got)
			}
		default:
			t.Fatalf("delay %s", delay)
		}
	}
	// One of three packets is lost with probability 1 - 0.98^3 = 0.0588; five standard deviations are 0.012.
	if lost < 470 || lost > 706 {
		t.Errorf("%d of 10000 pieces stalled", lost)
	}
}

func TestSeedDecides(t *testing.T) {
	link := Link{Jitter: time.Second, Loss: 0.1}
	draw := func(seed uint64) (all []time.Time) {
		l := line{link: link, rng: rand.New(rand.NewPCG(seed, 0))}
		for i := range 100 {
			all = append(all, l.arrival(noon.Add(time.Duration(i)*time.Minute), 1))
		}
		return all
	}
	a, b, c := draw(1), draw(1), draw(2)
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("one seed gave two networks")
		}
		if a[i] == c[i] {
			same++
		}
	}
	if same > 5 {
		t.Errorf("another seed gave %d equal delays of 100", same)
	}
}

func TestCheck(t *testing.T) {
	for _, bad := range []Link{
		{RTT: -1}, {RTT: time.Hour}, {Jitter: -1}, {RTO: -1}, {Bandwidth: -1}, {Loss: -0.1}, {Loss: 1}, {Window: -1},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v was accepted", bad)
		}
		if _, err := Listen("127.0.0.1:1", bad, 1); err == nil {
			t.Errorf("a proxy over %+v was started", bad)
		}
	}
	if err := (Link{RTT: 40 * time.Millisecond, Jitter: time.Millisecond, Bandwidth: 1e9, Loss: 0.01, RTO: time.Second, Window: 1 << 16}).Check(); err != nil {
		t.Error(err)
	}
}
