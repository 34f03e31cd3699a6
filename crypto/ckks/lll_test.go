package ckks

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// reduceLLL replaces the linearly independent rows of a basis by an LLL-reduced basis of the same lattice, with factor 3/4. It
// returns the Gram determinants of the first 0, 1, ..., n rows. All arithmetic is exact; dimension 35 with entries of 50 bits
// takes under a second. H. Cohen, A Course in Computational Algebraic Number Theory, Algorithm 2.6.7, rows counted from zero.
func reduceLLL(basis [][]*big.Int) []*big.Int {
	n := len(basis)
	l := &lll{b: basis, d: make([]*big.Int, n+1), lambda: make([][]*big.Int, n)}
	for k := range l.lambda {
		l.lambda[k] = make([]*big.Int, n)
		for j := range l.lambda[k] {
			l.lambda[k][j] = new(big.Int)
		}
	}
	l.d[0] = big.NewInt(1)
	l.orthogonalise(0)
	for k, done := 1, 0; k < n; {
		if k > done {
			done = k
			l.orthogonalise(k)
		}
		l.sizeReduce(k, k-1)
		if l.mustSwap(k) {
			l.swap(k, done)
			k = max(1, k-1)
			continue
		}
		for j := k - 2; j >= 0; j-- {
			l.sizeReduce(k, j)
		}
		k++
	}
	return l.d
}

// lll holds a basis b, its Gram determinants d, and lambda[k][j] = d[j+1] mu[k][j] for the Gram-Schmidt coefficients mu.
type lll struct {
	b          [][]*big.Int
	d          []*big.Int
	lambda     [][]*big.Int
	t, u, v, r big.Int
}

// orthogonalise computes row k of lambda and d[k+1] by fraction-free Gram-Schmidt.
func (l *lll) orthogonalise(k int) {
	for j := 0; j <= k; j++ {
		u := new(big.Int)
		for i, x := range l.b[k] {
			u.Add(u, l.t.Mul(x, l.b[j][i]))
		}
		for i := range j {
			u.Mul(u, l.d[i+1])
			u.Sub(u, l.t.Mul(l.lambda[k][i], l.lambda[j][i]))
			u.Quo(u, l.d[i])
		}
		if j < k {
			l.lambda[k][j] = u
		} else {
			l.d[k+1] = u
		}
	}
}

// sizeReduce subtracts from row k the multiple of row j that brings mu[k][j] to at most a half.
func (l *lll) sizeReduce(k, j int) {
	lambda := l.lambda[k][j]
	if l.t.Lsh(lambda, 1).CmpAbs(l.d[j+1]) <= 0 {
		return
	}
	l.u.Lsh(l.d[j+1], 1)
	l.r.Div(l.t.Add(&l.t, l.d[j+1]), &l.u)
	for i, x := range l.b[j] {
		l.b[k][i].Sub(l.b[k][i], l.t.Mul(&l.r, x))
	}
	lambda.Sub(lambda, l.t.Mul(&l.r, l.d[j+1]))
	for i := range j {
		l.lambda[k][i].Sub(l.lambda[k][i], l.t.Mul(&l.r, l.lambda[j][i]))
	}
}

// mustSwap reports whether rows k-1 and k violate the Lovász condition.
func (l *lll) mustSwap(k int) bool {
	l.t.Mul(l.d[k+1], l.d[k-1])
	l.t.Add(&l.t, l.u.Mul(l.lambda[k][k-1], l.lambda[k][k-1]))
	l.t.Lsh(&l.t, 2)
	l.u.Mul(l.d[k], l.d[k])
	l.u.Mul(&l.u, l.v.SetInt64(3))
	return l.t.Cmp(&l.u) < 0
}

// swap exchanges rows k-1 and k, and updates what rows up to done have been given.
func (l *lll) swap(k, done int) {
	l.b[k], l.b[k-1] = l.b[k-1], l.b[k]
	for j := range k - 1 {
		l.lambda[k][j], l.lambda[k-1][j] = l.lambda[k-1][j], l.lambda[k][j]
	}
	lambda := l.lambda[k][k-1]
	b := new(big.Int).Mul(l.d[k-1], l.d[k+1])
	b.Add(b, l.t.Mul(lambda, lambda))
	b.Quo(b, l.d[k])
	for i := k + 1; i <= done; i++ {
		lower, upper := l.lambda[i][k], l.lambda[i][k-1]
		l.t.Mul(l.d[k+1], upper)
		l.t.Sub(&l.t, l.u.Mul(lambda, lower))
		l.t.Quo(&l.t, l.d[k])
		l.u.Mul(b, lower)
		l.v.Mul(lambda, &l.t)
		lower.Set(&l.t)
		upper.Quo(l.u.Add(&l.u, &l.v), l.d[k+1])
	}
	l.d[k] = b
}

// The attacks that must fail say something only if the reduction works: on a random lattice it keeps the lattice, and its first
// row is as short as LLL promises, |b_1|^2n <= 2^(n(n-1)/2) det^2.
func TestReduceLLL(t *testing.T) {
	const half, q = 10, 1<<40 + 15
	rng := rand.New(rand.NewPCG(26, 7))
	basis, a := make([][]*big.Int, 2*half), make([][]*big.Int, half) // rows (q I | 0) and (A | I)
	for i := range basis {
		basis[i] = make([]*big.Int, 2*half)
		for j := range basis[i] {
			basis[i][j] = new(big.Int)
		}
		basis[i][i].SetInt64(1)
		if i < half {
			basis[i][i].SetInt64(q)
			continue
		}
		a[i-half] = make([]*big.Int, half)
		for j := range half {
			a[i-half][j] = big.NewInt(rng.Int64N(q))
			basis[i][j].Set(a[i-half][j])
		}
	}
	d := reduceLLL(basis)

	square := new(big.Int).Exp(big.NewInt(q), big.NewInt(2*half), nil)
	if d[2*half].Cmp(square) != 0 {
		t.Errorf("squared determinant is %v, want %v", d[2*half], square)
	}
	for i, row := range basis {
		for j := range half {
			x := new(big.Int).Neg(row[j])
			for k := range half {
				x.Add(x, new(big.Int).Mul(row[half+k], a[k][j]))
			}
			if x.Mod(x, big.NewInt(q)).Sign() != 0 {
				t.Fatalf("row %d left the lattice", i)
			}
		}
	}
	first := new(big.Int).Exp(d[1], big.NewInt(2*half), nil)
	if bound := square.Lsh(square, half*(2*half-1)); first.Cmp(bound) > 0 {
		t.Errorf("the first row has %d bits of squared length, not reduced", d[1].BitLen())
	}
}
