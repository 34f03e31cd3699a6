package auction

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// links sets what a trustee says about its links to the other two, in ascending order.
func (g *guard) links(status string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.linked = status
}

func (g *guard) probed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.probes
}

// still waits until no probe is under way.
func (h *health) still(t *testing.T) {
	t.Helper()
	for i := range h.probing {
		h.stillOf(t, i)
	}
}

func (h *health) stillOf(t *testing.T, i int) {
	t.Helper()
	within(t, func() {
		for busy := true; busy; runtime.Gosched() {
			h.mu.Lock()
			busy = h.probing[i]
			h.mu.Unlock()
		}
	})
}

func absentIs(t *testing.T, h *health, what string, want uint8) {
	t.Helper()
	if got, err := h.absent(); err != nil || got != want {
		t.Errorf("%s: trustee %d is absent, %v; want %d", what, got, err, want)
	}
}

// What a trustee says about its links. A link to one that is down is no fault of the other end.
func TestAskForStatus(t *testing.T) {
	v := openVault(t, fourBids)
	h := v.ranker.health
	for _, tc := range []struct {
		status        string
		down          int // another trustee, or -1
		alive, linked bool
	}{
		{`{"linked":[true,true]}`, -1, true, true},
		{`{"linked":[true,true]}`, 2, true, true},
		{`{"linked":[true,false]}`, -1, true, false},
		{`{"linked":[true,false]}`, 2, true, true},
		{`{"linked":[true,false]}`, 1, true, false},
		{`{"linked":[false,true]}`, 1, true, true},
		{`{"linked":[false,true]}`, 2, true, false},
		{`{"linked":[false,false]}`, 2, true, false},
		{`{"linked":[true]}`, -1, true, true},
		{`{"linked":[true,true,false]}`, -1, true, true},
		{`{}`, -1, true, true},
		{`{"linked":7}`, -1, false, false},
		{`no JSON`, -1, false, false},
		{``, -1, false, false},
	} {
		v.trustees[0].links(tc.status)
		h.mu.Lock()
		h.down = [scheme.Trustees]bool{}
		if tc.down >= 0 {
			h.down[tc.down] = true
		}
		h.mu.Unlock()
		if alive, linked := h.ask(0, patience); alive != tc.alive || linked != tc.linked {
			t.Errorf("trustee 0 says %s, trustee %d is down: alive %v, linked %v", tc.status, tc.down, alive, linked)
		}
	}
	v.trustees[1].dies(t)
	if alive, linked := h.ask(1, patience); alive || linked {
		t.Error("a dead trustee answers")
	}
}

// A trustee that fails is down only if it does not answer. Then it is asked again until it does, and until the others see it.
func TestFailureIsLookedInto(t *testing.T) {
	v := openVault(t, fourBids)
	h := v.ranker.health
	h.fails(0)
	absentIs(t, h, "alive after all", message.Nobody)
	v.trustees[0].links(`{"linked":[true,false]}`)
	h.suspect()
	h.still(t)
	absentIs(t, h, "alive, though a link is broken", message.Nobody)
	if v.trustees[0].probed() == 0 || v.trustees[1].probed() == 0 || v.trustees[2].probed() == 0 {
		t.Error("not all were asked")
	}

	v.trustees[2].dies(t)
	for range 2 {
		h.fails(2)
		absentIs(t, h, "dead", 2)
	}
	h.suspect()
	for i := range 2 { // trustee 0 has lost its link to the dead one
		h.stillOf(t, i)
	}
	absentIs(t, h, "dead, and two others are well", 2)
	v.trustees[2].links(`{"linked":[false,true]}`)
	v.trustees[2].lives(t)
	within(t, func() {
		for n := v.trustees[2].probed(); v.trustees[2].probed() < n+2; runtime.Gosched() {
		}
	})
	absentIs(t, h, "alive, but not linked yet", 2)
	v.trustees[2].links(`{"linked":[true,true]}`)
	v.waitsFor(t, message.Nobody)
	h.still(t)
}

// Of two that are down nobody can be left out.
func TestTwoAreDown(t *testing.T) {
	v := openVault(t, fourBids)
	for i := range 2 {
		v.trustees[i].dies(t)
		v.ranker.health.fails(i)
	}
	absent, err := v.ranker.health.absent()
	if !errors.Is(err, ErrTrustees) || !strings.Contains(err.Error(), `"t0" and "t1" are down`) {
		t.Errorf("trustee %d is absent, %v", absent, err)
	}
	v.trustees[0].lives(t)
	v.waitsFor(t, 1)
	v.trustees[1].lives(t)
	v.waitsFor(t, message.Nobody)
}

// A trustee that the others see again takes part at once, unless it turns out to be dead.
func TestAbsentTrusteeIsSeenAgain(t *testing.T) {
	v := openVault(t, fourBids)
	h := v.ranker.health
	v.trustees[1].dies(t)
	h.fails(1)
	h.returns(1)
	v.waitsFor(t, 1) // at the next probe
	// Not linked, as far as it knows.
	v.trustees[1].links(`{"linked":[false,false]}`)
	v.trustees[1].lives(t)
	h.returns(1)
	v.waitsFor(t, message.Nobody)
	h.returns(message.Nobody) // nobody was said to be absent
	h.still(t)
	absentIs(t, h, "well", message.Nobody)
}

// Closing ends the probes, of which none starts afterwards.
func TestCloseEndsProbes(t *testing.T) {
	v := openVault(t, fourBids)
	h := v.ranker.health
	v.trustees[2].dies(t)
	h.fails(2)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				h.suspect()
			}
		})
	}
	v.ranker.Close()
	wait.Wait()
	h.mu.Lock()
	before := h.probing
	h.mu.Unlock()
	h.suspect()
	for i := range scheme.Trustees {
		h.fails(i)
	}
	h.mu.Lock()
	if h.probing != before {
		t.Error("a probe starts after the end")
	}
	h.mu.Unlock()
	v.ranker.Close() // again
}
