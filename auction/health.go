package auction

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// health keeps track of which trustee is down, so that auctions need not find out one by one. It is safe for concurrent use.
type health struct {
	trustees *trustees
	log      *slog.Logger
	stop     context.CancelFunc
	ctx      context.Context
	probes   sync.WaitGroup

	mu      sync.Mutex
	down    [scheme.Trustees]bool
	probing [scheme.Trustees]bool
}

const (
	probeEvery   = 250 * time.Millisecond
	probeTimeout = 250 * time.Millisecond
	// failedTimeout is how long an auction waits for the status of a trustee that has just failed.
	failedTimeout = 10 * time.Millisecond
)

func newHealth(t *trustees, log *slog.Logger) *health {
	h := &health{trustees: t, log: log}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

func (h *health) close() {
	h.mu.Lock() // no probe starts after this
	h.stop()
	h.mu.Unlock()
	h.probes.Wait()
}

// absent is the trustee that is down, or message.Nobody. Two are too many.
func (h *health) absent() (uint8, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	absent := uint8(message.Nobody)
	for i, down := range h.down {
		if !down {
			continue
		}
		if absent != message.Nobody {
			return absent, fmt.Errorf("%w: %q and %q are down", ErrTrustees, h.trustees.links[absent].id, h.trustees.links[i].id)
		}
		absent = uint8(i)
	}
	return absent, nil
}

// fails finds out whether a trustee is down after a connection to it has failed. A dead process refuses connections at once.
func (h *health) fails(i int) {
	if alive, _ := h.ask(i, failedTimeout); alive {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.set(i, true)
	h.probe(i)
}

// set takes note of whether a trustee is down, and logs a change. The caller holds the lock.
func (h *health) set(i int, down bool) {
	if h.down[i] != down {
		h.log.Warn(map[bool]string{false: "a trustee is back", true: "a trustee is down"}[down], "trustee", h.trustees.links[i].id)
	}
	h.down[i] = down
}

// returns takes note that a trustee that was said to be absent is linked to the others again. A probe finds out whether it serves.
func (h *health) returns(absent uint8) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if int(absent) < len(h.down) {
		h.down[absent] = false
		h.probe(int(absent))
	}
}

// suspect looks after trustees of which one did not answer in time, or has failed another.
func (h *health) suspect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.down {
		h.probe(i)
	}
}

// probe asks a trustee for its status until it is well. The caller holds the lock.
func (h *health) probe(i int) {
	if h.probing[i] || h.ctx.Err() != nil {
		return
	}
	h.probing[i] = true
	h.probes.Go(func() {
		ticker := time.NewTicker(probeEvery)
		defer ticker.Stop()
		for {
			alive, linked := h.ask(i, probeTimeout)
			if h.judge(i, alive, linked) {
				return
			}
			select {
			case <-h.ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// judge takes note of a probe, and reports whether it was the last.
func (h *health) judge(i int, alive, linked bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	down := !alive || h.down[i] && !linked // links break with either end: a trustee that answers is not down for that
	h.set(i, down)
	h.probing[i] = down
	return !down
}

// ask asks a trustee for its status: whether it serves, and whether it is linked with those others that are not down themselves.
func (h *health) ask(i int, timeout time.Duration) (alive, linked bool) {
	body, err := h.trustees.links[i].client.Get("/status", time.Now().Add(timeout))
	if err != nil {
		return false, false
	}
	var status struct {
		Linked []bool `json:"linked"`
	}
	if json.Unmarshal(body, &status) != nil {
		return false, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	linked = true
	for at, peer := range scheme.SubKeysOf(i) {
		linked = linked && (at >= len(status.Linked) || status.Linked[at] || h.down[peer])
	}
	return true, linked
}
