package sealed

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"cipherbid/bench/stat"
	"cipherbid/loadgen/netem"
)

// RoundTrip is what the emulated network really did: a few bytes to an echo and back. An emulated network is never too fast, but
// timers and scheduler add to it, which counts where round trips are short. Hops are computed with what was asked for.
type RoundTrip struct {
	Asked, Median time.Duration
	N             int
}

const (
	pings     = 40
	pingBytes = 256
)

// ping measures a round trip on an otherwise idle network.
func (b *bench) ping(rtt time.Duration) (err error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("round trip: %w", err)
	}
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.Copy(c, c) // ends with the connection
	}()
	defer func() { err = errors.Join(err, ln.Close()); <-echoed }()
	address := ln.Addr().String()
	if rtt > 0 {
		p, err := netem.Listen(address, netem.Link{RTT: rtt}, b.Seed)
		if err != nil {
			return err
		}
		defer p.Close()
		address = p.Addr()
	}
	took, err := pingAll(address)
	if err != nil {
		return fmt.Errorf("round trip of %s: %w", rtt, err)
	}
	b.result.RoundTrips = append(b.result.RoundTrips, RoundTrip{rtt, time.Duration(stat.Median(took)), len(took)})
	return nil
}

// pingAll sends one ping after another. The first one opens the connection and does not count.
func pingAll(address string) (took []float64, err error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	room := make([]byte, pingBytes)
	for i := range pings + 1 {
		start := time.Now()
		if _, err := c.Write(room); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, room); err != nil {
			return nil, err
		}
		if i > 0 {
			took = append(took, float64(time.Since(start)))
		}
	}
	return took, nil
}
