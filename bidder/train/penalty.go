package train

import (
	"fmt"
	"math"
)

// Penalties are the strengths of the ridge: half of one times the square of each weight is added to the loss. They are
// worth as many clicks, roughly: a feature seen with far fewer clicks than its penalty keeps a weight near zero.
type Penalties struct {
	Shared    float64 // on the weights all advertisers share
	Deviation float64 // on an advertiser's own deviations from them
}

// interceptPenalty leaves intercepts free but for an advertiser without a click, whose own would run away.
const interceptPenalty = 1e-2

// vector returns the penalty of every parameter of d.
func (p Penalties) vector(d *design) []float64 {
	v := make([]float64, d.parameters())
	for j := range v {
		v[j] = p.Deviation
		if j < d.width {
			v[j] = p.Shared
		}
		if j%d.width == d.width-1 {
			v[j] = interceptPenalty
		}
	}
	return v
}

// candidates are the penalties that cross-validation tries, from strong to weak.
func candidates() []Penalties {
	var list []Penalties
	for _, shared := range []float64{8, 4, 2} {
		for _, deviation := range []float64{8, 4, 2, 1} {
			list = append(list, Penalties{shared, deviation})
		}
	}
	return list
}

// crossValidate returns the candidate with the least log loss on the rows left out, over the given number of folds. Row i
// is left out of fold i mod folds.
func crossValidate(d *design, l loss, folds int) (Penalties, error) {
	var best Penalties
	least := math.Inf(1)
	total := make(map[Penalties]float64)
	for fold := range folds {
		theta := initial(d, l)
		for _, c := range candidates() { // each starts from the one before
			p := problem{design: d, loss: l, penalty: c.vector(d), use: func(i int) bool { return i%folds != fold }}
			if err := p.solve(theta); err != nil {
				return Penalties{}, fmt.Errorf("fold %d, penalties %g and %g: %w", fold, c.Shared, c.Deviation, err)
			}
			for i := fold; i < d.rows(); i += folds {
				total[c] += l.held(d.dot(i, theta), d.click[i])
			}
		}
	}
	for _, c := range candidates() {
		if total[c] < least {
			least, best = total[c], c
		}
	}
	return best, nil
}

// initial returns parameters that give every row the mean click rate.
func initial(d *design, l loss) []float64 {
	clicks, others := 0.0, 0.0
	for _, c := range d.click {
		if c {
			clicks++
		} else {
			others++
		}
	}
	theta := make([]float64, d.parameters())
	theta[d.width-1] = math.Log(clicks / (clicks + others/l.rate))
	return theta
}
