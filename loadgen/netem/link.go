// Package netem puts an emulated network between two parties that run on one machine: a TCP proxy with delay, jitter, limited
// bandwidth and the stalls that lost packets cause. [Listen] puts one proxy before one address; a [Network] keeps the proxies
// of a whole market, one for each pair of parties.
//
// What it promises: no byte is lost, changed or reordered; delay does not limit throughput, since bytes are stamped when they
// come in and many are under way at once, up to the window; a half-closed connection keeps its other half; [Proxy.Close] leaves
// no goroutine behind. A connection costs two goroutines. Everything random follows from a seed and the order in which
// connections come.
//
// What it is not: congestion control, slow start and competing traffic are not modelled, and bytes come late by what the
// machine's timers and scheduler add: on each way less than a tenth of a millisecond on an idle machine with Linux, up to one
// elsewhere. Never does a byte come early.
package netem

import (
	"fmt"
	"time"
)

// Link describes the network between two parties. The zero value delays nothing.
type Link struct {
	RTT       time.Duration // round trip; half of it goes to each way, and a new connection costs one, as TCP's handshake does
	Jitter    time.Duration // up to so much more on each way, uniformly; bytes stay in order
	Bandwidth int64         // bits per second on each way; 0 for no limit
	Loss      float64       // probability that a packet is lost, in [0, 1)
	RTO       time.Duration // what a lost packet costs all bytes behind it; 0 means DefaultRTO
	Window    int           // bytes under way on each way; 0 means DefaultWindow
}

const (
	// DefaultRTO is the least retransmission timeout of Linux. A lost packet costs it where no later packets trigger a fast
	// retransmission, which is the rule with answers of one or two packets; for longer messages it is pessimistic.
	DefaultRTO = 200 * time.Millisecond
	// DefaultWindow allows 100 MB/s at a round trip of 40 ms.
	DefaultWindow = 4 << 20

	packet   = 1448 // bytes of TCP payload on Ethernet
	maxDelay = time.Minute
)

// Check refuses links that make no sense.
func (l Link) Check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"round trip", l.RTT}, {"jitter", l.Jitter}, {"retransmission timeout", l.RTO}} {
		if d.value < 0 || d.value > maxDelay {
			return fmt.Errorf("link: %s of %s is not in [0, %s]", d.name, d.value, maxDelay)
		}
	}
	switch {
	case l.Bandwidth < 0:
		return fmt.Errorf("link: bandwidth of %d bits per second is negative", l.Bandwidth)
	case !(l.Loss >= 0 && l.Loss < 1):
		return fmt.Errorf("link: loss of %g is not in [0, 1)", l.Loss)
	case l.Window < 0:
		return fmt.Errorf("link: window of %d bytes is negative", l.Window)
	}
	return nil
}

func (l Link) window() int {
	if l.Window == 0 {
		return DefaultWindow
	}
	return l.Window
}

func (l Link) rto() time.Duration {
	if l.RTO == 0 {
		return DefaultRTO
	}
	return l.RTO
}
