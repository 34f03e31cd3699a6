// Package synth makes impression logs of a market of nine advertisers out of nothing but a seed, for demos, tests and
// benchmarks where the real log cannot be had.
//
// [Market] gives rows of the same type as package ipinyou reads, [Values] what a click is worth to each advertiser.
// [NonClickRate] is the down-sampling of the rows: all clicks are there, of the other impressions that share.
//
// Click rates, costs and price distributions of the advertisers are those published in Zhang, Yuan, Wang, Shen, "Real-Time
// Bidding Benchmarking with iPinYou Dataset", arXiv:1407.7073, and its price histograms; frequencies of tags, regions,
// exchanges, slots, floors and hours follow that set's shape, rounded. Clicks come from a hidden log-linear model with
// effects of tags that differ between advertisers, so there is something to learn. Everything else is invented: which tag
// moves which advertiser, which tags go together, which domain is which. Do not take a finding about users from here.
//
// The hidden model is the same for all seeds: two seeds are two samples of one market. Functions are safe for concurrent
// use and give the same rows on every machine.
package synth

import (
	"fmt"
	"math/rand/v2"

	"cipherbid/bidder/ipinyou"
)

// NonClickRate is the share of the impressions without a click that Market keeps.
const NonClickRate = 0.00891

// Values returns each advertiser's value of a click: what it paid for one on average, in thousandths of the CPM price
// unit, so that value times click probability is a CPM bid.
func Values() map[string]float64 {
	values := make(map[string]float64)
	for _, a := range advertisers() {
		values[a.id] = a.ecpc()
	}
	return values
}

// Market draws n impressions, of which about one in thirteen was clicked. Prices are CPM, 0 to 300.
func Market(seed uint64, n int) []ipinyou.Row {
	m := newMarket()
	rng := rand.New(rand.NewPCG(seed, 0x73796e7468))
	rows := make([]ipinyou.Row, 0, max(n, 0))
	for i := range n {
		row := m.draw(rng)
		row.ID = fmt.Sprintf("synth-%x-%d", seed, i)
		rows = append(rows, row)
	}
	return rows
}

// market is the population that rows are drawn from.
type market struct {
	advertisers []advertiser
	share       []float64 // of the sampled rows, by advertiser
	users       *users
	slots       *slots
	truth       *truth
}

func newMarket() *market {
	m := &market{advertisers: advertisers(), users: newUsers(), slots: newSlots()}
	for _, a := range m.advertisers {
		m.share = append(m.share, float64(a.clicks)+NonClickRate*float64(a.impressions-a.clicks))
	}
	m.truth = newTruth(m)
	return m
}

// draw makes one row of the down-sampled log: it first draws whether the row is a click, then rejects impressions until
// one passes that has this outcome, so rows follow the hidden model exactly.
func (m *market) draw(rng *rand.Rand) ipinyou.Row {
	k := pick(rng, m.share)
	a := &m.advertisers[k]
	click := rng.Float64() < float64(a.clicks)/m.share[k]
	for {
		row := m.impression(rng, k)
		p := m.truth.probability(k, row)
		if click && rng.Float64() < p/(a.ctr()*maxLift) || !click && rng.Float64() < 1-p {
			row.Click = click
			return row
		}
	}
}

// impression draws an impression that advertiser k won, clicked or not.
func (m *market) impression(rng *rand.Rand, k int) ipinyou.Row {
	a := &m.advertisers[k]
	row := ipinyou.Row{Advertiser: a.id, User: m.users.draw(rng, a), Context: m.slots.draw(rng, a)}
	row.PayPrice = a.price(rng.Float64())
	row.Floor = floor(rng, row.Context.AdExchange, row.PayPrice)
	return row
}

// pick draws an index with probability proportional to its weight.
func pick(rng *rand.Rand, weight []float64) int {
	total := 0.0
	for _, w := range weight {
		total += w
	}
	u := rng.Float64() * total
	for i, w := range weight {
		if u -= w; u < 0 {
			return i
		}
	}
	return len(weight) - 1
}
