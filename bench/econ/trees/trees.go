// Package trees fits gradient-boosted trees to clicks over sparse binary features: a model that may use every cross of features,
// to measure what log-linear bids give up. Start with [Fit].
//
// Trees are grown level by level to a fixed depth on the second-order expansion of the logistic loss, after Chen and Guestrin,
// "XGBoost: A Scalable Tree Boosting System", KDD 2016, equations 6 and 7. The same data, options and seed give the same model. A
// model does not change and is safe for concurrent use; data must not change while they are fitted.
package trees

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Data is a binary matrix by rows: row i has ones at Active[Start[i]:Start[i+1]], columns below Width, ascending.
type Data struct {
	Width  int
	Start  []int
	Active []int32
}

// Rows is the number of rows.
func (d *Data) Rows() int { return len(d.Start) - 1 }

// Row lists the ones of row i.
func (d *Data) Row(i int) []int32 { return d.Active[d.Start[i]:d.Start[i+1]] }

// Append adds a row.
func (d *Data) Append(active []int32) {
	if len(d.Start) == 0 {
		d.Start = []int{0}
	}
	d.Active = append(d.Active, active...)
	d.Start = append(d.Start, len(d.Active))
}

// Options of a fit. Zero values take the default named with each.
type Options struct {
	Rounds     int     // trees at most: 300
	Depth      int     // splits from root to leaf, up to 10: 4
	Rate       float64 // share of a tree's step that is taken: 0.05
	L2         float64 // ridge on the leaves: 2
	MinHessian float64 // least curvature in a leaf: 1
	Share      float64 // of the rows that each tree sees: 0.7
	Seed       uint64
}

const maxDepth = 10

func (o Options) withDefaults() (Options, error) {
	set := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Rate, 0.05)
	set(&o.L2, 2)
	set(&o.MinHessian, 1)
	set(&o.Share, 0.7)
	if o.Rounds == 0 {
		o.Rounds = 300
	}
	if o.Depth == 0 {
		o.Depth = 4
	}
	if o.Rounds < 0 || o.Depth < 0 || o.Depth > maxDepth || !(o.Rate > 0 && o.L2 > 0 && o.MinHessian > 0 && o.Share > 0 && o.Share <= 1) {
		return o, fmt.Errorf("options of trees are out of range: %+v", o)
	}
	return o, nil
}

// tree is complete: node v has children 2v+1, where the feature is absent, and 2v+2, where it is there. A node without a feature
// passes everything to the left.
type tree struct {
	feature []int32 // of inner nodes, -1 for none
	leaf    []float64
}

// Model is a sum of trees.
type Model struct {
	base  float64
	trees []tree
}

// Rounds is the number of trees.
func (m *Model) Rounds() int { return len(m.trees) }

// Score returns the log-odds of a click, without an offset, for a row that has the features for which has is true.
func (m *Model) Score(has []bool) float64 {
	sum := m.base
	for i := range m.trees {
		sum += m.trees[i].at(has)
	}
	return sum
}

func (t *tree) at(has []bool) float64 {
	v := 0
	for v < len(t.feature) {
		f := t.feature[v]
		v = 2*v + 1
		if f >= 0 && has[f] {
			v++
		}
	}
	return t.leaf[v-len(t.feature)]
}

// Fit boosts trees on top of offset, log-odds that may be nil. Rows for which held is true are not fitted but decide when to stop:
// with a held that is nil all rounds are run. Columns must be in ascending order within a row.
func Fit(d *Data, click []bool, offset []float64, held []bool, o Options) (*Model, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(click) != d.Rows() || offset != nil && len(offset) != d.Rows() || held != nil && len(held) != d.Rows() {
		return nil, errors.New("fit trees: clicks, offsets and held rows must be as many as rows")
	}
	b := newBooster(d, click, offset, held, o)
	if len(b.rows) == 0 {
		return nil, errors.New("fit trees: no rows to fit on")
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x7472656573))
	best, kept := b.heldLoss(), 0
	for range o.Rounds {
		t := b.grow(rng)
		b.add(&t)
		if loss := b.heldLoss(); held == nil || loss < best {
			best, kept = loss, len(b.model.trees)
		}
	}
	b.model.trees = b.model.trees[:kept]
	return b.model, nil
}

// heldLoss is the log loss of the held rows.
func (b *booster) heldLoss() float64 {
	sum := 0.0
	for i, h := range b.held {
		if h {
			z := b.eta[i]
			if b.click[i] {
				z = -z
			}
			sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
		}
	}
	return sum
}
