package netem

import (
	"math"
	"math/rand/v2"
	"time"
)

// line is one way of a connection as a function of time: handed bytes, it says when they come out. It reads no clock.
type line struct {
	link Link
	rng  *rand.Rand
	free time.Time // when the sender has put all that it was handed on the wire
	last time.Time // when the byte before comes out
}

// arrival says when n bytes that are handed over now come out at the other end. It never goes back in time.
func (l *line) arrival(now time.Time, n int) time.Time {
	sent := latest(now, l.free)
	if l.link.Bandwidth > 0 {
		sent = sent.Add(time.Duration(float64(n) * 8 * float64(time.Second) / float64(l.link.Bandwidth)))
		l.free = sent
	}
	out := sent.Add(l.link.RTT / 2)
	if l.link.Jitter > 0 {
		out = out.Add(time.Duration(l.rng.Int64N(int64(l.link.Jitter) + 1)))
	}
	if l.loses(n) {
		out = out.Add(l.link.rto())
	}
	l.last = latest(out, l.last)
	return l.last
}

// loses draws whether any of the packets of n bytes is lost.
func (l *line) loses(n int) bool {
	if l.link.Loss == 0 || n == 0 {
		return false
	}
	packets := (n + packet - 1) / packet
	return l.rng.Float64() >= math.Pow(1-l.link.Loss, float64(packets))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
