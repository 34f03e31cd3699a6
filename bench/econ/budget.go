package econ

import (
	"fmt"
	"math"
)

// Fractions are the budgets: shares 1/f of what winning every auctioned row would have cost.
func Fractions() []int { return []int{2, 4, 8, 16, 32} }

// lot is a row that one bidder may buy at the market's price. It stands for weight impressions.
type lot struct {
	at            int // position among the rows that a resample counts
	logBid        float64
	price, weight float64
	click         float64
}

// purchase is what a budget bought.
type purchase struct{ clicks, cost float64 }

// spend buys lots in order until the budget is gone; the last one in part. A nil count takes every lot once.
func spend(lots []lot, count []uint8, budget float64) purchase {
	var p purchase
	for i := range lots {
		l := &lots[i]
		n := 1.0
		if count != nil {
			n = float64(count[l.at])
		}
		cost := n * l.weight * l.price
		if left := budget - p.cost; cost > left {
			p.clicks += n * l.click * left / cost
			p.cost = budget
			return p
		}
		p.cost += cost
		p.clicks += n * l.click
	}
	return p
}

// everything is the cost of winning all lots.
func everything(lots []lot, count []uint8) float64 {
	return spend(lots, count, math.Inf(1)).cost
}

// affordable returns the lots that bids times a factor win: those with a bid of at least the price.
func affordable(lots []lot, logFactor float64) []lot {
	var won []lot
	for _, l := range lots {
		if math.Exp(l.logBid+logFactor) >= l.price {
			won = append(won, l)
		}
	}
	return won
}

// tune returns the factor, in logarithms, that buys the most clicks with a budget, the cheaper of equals, of those from 2^-8 to 2^4.
func tune(lots []lot, budget float64) float64 {
	best, at := purchase{clicks: -1}, 0.0
	for half := -16; half <= 8; half++ {
		f := float64(half) / 2 * math.Ln2
		if p := spend(affordable(lots, f), nil, budget); p.clicks > best.clicks || p.clicks == best.clicks && p.cost < best.cost {
			best, at = p, f
		}
	}
	return at
}

// lots lists what each seat bids for: the rows of the log that it won there, in log order, at the price paid there.
func (s *Split) lots(rows []int, logBid func(at int) float64) [][]lot {
	by := make([][]lot, len(s.Seats))
	for at, i := range rows {
		if k := s.own[i]; k >= 0 {
			r := &s.Log.Rows[i]
			by[k] = append(by[k], lot{at, logBid(at), r.PayPrice, s.Log.Weight(i), indicator(r.Click)})
		}
	}
	return by
}

// budgetBlock replays the benchmark of Zhang, Yuan, Wang and Shen (arXiv:1407.7073, section 4): each advertiser bids alone against
// the market price of the rows that it won in the log, in log order, until its budget is spent. Truthful bidders bid value times
// odds. Tuned bidders multiply that by the factor that buys the most clicks with the same share of the budget on the fitted rows.
func (s *Split) budgetBlock(b *Bids, fitted []float64) Block {
	test := s.lots(s.Test, func(at int) float64 {
		if math.IsNaN(b.Eta[at]) {
			return math.Inf(-1)
		}
		return b.LogBid[at][s.own[s.Test[at]]]
	})
	train := s.lots(s.Train, func(at int) float64 { return fitted[at] })
	var block Block
	var plans []plan
	for _, f := range Fractions() {
		truthful, tuned := plan{fraction: float64(f)}, plan{fraction: float64(f)}
		for k := range test {
			truthful.lots = append(truthful.lots, affordable(test[k], 0))
			tuned.lots = append(tuned.lots, affordable(test[k], tune(train[k], everything(train[k], nil)/float64(f))))
		}
		plans = append(plans, truthful, tuned)
		for _, name := range []string{"", "_tuned"} {
			block.Metrics = append(block.Metrics,
				Metric{fmt.Sprintf("clicks%s_b%d", name, f), "clicks"}, Metric{fmt.Sprintf("cpc%s_b%d", name, f), "cpm/1000"})
		}
	}
	block.Values = func(count []uint8) []float64 {
		cost := make([]float64, len(test))
		for k := range test {
			cost[k] = everything(test[k], count)
		}
		var values []float64
		for _, p := range plans {
			bought := p.carryOut(cost, count)
			values = append(values, bought.clicks, bought.cost/bought.clicks)
		}
		return values
	}
	return block
}

// plan is what every seat would buy, given money: a share 1/fraction of the cost of everything.
type plan struct {
	fraction float64
	lots     [][]lot // by seat
}

func (p plan) carryOut(cost []float64, count []uint8) (all purchase) {
	for k, lots := range p.lots {
		bought := spend(lots, count, cost[k]/p.fraction)
		all.clicks, all.cost = all.clicks+bought.clicks, all.cost+bought.cost
	}
	return all
}
