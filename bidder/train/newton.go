package train

import (
	"errors"
	"math"
)

const (
	maxNewton = 60   // outer steps; a fit takes about ten
	maxCG     = 200  // inner steps
	tolerance = 1e-6 // of the gradient, relative to the first
)

// problem is a penalised fit: the sum of the rows' losses plus half the penalties times the squared parameters. It is
// strictly convex wherever all penalties are positive.
type problem struct {
	design  *design
	loss    loss
	penalty []float64
	use     func(row int) bool // nil for all rows
}

// evaluate returns the objective at theta; if grad is not nil it fills in the gradient, and the rows' curvatures in h.
func (p *problem) evaluate(theta, grad, h []float64) float64 {
	sum := 0.0
	if grad != nil {
		clear(grad)
	}
	for i := range p.design.rows() {
		if p.use != nil && !p.use(i) {
			continue
		}
		v, d1, d2 := p.loss.at(p.design.dot(i, theta), p.design.click[i])
		sum += v
		if grad != nil {
			p.design.add(i, d1, grad)
			h[i] = d2
		}
	}
	for j, l := range p.penalty {
		sum += l / 2 * theta[j] * theta[j]
		if grad != nil {
			grad[j] += l * theta[j]
		}
	}
	return sum
}

// solve minimises the problem from theta, which it changes: Newton steps, each solved by preconditioned conjugate
// gradients no more exactly than needed, and shortened until the objective falls (Nocedal and Wright, Numerical
// Optimization, algorithms 5.3 and 7.1).
func (p *problem) solve(theta []float64) error {
	n := p.design.parameters()
	grad, h, step, next := make([]float64, n), make([]float64, p.design.rows()), make([]float64, n), make([]float64, n)
	first := 0.0
	for range maxNewton {
		value := p.evaluate(theta, grad, h)
		size := norm(grad)
		if first == 0 {
			first = size
		}
		if size <= tolerance*first {
			return nil
		}
		p.direction(grad, h, min(0.1, math.Sqrt(size/first)), step)
		slope := dot(grad, step)
		t := 1.0
		for ; t > 1e-10; t /= 2 {
			for j := range next {
				next[j] = theta[j] + t*step[j]
			}
			if p.evaluate(next, nil, nil) <= value+1e-4*t*slope {
				break
			}
		}
		if t <= 1e-10 { // the objective cannot tell the points apart any more
			return nil
		}
		copy(theta, next)
	}
	return errors.New("fit did not converge")
}

// direction solves (H + penalty) step = -grad to the given relative residual, with the diagonal as preconditioner.
func (p *problem) direction(grad, h []float64, residual float64, step []float64) {
	n := len(grad)
	diag := make([]float64, n)
	copy(diag, p.penalty)
	for i, c := range h {
		if c != 0 {
			p.design.add(i, c, diag)
		}
	}
	for j := range diag {
		diag[j] = max(diag[j], 1e-12)
	}
	r, z, d, hd := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	clear(step)
	for j := range r {
		r[j] = -grad[j]
		z[j] = r[j] / diag[j]
		d[j] = z[j]
	}
	rz, stop := dot(r, z), residual*norm(grad)
	for range maxCG {
		if norm(r) <= stop {
			return
		}
		p.curve(h, d, hd)
		alpha := rz / dot(d, hd)
		for j := range r {
			step[j] += alpha * d[j]
			r[j] -= alpha * hd[j]
			z[j] = r[j] / diag[j]
		}
		before := rz
		rz = dot(r, z)
		for j := range d {
			d[j] = z[j] + rz/before*d[j]
		}
	}
}

// curve sets out to the Hessian times v.
func (p *problem) curve(h, v, out []float64) {
	for j, l := range p.penalty {
		out[j] = l * v[j]
	}
	for i, c := range h {
		if c != 0 {
			p.design.add(i, c*p.design.dot(i, v), out)
		}
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }
