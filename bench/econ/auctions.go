package econ

import (
	"cmp"
	"math"
	"slices"
)

// column is one number for each auctioned row.
type column []float64

// sum adds a column over a resample.
func (c column) sum(count []uint8) float64 {
	total := 0.0
	for t, n := range count {
		total += float64(n) * c[t]
	}
	return total
}

// ratio is a metric that is the quotient of the sums of two columns.
type ratio struct {
	Metric
	above, below column
}

// auctionBlock compares sales. Every row counts with the impressions that it stands for.
func (s *Split) auctionBlock(b, reference *Bids, judges []Judge) Block {
	n := len(s.Test)
	col := func() column { return make(column, n) }
	weight, agreed, strict, sold, revenue := col(), col(), col(), col(), col()
	both, priceError, regret, best := col(), col(), col(), col()
	matched, clicks, welfare, surplus := col(), col(), col(), col()
	for t, i := range s.Test {
		row, sale, ref := &s.Log.Rows[i], b.Sales[t], reference.Sales[t]
		w := s.Log.Weight(i)
		weight[t] = w
		same, tied := agree(sale, ref, reference.LogBid[t], row.Floor)
		strict[t], agreed[t] = w*indicator(same), w*indicator(tied)
		revenue[t] = w * sale.Price
		value := func(sale Sale) float64 {
			if sale.Seat == Unsold {
				return 0
			}
			return math.Exp(reference.LogBid[t][sale.Seat])
		}
		if ref.Seat != Unsold {
			best[t] = w * value(ref)
			regret[t] = w * (value(ref) - value(sale))
		}
		if sale.Seat == Unsold {
			continue
		}
		sold[t] = w
		if ref.Seat != Unsold && ref.Price > 0 {
			both[t], priceError[t] = w, w*math.Abs(sale.Price-ref.Price)/ref.Price
		}
		if sale.Seat == s.own[i] {
			matched[t] = w
			if row.Click { // a click has weight 1
				clicks[t], welfare[t] = 1e6, s.Log.Values[row.Advertiser]
			}
			surplus[t] = welfare[t] - w*sale.Price
		}
	}
	ratios := []ratio{
		{Metric{"winner_agreement", "share"}, agreed, weight},
		{Metric{"winner_agreement_strict", "share"}, strict, weight},
		{Metric{"price_error_mean", "relative"}, priceError, both},
		{Metric{"value_regret", "share"}, regret, best},
		{Metric{"sold", "share"}, sold, weight},
		{Metric{"revenue_cpm", "cpm"}, revenue, weight},
		{Metric{"matched", "share"}, matched, weight},
		{Metric{"clicks_logged_per_million", "clicks"}, clicks, weight},
		{Metric{"welfare_logged_cpm", "cpm"}, welfare, weight},
		{Metric{"surplus_logged_cpm", "cpm"}, surplus, weight},
	}
	for _, j := range judges {
		welfare, surplus := col(), col()
		for t, sale := range b.Sales {
			if sale.Seat != Unsold {
				welfare[t] = weight[t] * j.Value[t][sale.Seat]
				surplus[t] = welfare[t] - weight[t]*sale.Price
			}
		}
		ratios = append(ratios,
			ratio{Metric{"welfare_" + j.Name + "_cpm", "cpm"}, welfare, weight},
			ratio{Metric{"surplus_" + j.Name + "_cpm", "cpm"}, surplus, weight})
	}
	median := weightedMedian(priceError, both)
	block := Block{Metrics: []Metric{{"price_error_median", "relative"}}}
	for _, r := range ratios {
		block.Metrics = append(block.Metrics, r.Metric)
	}
	block.Values = func(count []uint8) []float64 {
		values := []float64{median(count)}
		for _, r := range ratios {
			values = append(values, r.above.sum(count)/r.below.sum(count))
		}
		return values
	}
	return block
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// weightedMedian is the median of value/weight where each row counts with its weight; rows of weight 0 do not count.
func weightedMedian(value, weight column) func(count []uint8) float64 {
	var order []int
	for t, w := range weight {
		if w > 0 {
			order = append(order, t)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(value[a]/weight[a], value[b]/weight[b]) })
	return func(count []uint8) float64 {
		half, below := weight.sum(count)/2, 0.0
		for _, t := range order {
			if below += float64(count[t]) * weight[t]; below >= half && count[t] > 0 {
				return value[t] / weight[t]
			}
		}
		return math.NaN()
	}
}
