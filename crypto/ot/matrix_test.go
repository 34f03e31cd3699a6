package ot

import (
	"math/rand/v2"
	"testing"
)

func TestRowsAgainstSingleBits(t *testing.T) {
	for _, n := range []int{1, 128, 129, 500} {
		c := columns(randomBytes(rand.New(rand.NewPCG(7, uint64(n))), columnsBytes(n)))
		var rows [Base]element
		for j := range blocksOf(n) {
			c.rows(j, &rows)
			for k, row := range rows {
				for i := range Base {
					at := j*Base + k
					if want := c.column(i)[at/8] >> (at % 8) & 1; byte(row.mask(i)&1) != want {
						t.Fatalf("n = %d: bit %d of row %d is not %d", n, i, at, want)
					}
				}
			}
		}
	}
}

func TestTransposeIsItsOwnInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	var m, want [64]uint64
	for i := range m {
		m[i] = rng.Uint64()
	}
	want = m
	transpose(&m)
	if m == want {
		t.Fatal("nothing was transposed")
	}
	transpose(&m)
	if m != want {
		t.Error("transposing twice changes the matrix")
	}
}

func TestPadKeepsTheChoicesAndDrawsTheRest(t *testing.T) {
	for _, n := range []int{1, 7, 8, 9, 128, 130} {
		choices := randomBytes(rand.New(rand.NewPCG(9, uint64(n))), (n+7)/8)
		a, b := pad(choices, n), pad(choices, n)
		if len(a) != blocksOf(n)*blockBytes {
			t.Fatalf("n = %d: column has %d bytes", n, len(a))
		}
		for k := range n {
			if (a[k/8]^choices[k/8])>>(k%8)&1 != 0 {
				t.Errorf("n = %d: choice %d is lost", n, k)
			}
		}
		last := len(a) - blockBytes
		if loadElement(a[last:]) == loadElement(b[last:]) {
			t.Errorf("n = %d: two runs hide behind the same block", n)
		}
	}
}
