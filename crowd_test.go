package main

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/transport"
)

// agents is how many user agents run auctions at once.
const agents = 4

// crowd are user agents that run auctions, one after another, and check every result.
type crowd struct {
	m      *processes
	agent  *agent.Agent
	dir    *directory.Directory
	client *transport.Client
	// refusal says which errors are right. By default none is: whatever happens to one trustee or a bidder, auctions go on. Only
	// those that are under way when a trustee comes or goes may end undecided.
	refusal func(error) bool

	mu        sync.Mutex
	changed   *sync.Cond
	ending    bool
	dismissed bool
	done      [agents]int // auctions decided or rightly refused, by agent
	undecided int
	sold      map[string]int
	slowest   time.Duration
	failed    []string
	wg        sync.WaitGroup
}

// gather starts a crowd. It has to be dismissed.
func (m *processes) gather(refusal func(error) bool) *crowd {
	m.t.Helper()
	m.settle(true)
	c := &crowd{m: m, refusal: refusal, sold: map[string]int{}}
	c.changed = sync.NewCond(&c.mu)
	c.agent, c.dir, c.client = m.openAgent()
	for i := range agents {
		c.wg.Go(func() { c.run(i) })
	}
	return c
}

// enrol opens sessions with the trustees, under which further requests are made.
func (c *crowd) enrol() {
	c.m.t.Helper()
	s, err := c.agent.NewSessions()
	must(c.m.t, err)
	for i, trustee := range c.dir.Trustees() {
		_, err := post(trustee.URL, "/enrol", s.Messages[i])
		must(c.m.t, err)
	}
	c.agent.Use(s)
}

func (c *crowd) run(i int) {
	for n := i; c.going(); n += agents {
		row := userAt(n % users)
		before, start := c.m.snapshot(), time.Now()
		got, err := c.m.sell(c.agent, c.client, row)
		took, after := time.Since(start), c.m.snapshot()
		problem := ""
		if undecided(err) && !calm(before, after) {
			c.leave()
		} else if err != nil {
			if c.refusal == nil || !c.refusal(err) {
				problem = err.Error()
			}
		} else if allowed := c.m.allowed(row, before, after); !got.isAny(allowed) {
			problem = fmt.Sprintf("%+v sold to %+v, want one of %+v", row, got, allowed)
		}
		c.note(i, got, took, problem)
	}
}

// undecided reports whether an auction failed since trustees did not rank.
func undecided(err error) bool {
	var status *transport.StatusError
	return errors.As(err, &status) && status.Status == http.StatusServiceUnavailable
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undecided++
}

func (s sale) isAny(allowed []sale) bool {
	for _, want := range allowed {
		if s.is(want) {
			return true
		}
	}
	return false
}

func (c *crowd) going() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ending
}

func (c *crowd) note(i int, got sale, took time.Duration, problem string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[i]++
	c.slowest = max(c.slowest, took)
	if got.seat != "" {
		c.sold[got.seat]++
	}
	if problem != "" {
		c.failed = append(c.failed, problem)
		c.ending = true
	}
	c.changed.Broadcast()
}

// await waits until every agent has finished n more auctions, or one has failed. The first of them may have begun before.
func (c *crowd) await(n int) {
	c.m.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	want := c.done
	for i := range want {
		want[i] += n
	}
	for !c.ending && !reached(c.done, want) {
		c.changed.Wait()
	}
	if c.report() {
		c.m.t.FailNow()
	}
}

// until runs auctions until something has happened.
func (c *crowd) until(what string, happened func() bool) {
	c.m.t.Helper()
	for deadline := time.Now().Add(patience); !happened(); c.await(1) {
		if time.Now().After(deadline) {
			c.m.t.Fatalf("still waiting after %s: %s", patience, what)
		}
	}
}

// untilDecided runs auctions until every agent has finished one that was decided, after all that were under way.
func (c *crowd) untilDecided() {
	c.m.t.Helper()
	decided := func() bool {
		c.mu.Lock()
		before := c.undecided
		c.mu.Unlock()
		c.await(2)
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.undecided == before
	}
	c.until("auctions are decided", decided)
}

func reached(done, want [agents]int) bool {
	for i := range done {
		if done[i] < want[i] {
			return false
		}
	}
	return true
}

// report passes failures on to the test, once.
func (c *crowd) report() (failed bool) {
	c.m.t.Helper()
	for _, f := range c.failed {
		c.m.t.Error(f)
		failed = true
	}
	c.failed = nil
	return failed
}

// dismiss waits for the auctions under way and reports what went wrong. A second time it does nothing.
func (c *crowd) dismiss() {
	c.m.t.Helper()
	c.mu.Lock()
	c.ending = true
	c.mu.Unlock()
	c.wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dismissed {
		return
	}
	c.dismissed = true
	total := 0
	for _, n := range c.done {
		total += n
	}
	c.m.t.Logf("%d auctions, the slowest took %s, %d were undecided", total, c.slowest.Round(time.Millisecond), c.undecided)
	c.report()
}
