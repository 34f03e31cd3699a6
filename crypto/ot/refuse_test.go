package ot

import (
	"bytes"
	"errors"
	"testing"

	"cipherbid/crypto/garble"
)

func TestNumbersOfTransfersOutOfRange(t *testing.T) {
	s, r := pair()
	for _, n := range []int{-1, 0, MaxTransfers + 1} {
		if _, _, err := r.Choose(&[32]byte{}, make([]byte, max(0, n+7)/8), n); err == nil {
			t.Errorf("receiver chose for %d transfers", n)
		}
		if n < 0 {
			continue
		}
		if _, err := s.Transfer(&[32]byte{}, nil, make([]garble.Label, n), garble.Label{}); err == nil || errors.Is(err, ErrCheat) {
			t.Errorf("%d transfers: error %v", n, err)
		}
	}
}

func TestWrongLengthsDoNoHarm(t *testing.T) {
	s, r := pair()
	zero, delta := someLabels(9)
	for _, size := range []int{0, 1, 3} {
		if _, _, err := r.Choose(&[32]byte{}, make([]byte, size), 9); err == nil {
			t.Errorf("receiver chose for 9 transfers with %d bytes", size)
		}
	}
	message, chosen, err := r.Choose(&[32]byte{}, []byte{1, 0}, 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range [][]byte{nil, message[:1], message[:len(message)-1], append(bytes.Clone(message), 0)} {
		if _, err := s.Transfer(&[32]byte{}, m, zero, delta); err == nil || errors.Is(err, ErrCheat) {
			t.Errorf("message of %d bytes: error %v", len(m), err)
		}
	}
	many, _ := someLabels(129) // a message of another number of blocks
	if _, err := s.Transfer(&[32]byte{}, message, many, delta); err == nil || errors.Is(err, ErrCheat) {
		t.Errorf("message for another number: error %v", err)
	}
	corrections, err := s.Transfer(&[32]byte{}, message, zero, delta)
	if err != nil {
		t.Fatalf("base does not serve after messages of wrong lengths: %v", err)
	}
	for _, c := range [][]byte{nil, corrections[:len(corrections)-1], append(bytes.Clone(corrections), 0)} {
		if _, err := chosen.Labels(c); err == nil {
			t.Errorf("labels from corrections of %d bytes", len(c))
		}
	}
}

// TestOtherRunsAreRefused gives a good message to a run that differs in one thing.
func TestOtherRunsAreRefused(t *testing.T) {
	sb, rb := Deal()
	otherBase, _ := Deal()
	context := [32]byte{1}
	message, _, err := NewReceiver(rb).Choose(&context, []byte{1, 0}, 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		base    *SenderBase
		context [32]byte
		n       int
	}{
		{"context", sb, [32]byte{2}, 9},
		{"base", otherBase, context, 9},
		{"number", sb, context, 10},
	} {
		zero, delta := someLabels(c.n)
		if _, err := NewSender(c.base).Transfer(&c.context, message, zero, delta); !errors.Is(err, ErrCheat) {
			t.Errorf("another %s: error %v", c.name, err)
		}
	}
	zero, delta := someLabels(9)
	if _, err := NewSender(sb).Transfer(&context, message, zero, delta); err != nil {
		t.Errorf("the right run: %v", err)
	}
}

// TestAlteredMessages flips one bit in each part of a message. Chance lets none of them pass: s has both bits.
func TestAlteredMessages(t *testing.T) {
	sb, rb := Deal()
	zero, delta := someLabels(130)
	message, _, err := NewReceiver(rb).Choose(&[32]byte{}, make([]byte, 17), 130)
	if err != nil {
		t.Fatal(err)
	}
	response := nonceBytes + columnsBytes(130)
	for _, at := range []int{0, nonceBytes, nonceBytes + 1000, response - 1, response, response + blockBytes, len(message) - 1} {
		m := bytes.Clone(message)
		m[at] ^= 0x10
		if _, err := NewSender(sb).Transfer(&[32]byte{}, m, zero, delta); !errors.Is(err, ErrCheat) {
			t.Errorf("byte %d altered: error %v", at, err)
		}
	}
}

func TestAlteredCorrectionsGiveWrongLabels(t *testing.T) {
	s, r := pair()
	zero, delta := someLabels(9)
	choices := []byte{0xff, 1}
	message, chosen, err := r.Choose(&[32]byte{}, choices, 9)
	if err != nil {
		t.Fatal(err)
	}
	corrections, err := s.Transfer(&[32]byte{}, message, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		at, wrong int // altered byte, first wrong label
	}{
		{"nonce", 0, 0},
		{"chosen half of transfer 3", nonceBytes + 3*pairBytes + blockBytes, 3},
		{"other half of transfer 3", nonceBytes + 3*pairBytes, -1},
	} {
		altered := bytes.Clone(corrections)
		altered[c.at] ^= 1
		labels, err := chosen.Labels(altered)
		if err != nil {
			t.Fatal(err)
		}
		if at := firstWrong(labels, choices, zero, delta); at != c.wrong {
			t.Errorf("%s: first wrong label is %d, want %d", c.name, at, c.wrong)
		}
	}
}
