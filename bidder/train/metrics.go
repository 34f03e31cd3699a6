package train

import (
	"cmp"
	"math"
	"slices"
)

// AUC returns the probability that a clicked row outranks one that was not, ties counting half: the area under the ROC
// curve. Each row counts with its weight; nil weights are all 1. It is NaN unless there are rows of both kinds.
func AUC(score []float64, click []bool, weight []float64) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	var area, clicks, others float64 // others: weight of the non-clicks ranked below
	for i := 0; i < len(order); {
		var c, o float64
		for tie := score[order[i]]; i < len(order) && score[order[i]] == tie; i++ {
			w := 1.0
			if weight != nil {
				w = weight[order[i]]
			}
			if click[order[i]] {
				c += w
			} else {
				o += w
			}
		}
		area += c * (others + o/2)
		clicks += c
		others += o
	}
	return area / (clicks * others)
}

// clipP keeps a logarithm finite: a log-linear model may predict a probability of 1 and more.
const clipP = 1e-9

// LogLoss returns the weighted mean of the negative log-likelihood of the clicks under probabilities p, in nats. Nil
// weights are all 1.
func LogLoss(p []float64, click []bool, weight []float64) float64 {
	var sum, total float64
	for i, v := range p {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		v = min(max(v, clipP), 1-clipP)
		if click[i] {
			sum -= w * math.Log(v)
		} else {
			sum -= w * math.Log1p(-v)
		}
		total += w
	}
	return sum / total
}

// Calibration returns the clicks predicted by p for each click seen, 1 at best. Nil weights are all 1.
func Calibration(p []float64, click []bool, weight []float64) float64 {
	var predicted, seen float64
	for i, v := range p {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		predicted += w * v
		if click[i] {
			seen += w
		}
	}
	return predicted / seen
}

// sampledP turns a click probability on the true scale into one on the scale of a sample that kept a share rate of the
// non-clicks: the odds grow by 1/rate.
func sampledP(p, rate float64) float64 {
	p = min(p, 1-clipP)
	return p / (p + rate*(1-p))
}
