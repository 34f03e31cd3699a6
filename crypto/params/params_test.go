package params

import (
	"errors"
	"strings"
	"testing"
)

func TestPresetsMeetBothLimits(t *testing.T) {
	for _, tc := range []struct {
		make  func(int) (*Params, error)
		dim   int
		lanes int
		bytes int
	}{
		{Default, 64, 32, 12800},
		{Default, 128, 16, 12800},
		{Wide, 64, 64, 51200},
	} {
		p, err := tc.make(tc.dim)
		if err != nil {
			t.Fatal(err)
		}
		if p.MaxLanes() != tc.lanes || p.PolyBytes() != tc.bytes {
			t.Errorf("%v: %d lanes and %d bytes a polynomial, want %d and %d", p, p.MaxLanes(), p.PolyBytes(), tc.lanes, tc.bytes)
		}
		again, err := New(p.Literal())
		if err != nil || again.ID() != p.ID() {
			t.Errorf("%v does not survive its literal: %v", p, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	q11 := primesBelow(1<<50, 2048, 2)
	q12 := primesBelow(1<<50, 4096, 3)
	for _, tc := range []struct {
		name     string
		lit      Literal
		says     string
		insecure bool
	}{
		{"two primes at N=2048", Literal{CKKS, 11, q11, 64}, "exceeds 53", true},
		{"three primes at N=4096", Literal{CKKS, 12, q12, 64}, "exceeds 106", true},
		{"nine primes", Literal{CKKS, 13, make([]uint64, 9), 64}, "9 primes", true},
		{"N too small", Literal{CKKS, 10, q11[:1], 64}, "2^10", false},
		{"odd dimension", Literal{CKKS, 11, q11[:1], 60}, "power of two", false},
		{"no features", Literal{CKKS, 11, q11[:1], 0}, "power of two", false},
		{"composite", Literal{CKKS, 11, []uint64{1<<50 - 4095}, 64}, "not prime", false},
		{"53-bit prime", Literal{CKKS, 11, primesBelow(1<<53, 2048, 1), 64}, "2^50", false},
		{"wrong residue", Literal{CKKS, 12, q11[1:2], 64}, "mod 2N", false},
		{"twice", Literal{CKKS, 12, []uint64{q12[0], q12[0]}, 64}, "twice", false},
		{"no primes", Literal{CKKS, 11, nil, 64}, "no primes", false},
		{"cleartext with primes", Literal{Cleartext, 11, q11[:1], 64}, "no primes", false},
		{"unknown kind", Literal{"rot13", 11, nil, 64}, "unknown kind", false},
	} {
		_, err := New(tc.lit)
		if err == nil {
			t.Errorf("%s: accepted", tc.name)
			continue
		}
		if !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %q does not name %q", tc.name, err, tc.says)
		}
		if errors.Is(err, ErrInsecure) != tc.insecure {
			t.Errorf("%s: ErrInsecure = %v in %q", tc.name, !tc.insecure, err)
		}
	}
}

func TestLiteralIsCopied(t *testing.T) {
	p, err := Default(64)
	if err != nil {
		t.Fatal(err)
	}
	p.Literal().Primes[0] = 7
	if p.Primes()[0] == 7 {
		t.Error("a caller changed validated parameters")
	}
}

func TestIDsDiffer(t *testing.T) {
	a, _ := Default(64)
	b, _ := Default(128)
	c, _ := Plain(11, 64)
	if a.ID() == b.ID() || a.ID() == c.ID() || b.ID() == c.ID() {
		t.Error("different parameters share an id")
	}
}
