package loadgen

import (
	"context"
	"sync"
	"time"
)

// clock shows the time of the schedule, which stands still while requests are prepared. It is safe for concurrent use.
type clock struct {
	mu    sync.Mutex
	shown time.Duration // when it last stood still
	since time.Time     // zero while it stands still
}

// run lets the clock run from a time of the schedule.
func (c *clock) run(from time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown, c.since = from, time.Now()
}

// stop lets it stand still and returns what it shows.
func (c *clock) stop() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown, c.since = c.read(), time.Time{}
	return c.shown
}

func (c *clock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *clock) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.since.IsZero()
}

func (c *clock) read() time.Duration {
	if c.since.IsZero() {
		return c.shown
	}
	return c.shown + time.Since(c.since)
}

// sleep waits; false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
