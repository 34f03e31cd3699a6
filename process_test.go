package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"cipherbid/crypto/keyring"
	"cipherbid/transport"
)

const trustees = 3

func trusteeName(i int) string { return fmt.Sprintf("trustee-%d", i) }

// TestProcesses puts a market of processes through what processes have to go through. Its parts follow on each other.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts, kills and stops nine processes, for half a minute")
	}
	m := startProcesses(t)
	m.subtest("trustees are killed", m.killTrustees)
	m.subtest("bidders are killed", m.killBidders)
	m.subtest("the auctioneer is killed", m.killAuctioneer)
	m.subtest("a trustee hangs", m.hangTrustee)
	m.subtest("a request is served once", m.serveOnce)
	m.subtest("a served request is remembered", m.remember)
	m.subtest("the next period begins", m.rollPeriod)
}

// Auctions go on, exactly as before, with any two trustees, and the third is back in business once it has started again. It
// still knows the sessions of bidders, publisher and auctioneer. What is under way while one comes or goes may be undecided.
func (m *processes) killTrustees(t *testing.T) {
	c := m.gather(nil)
	defer c.dismiss()
	c.await(5)
	c.enrol()
	c.await(5)
	for i := range trustees {
		m.kill(trusteeName(i))
		c.await(10)
		m.restart(trusteeName(i))
		m.awaitOpened(c, trusteeName(i))
		c.await(2) // the first may have been issued before the trustee started, so it does not serve it
	}
}

// awaitOpened runs auctions until a trustee has served some more.
func (m *processes) awaitOpened(c *crowd, name string) {
	m.t.Helper()
	before := m.trusteeStatus(name).Opened
	c.until(name+" serves auctions", func() bool { return m.trusteeStatus(name).Opened > before })
	m.settle(true)
}

// Auctions go on among the bidders that are left, and those that come back bid as before.
func (m *processes) killBidders(t *testing.T) {
	c := m.gather(nil)
	defer c.dismiss()
	for _, together := range [][]string{{"ada"}, {"dee", "bob"}} {
		for _, name := range together {
			m.kill(name)
		}
		c.await(users / agents)
		m.restart(together...)
		c.await(users / agents)
	}
	for _, name := range m.bidders {
		if s := m.bidderStatus(name); s.Enrolled != trustees || s.Bids == 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Without an auctioneer there are no auctions; a new one needs nothing of what the old one knew.
func (m *processes) killAuctioneer(t *testing.T) {
	c := m.gather(func(err error) bool { return errors.Is(err, transport.ErrUnreachable) })
	defer c.dismiss()
	c.await(2)
	m.kill("auctioneer")
	c.await(1)
	m.restart("auctioneer")
	c.dismiss()
	c = m.gather(nil)
	defer c.dismiss()
	c.await(5)
}

// A trustee that accepts connections and never answers holds nobody up, once the others have noticed.
func (m *processes) hangTrustee(t *testing.T) {
	c := m.gather(nil)
	defer c.dismiss()
	m.settle(false)
	must(t, m.running.Signal("trustee-1", syscall.SIGSTOP))
	c.untilDecided()
	m.settle(true)
	c.await(20)
	m.settle(false)
	must(t, m.running.Signal("trustee-1", syscall.SIGCONT))
	m.awaitOpened(c, "trustee-1")
	c.await(5)
}

// Within seconds of keys roll everybody is in the new period, without a restart, and the old one is past.
func (m *processes) rollPeriod(t *testing.T) {
	oldAgent, _, client := m.openAgent()
	// Until everybody has followed, requests are refused, or decided among those who have.
	for _, name := range m.bidders {
		m.changing(name)
	}
	c := m.gather(func(err error) bool {
		var status *transport.StatusError
		return errors.As(err, &status) && (status.Status == http.StatusGone || status.Status == http.StatusServiceUnavailable)
	})
	defer c.dismiss()
	c.await(2)
	roll := exec.CommandContext(t.Context(), m.program, "keys", "roll", "-dir", filepath.Join(m.dir, "keys"))
	if out, err := roll.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.until("everybody is in period 2", func() bool { return m.everybodyIn(2) })
	c.dismiss()
	for _, name := range m.bidders {
		m.set(name, true, false)
	}

	_, err := m.sell(oldAgent, client, userAt(1))
	var status *transport.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusGone {
		t.Errorf("request of period 1: %v, want status %d", err, http.StatusGone)
	}
	c = m.gather(nil)
	defer c.dismiss()
	c.await(users / agents)
	for i := range trustees {
		if s := m.trusteeStatus(trusteeName(i)); s.Period != 2 || s.Opened == 0 {
			t.Errorf("%+v", s)
		}
	}
	// An evaluator whose peers have gone on waits for them until its auction's time is over, and only then leaves the old period.
	c.until("the old period is cleared away", func() bool { return m.onlyPeriod(2) })
}

// everybodyIn reports whether all parties are in a period and all bidders enrolled for it.
func (m *processes) everybodyIn(period uint32) bool {
	m.t.Helper()
	for i := range trustees {
		if m.trusteeStatus(trusteeName(i)).Period != period {
			return false
		}
	}
	for _, name := range m.bidders {
		if s := m.bidderStatus(name); s.Period != period || s.Enrolled != trustees {
			return false
		}
	}
	var auctioneer struct{ Period uint32 }
	must(m.t, m.get("auctioneer", "/status", &auctioneer))
	return auctioneer.Period == period
}

// onlyPeriod reports whether no private keys and state of other periods are left.
func (m *processes) onlyPeriod(period uint32) bool {
	for i := range trustees {
		name := trusteeName(i)
		for pattern, want := range map[string]string{
			filepath.Join(m.dir, "keys", "trustee-"+name+".period-*"): keyring.PeriodKeyFile(name, period),
			filepath.Join(m.dir, "state", name, "*"):                  fmt.Sprintf("period-%d", period),
		} {
			found, err := filepath.Glob(pattern)
			must(m.t, err)
			if len(found) != 1 || filepath.Base(found[0]) != want {
				return false
			}
		}
	}
	return true
}

// TestTerminated ends a market in good order while auctions are under way: all end with status 0, and every sale that a
// publisher has heard of has reached the bidder who won it.
func TestTerminated(t *testing.T) {
	if testing.Short() {
		t.Skip("starts nine processes, for a few seconds")
	}
	m := startProcesses(t)
	refused := func(err error) bool {
		var status *transport.StatusError
		return errors.Is(err, transport.ErrUnreachable) || errors.As(err, &status) && status.Status == http.StatusServiceUnavailable
	}
	c := m.gather(refused)
	c.await(users / agents)
	m.terminate("auctioneer")
	c.dismiss()
	for _, name := range m.bidders {
		wins := 0
		for _, account := range m.bidderStatus(name).Campaigns {
			wins += account.Wins
		}
		if wins != c.sold[name] {
			t.Errorf("%s has heard of %d wins, publishers of %d", name, wins, c.sold[name])
		}
	}
	for _, p := range m.layout.Processes {
		if p.Role != "auctioneer" {
			m.terminate(p.Name)
		}
	}
	if left := m.running.Parties(); len(left) != 0 {
		t.Errorf("still running: %v", left)
	}
}

// terminate asks a party to end, and fails unless it does with status 0.
func (m *processes) terminate(name string) {
	m.t.Helper()
	must(m.t, m.running.Signal(name, syscall.SIGTERM))
	d := m.nextDeath()
	var exit *exec.ExitError
	if d.Name != name || errors.As(d.Err, &exit) {
		m.t.Errorf("%s was asked to end: %s did, %v", name, d.Name, d.Err)
	}
}
