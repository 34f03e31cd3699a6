package bidder

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"cipherbid/bidder/model"
	"cipherbid/crypto/message"
)

// budgets counts what campaigns have spent. A bidder does not know its bids, so it charges a win when the notice comes; what
// is under way meanwhile may overshoot a budget by that much. Safe for concurrent use.
type budgets struct {
	campaigns []model.Campaign
	exhausted []atomic.Bool

	mu       sync.Mutex
	spent    []float64 // currency units: a thousandth of the CPM price for each impression
	wins     []int
	losses   int
	sequence uint64
}

func newBudgets(campaigns []model.Campaign) *budgets {
	n := len(campaigns)
	return &budgets{campaigns: campaigns, exhausted: make([]atomic.Bool, n), spent: make([]float64, n), wins: make([]int, n)}
}

// open reports whether campaign k may still bid.
func (b *budgets) open(k int) bool { return !b.exhausted[k].Load() }

// apply books a batch of notices, or none of it: a batch that was booked before changes nothing.
func (b *budgets) apply(batch *message.NoticeBatch) error {
	for _, n := range batch.Notices {
		if n.Loss == message.Won && (n.Campaign < 0 || n.Campaign >= len(b.campaigns)) {
			return fmt.Errorf("win of campaign %d, there are %d", n.Campaign, len(b.campaigns))
		}
		if !(n.Price >= 0) {
			return errors.New("negative price")
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if batch.Sequence <= b.sequence {
		return nil
	}
	b.sequence = batch.Sequence
	for _, n := range batch.Notices {
		if n.Loss != message.Won {
			b.losses++
			continue
		}
		k := n.Campaign
		b.wins[k]++
		b.spent[k] += n.Price / 1000
		if limit := b.campaigns[k].Budget; limit > 0 && b.spent[k] >= limit {
			b.exhausted[k].Store(true)
		}
	}
	return nil
}

// Account is what a campaign has won and spent.
type Account struct {
	Campaign string  `json:"campaign"`
	Wins     int     `json:"wins"`
	Spent    float64 `json:"spent"`
	Budget   float64 `json:"budget,omitempty"`
}

func (b *budgets) accounts() (all []Account, losses int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, c := range b.campaigns {
		all = append(all, Account{c.ID, b.wins[k], b.spent[k], c.Budget})
	}
	return all, b.losses
}
