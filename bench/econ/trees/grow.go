package trees

import (
	"math"
	"math/rand/v2"
)

// booster is the state of a fit.
type booster struct {
	opts  Options
	data  *Data
	click []bool
	held  []bool
	rows  []int // those fitted
	model *Model

	eta, grad, hess []float64 // by row
	has             []bool    // scratch, by column
	node            []int32   // by row: where it is in the tree being grown, -1 if out of the sample
	g, h            []float64 // histograms: node of the level x column
}

func newBooster(d *Data, click []bool, offset []float64, held []bool, o Options) *booster {
	n := d.Rows()
	b := &booster{
		opts: o, data: d, click: click, held: held, model: &Model{}, eta: make([]float64, n), grad: make([]float64, n),
		hess: make([]float64, n), has: make([]bool, d.Width), node: make([]int32, n),
	}
	b.g, b.h = make([]float64, d.Width<<o.Depth), make([]float64, d.Width<<o.Depth)
	clicks := 0.0
	for i := range n {
		if held == nil || !held[i] {
			b.rows = append(b.rows, i)
			if click[i] {
				clicks++
			}
		}
	}
	if offset == nil { // start from the mean
		b.model.base = math.Log((clicks + .5) / (float64(len(b.rows)) - clicks + .5))
	}
	for i := range n {
		b.eta[i] = b.model.base
		if offset != nil {
			b.eta[i] = offset[i]
		}
	}
	return b
}

// add appends a tree and moves every row's log-odds.
func (b *booster) add(t *tree) {
	b.model.trees = append(b.model.trees, *t)
	for i := range b.eta {
		row := b.data.Row(i)
		for _, f := range row {
			b.has[f] = true
		}
		b.eta[i] += t.at(b.has)
		for _, f := range row {
			b.has[f] = false
		}
	}
}

// grow makes one tree on a sample of the rows.
func (b *booster) grow(rng *rand.Rand) tree {
	o := b.opts
	t := tree{feature: make([]int32, 1<<o.Depth-1), leaf: make([]float64, 1<<o.Depth)}
	for _, i := range b.rows {
		p := 1 / (1 + math.Exp(-b.eta[i]))
		b.grad[i], b.hess[i] = p, p*(1-p)
		if b.click[i] {
			b.grad[i]--
		}
		b.node[i] = -1
		if rng.Float64() < o.Share {
			b.node[i] = 0
		}
	}
	for depth := range o.Depth {
		width := 1 << depth
		sumG, sumH := b.histograms(width)
		for v := range width {
			t.feature[width-1+v] = b.split(v, sumG[v], sumH[v])
		}
		b.descend(t.feature[width-1 : 2*width-1])
	}
	sumG, sumH := make([]float64, len(t.leaf)), make([]float64, len(t.leaf))
	for _, i := range b.rows {
		if v := b.node[i]; v >= 0 {
			sumG[v] += b.grad[i]
			sumH[v] += b.hess[i]
		}
	}
	for v := range t.leaf {
		t.leaf[v] = -o.Rate * sumG[v] / (sumH[v] + o.L2)
	}
	return t
}

// histograms sums gradients and curvatures of the level's nodes, in all and of the rows that have each feature.
func (b *booster) histograms(width int) (sumG, sumH []float64) {
	sumG, sumH = make([]float64, width), make([]float64, width)
	w := b.data.Width
	clear(b.g[:width*w])
	clear(b.h[:width*w])
	for _, i := range b.rows {
		v := int(b.node[i])
		if v < 0 {
			continue
		}
		sumG[v] += b.grad[i]
		sumH[v] += b.hess[i]
		g, h := b.g[v*w:(v+1)*w], b.h[v*w:(v+1)*w]
		for _, f := range b.data.Row(i) {
			g[f] += b.grad[i]
			h[f] += b.hess[i]
		}
	}
	return sumG, sumH
}

// split returns the feature with the greatest gain at a node, the first of equals, or -1 if none gains.
func (b *booster) split(v int, sumG, sumH float64) int32 {
	w, l2 := b.data.Width, b.opts.L2
	best, at := 1e-9, int32(-1)
	whole := sumG * sumG / (sumH + l2)
	for f := range w {
		g, h := b.g[v*w+f], b.h[v*w+f]
		if h < b.opts.MinHessian || sumH-h < b.opts.MinHessian {
			continue
		}
		rest := sumG - g
		if gain := g*g/(h+l2) + rest*rest/(sumH-h+l2) - whole; gain > best {
			best, at = gain, int32(f)
		}
	}
	return at
}

// descend moves rows to the next level.
func (b *booster) descend(feature []int32) {
	for _, i := range b.rows {
		v := b.node[i]
		if v < 0 {
			continue
		}
		b.node[i] = 2 * v
		for _, f := range b.data.Row(i) {
			if f == feature[v] {
				b.node[i]++
				break
			}
		}
	}
}
