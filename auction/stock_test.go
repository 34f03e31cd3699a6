package auction

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/sealed"
)

// planOf is the plan of an auction's first imp.
func planOf(t *testing.T, c *Case) *sealed.Plan {
	t.Helper()
	plan, err := sealed.NewPlan(c.Request.Terms, c.Manifest, 0)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// shaped is a plan of a shape.
func shaped(seats int) *sealed.Plan {
	return &sealed.Plan{Shape: sealed.Shape{Classes: []sealed.Class{{Seats: seats, Lanes: 1}}, Rule: message.SecondPrice}}
}

func ready(seats int, session byte, numbers ...uint64) message.Ready {
	return message.Ready{Shape: shaped(seats).Shape.Key(), Session: [8]byte{session}, Numbers: numbers}
}

func TestStockGivesTicketsOnce(t *testing.T) {
	var s stock
	take := func(evaluator int, seats ...int) (got []string) {
		var plans []*sealed.Plan
		for _, n := range seats {
			if n == 0 {
				plans = append(plans, nil)
			} else {
				plans = append(plans, shaped(n))
			}
		}
		for _, ticket := range s.take(plans, evaluator) {
			got = append(got, fmt.Sprint(ticket.Session[0], "/", ticket.Number))
		}
		return got
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("empty", take(0, 1, 2), "0/0", "0/0")
	s.add(0, []message.Ready{ready(1, 7, 1, 2, 3), ready(2, 7, 4)})
	s.add(1, []message.Ready{ready(1, 8, 5)})
	s.add(2, nil)
	check("by shape, none for an imp that is not sold", take(0, 1, 0, 2, 1, 3), "7/1", "0/0", "7/4", "7/2", "0/0")
	check("by evaluator", take(1, 1, 1), "8/5", "0/0")
	s.add(0, []message.Ready{ready(1, 7, 9)})
	check("in the order of announcement", take(0, 1, 1), "7/3", "7/9")
	s.add(0, []message.Ready{ready(1, 7, 10), ready(2, 7, 11)})
	s.add(0, []message.Ready{ready(1, 6, 12)})
	check("of the newest session only", take(0, 1, 1, 2), "6/12", "0/0", "7/11")
	s.add(0, []message.Ready{ready(1, 6, 13)})
	s.add(1, []message.Ready{ready(1, 6, 14)})
	s.drop(0)
	check("dropped", take(0, 1), "0/0")
	check("another evaluator's are kept", take(1, 1), "6/14")
	if len(s.pools) != 0 {
		t.Errorf("%d empty pools are kept", len(s.pools))
	}
}

// A trustee that announces without end takes a bounded place.
func TestStockIsBounded(t *testing.T) {
	var s stock
	for n := range 2 * stockLimit {
		s.add(0, []message.Ready{ready(1, 1, uint64(n))})
	}
	if n := len(s.pools[pool{0, shaped(1).Shape.Key()}]); n != stockLimit {
		t.Errorf("%d tickets are kept", n)
	}
	for n := range 2 * stockPools {
		s.add(0, []message.Ready{{Shape: fmt.Sprint("shape ", n), Numbers: []uint64{1}}, {Shape: fmt.Sprint("empty ", n)}})
	}
	if n := len(s.pools); n != stockPools {
		t.Errorf("%d pools are kept", n)
	}
	s.add(0, []message.Ready{ready(1, 2, 5)}) // a pool that is known can be renewed
	if got := s.take([]*sealed.Plan{shaped(1)}, 0)[0]; got.Number != 5 {
		t.Errorf("ticket %+v", got)
	}
}

func TestStockOfManyGoroutines(t *testing.T) {
	var s stock
	var mu sync.Mutex
	seen := map[message.Ticket]bool{}
	var wait sync.WaitGroup
	for n := range uint64(50) {
		wait.Go(func() { s.add(0, []message.Ready{ready(1, 1, 2*n+1, 2*n+2)}) })
		wait.Go(func() {
			for _, ticket := range s.take([]*sealed.Plan{shaped(1), nil, shaped(1)}, 0) {
				mu.Lock()
				if ticket.Number != 0 && seen[ticket] {
					t.Errorf("ticket %d was given twice", ticket.Number)
				}
				seen[ticket] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
}
