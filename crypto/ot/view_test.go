package ot

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"testing/cryptotest"

	"cipherbid/crypto/garble"
)

// TestTheOtherLabelIsNotInTheReceiversView is a sanity check, not a proof: the masks of the labels that were not chosen are none of
// the things that a receiver knows, they do not repeat, and each of their bits is set in half of them.
func TestTheOtherLabelIsNotInTheReceiversView(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	const n = 3000
	s, r := pair()
	zero, delta := someLabels(n)
	choices := randomBytes(rand.New(rand.NewPCG(3, 3)), n/8)
	message, chosen, err := r.Choose(&[32]byte{}, choices, n)
	if err != nil {
		t.Fatal(err)
	}
	corrections, err := s.Transfer(&[32]byte{}, message, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := chosen.Labels(corrections)
	if err != nil {
		t.Fatal(err)
	}
	known := map[element]string{{}: "zero"}
	for i := range labels {
		pair := corrections[nonceBytes+i*pairBytes:][:pairBytes]
		own, other := halves(pair, choices, i)
		known[own] = "a chosen half"
		known[other] = "another half"
		known[chosen.rows[i]] = "a row"
		known[own.xor(plain(labels[i]))] = "a mask of a chosen label"
		known[plain(labels[i])] = "a chosen label"
	}
	var set [Base]int
	seen := make(map[element]bool)
	for i := range labels {
		_, other := halves(corrections[nonceBytes+i*pairBytes:][:pairBytes], choices, i)
		mask := other.xor(plain(labels[i].Xor(delta)))
		if what, ok := known[mask]; ok {
			t.Errorf("mask of the label that was not chosen in transfer %d is %s", i, what)
		}
		// The receiver can compute other half ^ own label, which is mask ^ delta: two equal masks would show.
		if seen[other.xor(plain(labels[i]))] {
			t.Errorf("mask of the label that was not chosen in transfer %d repeats", i)
		}
		seen[other.xor(plain(labels[i]))] = true
		for b := range set {
			set[b] += int(mask.mask(b) & 1)
		}
	}
	for b, count := range set {
		if sigmas := math.Abs(float64(count)-n/2) / (math.Sqrt(n) / 2); sigmas > 6 {
			t.Errorf("bit %d of the masks is set %d times of %d", b, count, n)
		}
	}
}

// halves are the chosen half of a pair and the other one.
func halves(pair, choices []byte, i int) (own, other element) {
	own, other = loadElement(pair), loadElement(pair[blockBytes:])
	if choices[i/8]>>(i%8)&1 == 1 {
		own, other = other, own
	}
	return own, other
}

func plain(l garble.Label) element { return loadElement(garble.AppendLabels(nil, []garble.Label{l})) }

// TestAContextMayRepeat runs one context twice. With the same keys in both, the difference of two messages would be that of the
// choices, and the difference of two corrections that of the labels.
func TestAContextMayRepeat(t *testing.T) {
	const n = 128
	s, r := pair()
	zero, delta := someLabels(n)
	var context [32]byte
	first, _, err := r.Choose(&context, bytes.Repeat([]byte{0x0f}, n/8), n)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := r.Choose(&context, bytes.Repeat([]byte{0xf0}, n/8), n)
	if err != nil {
		t.Fatal(err)
	}
	u, v := columns(first[nonceBytes:][:columnsBytes(n)]), columns(second[nonceBytes:][:columnsBytes(n)])
	equal := 0
	for at := range u.column(0)[:n/8] {
		for i := range Base {
			if u.column(i)[at]^v.column(i)[at] == 0xff {
				equal++
			}
		}
	}
	if equal > Base*n/8/64 { // a 256th is expected
		t.Errorf("difference of two messages is that of the choices in %d of %d places", equal, Base*n/8)
	}

	once, err := s.Transfer(&context, first, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := s.Transfer(&context, first, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	for at := nonceBytes; at < len(once); at += blockBytes {
		if loadElement(once[at:]) == loadElement(twice[at:]) {
			t.Fatalf("corrections of two runs have the same mask at byte %d", at)
		}
	}
}
