package train

import (
	"math"

	"cipherbid/bidder/model"
)

// loss is a convex function of a row's linear form eta, which is the logarithm of its click probability (or odds) on the
// true scale.
type loss struct {
	link string
	rate float64 // share of non-clicks kept
}

// maxEta keeps the exponentials of a bad step finite; the line search then refuses it.
const maxEta = 30

// at returns the loss of a row and its first two derivatives by eta.
//
// Link log is a Poisson likelihood in which a non-click counts 1/rate times: exp(eta) - click*eta, weighted. It needs no
// correction afterwards.
//
// Link logit is the likelihood of the sample itself: keeping a share rate of the non-clicks multiplies the odds by
// 1/rate, so the sampled row is logistic in eta - ln(rate), and eta stays on the true scale (Prentice and Pyke,
// Biometrika 66, 1979).
func (l loss) at(eta float64, click bool) (value, d1, d2 float64) {
	eta = min(eta, maxEta)
	y := 0.0
	if click {
		y = 1
	}
	if l.link == model.LinkLog {
		weight := 1.0
		if !click {
			weight = 1 / l.rate
		}
		mu := math.Exp(eta)
		return weight * (mu - y*eta), weight * (mu - y), weight * mu
	}
	z := eta - math.Log(l.rate)
	p := 1 / (1 + math.Exp(-z))
	return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - y*z, p - y, p * (1 - p)
}

// probability returns the click probability, on the true scale, that eta stands for.
func (l loss) probability(eta float64) float64 {
	if l.link == model.LinkLog {
		return math.Exp(min(eta, 0))
	}
	return 1 / (1 + math.Exp(-eta))
}

// held scores a row left out of the fit: its log loss on the scale of the sample, comparable between links.
func (l loss) held(eta float64, click bool) float64 {
	return LogLoss([]float64{sampledP(l.probability(eta), l.rate)}, []bool{click}, nil)
}
