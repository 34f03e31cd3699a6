package econ

import (
	"cmp"
	"math"
	"slices"
)

// Deciles is the number of bins of a calibration curve.
const Deciles = 10

// clickBlock says how well bids predict clicks, each row scored by the seat that won it in the log. Rows count alike, and
// probabilities are on the scale of the sample, where clicks are not rare, unless a metric's name ends in _true.
func (s *Split) clickBlock(b *Bids) Block {
	n := len(s.Test)
	one, click, loss, p := make(column, n), make(column, n), make(column, n), make(column, n)
	weight, lossTrue, pTrue := make(column, n), make(column, n), make(column, n)
	var scored []int
	for t, i := range s.Test {
		if math.IsNaN(b.Eta[t]) {
			continue
		}
		scored = append(scored, t)
		w, y := s.Log.Weight(i), s.Log.Rows[i].Click
		one[t], weight[t], click[t] = 1, w, indicator(y)
		p[t], loss[t] = logistic(b.Eta[t]-math.Log(s.Log.Rate), y)
		pTrue[t], lossTrue[t] = logistic(b.Eta[t], y)
		pTrue[t], lossTrue[t] = w*pTrue[t], w*lossTrue[t]
	}
	pooled := newCurve(scored, b.Eta, click)
	var bySeat []*curve
	for k := range s.Seats {
		bySeat = append(bySeat, newCurve(slices.DeleteFunc(slices.Clone(scored), func(t int) bool { return s.own[s.Test[t]] != k }), b.Eta, click))
	}
	bins := pooled.deciles()
	return Block{
		Metrics: []Metric{
			{"auc", "share"}, {"auc_within_seat", "share"}, {"log_loss", "nats"}, {"log_loss_true", "nats"},
			{"normalised_entropy", "share"}, {"calibration", "ratio"}, {"calibration_true", "ratio"}, {"calibration_error", "share"},
		},
		Values: func(count []uint8) []float64 {
			rows, clicks := one.sum(count), click.sum(count)
			auc, _ := pooled.auc(count)
			meanLoss, rate := loss.sum(count)/rows, clicks/rows
			entropy := -(rate*math.Log(rate) + (1-rate)*math.Log1p(-rate)) // He et al., ADKDD 2014, section 3
			return []float64{
				auc, aucWithin(bySeat, count), meanLoss, lossTrue.sum(count) / weight.sum(count),
				meanLoss / entropy, p.sum(count) / clicks, pTrue.sum(count) / clicks, calibrationError(bins, p, click, count),
			}
		},
	}
}

// aucWithin is the mean AUC of the seats, which count with their clicks. Seats without a click or a non-click do not count.
func aucWithin(bySeat []*curve, count []uint8) float64 {
	area, total := 0.0, 0.0
	for _, c := range bySeat {
		if a, clicks := c.auc(count); !math.IsNaN(a) {
			area, total = area+clicks*a, total+clicks
		}
	}
	return area / total
}

// logistic returns the probability at log-odds eta, and the loss of having predicted it, in nats.
func logistic(eta float64, click bool) (p, loss float64) {
	z := eta
	if click {
		z = -eta
	}
	return 1 / (1 + math.Exp(-eta)), max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
}

// curve ranks rows by their score once, for the AUC of many resamples.
type curve struct {
	order []int // rows, lowest score first
	score []float64
	click column
}

func newCurve(rows []int, score []float64, click column) *curve {
	c := &curve{slices.Clone(rows), score, click}
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	return c
}

// auc is the probability that a click outranks a non-click, ties counting half, NaN without either.
func (c *curve) auc(count []uint8) (area, clicks float64) {
	others := 0.0
	for at := 0; at < len(c.order); {
		var y, all float64
		for tie := c.score[c.order[at]]; at < len(c.order) && c.score[c.order[at]] == tie; at++ {
			n := float64(count[c.order[at]])
			y, all = y+n*c.click[c.order[at]], all+n
		}
		area += y * (others + (all-y)/2)
		clicks, others = clicks+y, others+all-y
	}
	return area / (clicks * others), clicks
}

// deciles cuts the ranking into bins of equally many rows.
func (c *curve) deciles() [][]int {
	var bins [][]int
	for d := range Deciles {
		bins = append(bins, c.order[d*len(c.order)/Deciles:(d+1)*len(c.order)/Deciles])
	}
	return bins
}

// calibrationError is the mean distance between predicted and seen clicks over bins, which count with their rows.
func calibrationError(bins [][]int, p, click column, count []uint8) float64 {
	sum, total := 0.0, 0.0
	for _, bin := range bins {
		gap := 0.0
		for _, t := range bin {
			n := float64(count[t])
			gap += n * (p[t] - click[t])
			total += n
		}
		sum += math.Abs(gap)
	}
	return sum / total
}

// Decile is one bin of a calibration curve: rows of similar predictions.
type Decile struct {
	Rows, Clicks int
	Predicted    float64 // mean probability of a click, on the scale of the sample
	Seen         float64 // share of clicks
}

// Calibration returns the calibration curve of bids, lowest predictions first.
func (s *Split) Calibration(b *Bids) []Decile {
	var scored []int
	click := make(column, len(s.Test))
	for t, i := range s.Test {
		if !math.IsNaN(b.Eta[t]) {
			scored = append(scored, t)
			click[t] = indicator(s.Log.Rows[i].Click)
		}
	}
	var out []Decile
	for _, bin := range newCurve(scored, b.Eta, click).deciles() {
		d := Decile{Rows: len(bin)}
		for _, t := range bin {
			p, _ := logistic(b.Eta[t]-math.Log(s.Log.Rate), false)
			d.Predicted += p / float64(len(bin))
			d.Clicks += int(click[t])
		}
		d.Seen = float64(d.Clicks) / float64(d.Rows)
		out = append(out, d)
	}
	return out
}
