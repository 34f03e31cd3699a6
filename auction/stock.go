package auction

import (
	"sync"

	"cipherbid/crypto/message"
	"cipherbid/crypto/sealed"
)

// stock are the garbled circuits that trustees have announced and no auction has used. The zero value is empty. It is safe for
// concurrent use.
type stock struct {
	mu    sync.Mutex
	pools map[pool][]message.Ticket
}

// pool is where circuits are interchangeable: with one evaluator, of one shape.
type pool struct {
	evaluator int
	shape     string
}

// Limits of what trustees may announce. A pool holds the tickets of the newest session of its garblers' link only.
const (
	stockLimit = 4096 // tickets in a pool
	stockPools = 1024
)

// add takes note of what an evaluator has announced.
func (s *stock) add(evaluator int, ready []message.Ready) {
	if len(ready) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pools == nil {
		s.pools = map[pool][]message.Ticket{}
	}
	for i := range ready {
		p := pool{evaluator, ready[i].Shape}
		tickets := s.pools[p]
		if len(tickets) > 0 && tickets[0].Session != ready[i].Session {
			tickets = nil
		}
		for _, n := range ready[i].Numbers {
			if len(tickets) < stockLimit {
				tickets = append(tickets, message.Ticket{Session: ready[i].Session, Number: n})
			}
		}
		if _, known := s.pools[p]; known || len(s.pools) < stockPools {
			s.keep(p, tickets)
		}
	}
}

// take takes a ticket for every planned imp, the zero ticket where there is none.
func (s *stock) take(plans []*sealed.Plan, evaluator int) []message.Ticket {
	tickets := make([]message.Ticket, len(plans))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, plan := range plans {
		if plan == nil {
			continue
		}
		p := pool{evaluator, plan.Shape.Key()}
		if list := s.pools[p]; len(list) > 0 {
			tickets[i] = list[0]
			s.keep(p, list[1:])
		}
	}
	return tickets
}

// drop forgets what an evaluator has announced: after a failure trustees may have lost it, or have another link.
func (s *stock) drop(evaluator int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.pools {
		if p.evaluator == evaluator {
			delete(s.pools, p)
		}
	}
}

// keep sets a pool, or drops it if it is empty. The caller holds the lock.
func (s *stock) keep(p pool, tickets []message.Ticket) {
	if len(tickets) == 0 {
		delete(s.pools, p)
		return
	}
	s.pools[p] = tickets
}
