package trustee

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

func legNamed(n int, peer int) legKey { return legKey{digestOf(n), uint8(n % 8), peer} }

// now is when the first leg arrives.
var firstLeg = time.Unix(1_800_000_000, 0)

func (m *mailbox) takes(t *testing.T, k legKey) *message.Leg {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := m.wait(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// misses requires that nothing is there under a name.
func (m *mailbox) misses(t *testing.T, k legKey) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := m.wait(ctx, k); !errors.Is(err, ErrPeer) || l != nil {
		t.Errorf("%v: %v, %v", k.attempt, l, err)
	}
}

func TestMailboxTellsLegsApart(t *testing.T) {
	m := newMailbox()
	base := legNamed(1, 2)
	others := []legKey{{digestOf(2), base.attempt, 2}, {base.manifest, base.attempt + 1, 2}, {base.manifest, base.attempt, 1}}
	want := &message.Leg{}
	if err := m.deliver(base, want, 1, firstLeg); err != nil {
		t.Fatal(err)
	}
	for _, k := range others {
		m.misses(t, k)
	}
	if m.takes(t, base) != want {
		t.Error("another leg came")
	}
	m.misses(t, base) // it is gone
	if len(m.slots) != 0 || len(m.boxes[2].queue) != 0 || m.boxes[2].bytes != 0 {
		t.Errorf("left over: %d slots, %d legs of %d bytes", len(m.slots), len(m.boxes[2].queue), m.boxes[2].bytes)
	}
}

// The first of two legs under one name counts, whether somebody waits already or not.
func TestMailboxKeepsTheFirst(t *testing.T) {
	m := newMailbox()
	k := legNamed(1, 0)
	first, second := &message.Leg{Attempt: 1}, &message.Leg{Attempt: 2}
	for _, l := range []*message.Leg{first, second, second} {
		if err := m.deliver(k, l, 1, firstLeg); err != nil {
			t.Fatal(err)
		}
	}
	if m.takes(t, k) != first {
		t.Error("the second leg displaced the first")
	}
	if m.boxes[0].bytes != 0 {
		t.Errorf("%d bytes are left", m.boxes[0].bytes)
	}
}

// What nobody asks for is kept for a while, then makes room.
func TestMailboxForgets(t *testing.T) {
	m := newMailbox()
	for n := range 10 {
		if err := m.deliver(legNamed(n, 0), &message.Leg{}, 100, firstLeg.Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	// At 9 s, those of 0 to 3 s are older than five seconds.
	for n := range 10 {
		if n < 4 {
			m.misses(t, legNamed(n, 0))
		} else {
			m.takes(t, legNamed(n, 0))
		}
	}
	if b := m.boxes[0]; len(m.slots) != 0 || len(b.queue) != 0 || b.bytes != 0 {
		t.Errorf("left over: %d slots, %d legs of %d bytes", len(m.slots), len(b.queue), b.bytes)
	}
}

// A peer that floods a mailbox fills its own box, by number or by bytes, and nobody else's.
func TestMailboxIsBounded(t *testing.T) {
	for name, size := range map[string]int{"small": 1, "large": mailboxBytes / 10} {
		m := newMailbox()
		most := min(mailboxLegs, mailboxBytes/size)
		refused := 0
		for n := range 2 * mailboxLegs {
			if err := m.deliver(legNamed(n, 0), &message.Leg{}, size, firstLeg); err != nil {
				if !errors.Is(err, errMailbox) {
					t.Fatal(err)
				}
				refused++
			}
		}
		if kept := 2*mailboxLegs - refused; kept != most || len(m.slots) != most || m.boxes[0].bytes != most*size {
			t.Errorf("%s legs: %d are kept in %d slots, want %d", name, kept, len(m.slots), most)
		}
		if err := m.deliver(legNamed(1, 1), &message.Leg{}, size, firstLeg); err != nil {
			t.Errorf("another peer: %v", err)
		}
		m.takes(t, legNamed(0, 0)) // makes room for one
		if err := m.deliver(legNamed(-1, 0), &message.Leg{}, size, firstLeg); err != nil {
			t.Errorf("after one was taken: %v", err)
		}
		if err := m.deliver(legNamed(-2, 0), &message.Leg{}, size, firstLeg); !errors.Is(err, errMailbox) {
			t.Errorf("and another one: %v", err)
		}
		if err := m.deliver(legNamed(-2, 0), &message.Leg{}, size, firstLeg.Add(mailboxKeeps+1)); err != nil {
			t.Errorf("when the flood is old: %v", err)
		}
		if len(m.slots) != 2 {
			t.Errorf("%s legs: %d slots are left of the flood", name, len(m.slots))
		}
	}
}

// A leg for which somebody waits needs no room.
func TestMailboxServesThoseWhoWaitInAFlood(t *testing.T) {
	m := newMailbox()
	got := make(chan *message.Leg, 1)
	go func() { got <- m.takes(t, legNamed(-1, 0)) }()
	for !m.awaits(legNamed(-1, 0)) {
		runtime.Gosched()
	}
	for n := range mailboxLegs {
		if err := m.deliver(legNamed(n, 0), &message.Leg{}, 1, firstLeg); err != nil {
			t.Fatal(err)
		}
	}
	want := &message.Leg{}
	if err := m.deliver(legNamed(-1, 0), want, 1, firstLeg); err != nil {
		t.Error(err)
	}
	if <-got != want {
		t.Error("another leg came")
	}
}

func (m *mailbox) awaits(k legKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.slots[k] != nil
}

// Deliveries, waits and expiries of many goroutines at once lose nothing and leave nothing.
func TestMailboxOfManyGoroutines(t *testing.T) {
	m := newMailbox()
	var wait sync.WaitGroup
	const legs = 300
	for n := range legs {
		for peer := range 2 {
			l := &message.Leg{Attempt: uint8(n)}
			wait.Go(func() {
				if err := m.deliver(legNamed(n, peer), l, 10, firstLeg); err != nil {
					t.Error(err)
				}
			})
			wait.Go(func() {
				if got := m.takes(t, legNamed(n, peer)); got != l {
					t.Error("another leg came")
				}
			})
		}
	}
	wait.Wait()
	if len(m.slots) != 0 || m.boxes[0].bytes+m.boxes[1].bytes != 0 || len(m.boxes[0].queue)+len(m.boxes[1].queue) != 0 {
		t.Errorf("left over: %d slots", len(m.slots))
	}
}
