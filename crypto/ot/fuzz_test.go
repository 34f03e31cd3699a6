package ot

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"testing"
)

// FuzzTransfer gives the sender good messages with something added at some place, cut or made longer. Nothing but an unaltered
// message may be answered.
func FuzzTransfer(f *testing.F) {
	const n = 9
	sb, rb := Deal()
	zero, delta := someLabels(n)
	good, _, err := NewReceiver(rb).Choose(&[32]byte{}, make([]byte, (n+7)/8), n)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(len(good)), []byte{})
	f.Add(uint16(0), uint16(0), []byte{})
	f.Add(uint16(nonceBytes), uint16(len(good)), []byte{0, 0, 1})
	f.Add(uint16(len(good)-1), uint16(len(good)), []byte{1})
	f.Add(uint16(len(good)), uint16(len(good)+1), []byte{1})
	f.Fuzz(func(t *testing.T, at, size uint16, add []byte) {
		message := make([]byte, size)
		copy(message, good)
		if int(at) < len(message) {
			subtle.XORBytes(message[at:], message[at:], add)
		}
		_, err := NewSender(sb).Transfer(&[32]byte{}, message, zero, delta)
		switch {
		case len(message) != len(good):
			if err == nil || errors.Is(err, ErrCheat) {
				t.Fatalf("message of %d bytes: error %v", size, err)
			}
		case bytes.Equal(message, good):
			if err != nil {
				t.Fatal(err)
			}
		case !errors.Is(err, ErrCheat):
			t.Fatalf("altered message: error %v", err)
		}
	})
}

// FuzzLabels gives the receiver answers that are anything.
func FuzzLabels(f *testing.F) {
	_, rb := Deal()
	_, chosen, err := NewReceiver(rb).Choose(&[32]byte{}, []byte{5}, 3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add(make([]byte, CorrectionsBytes(3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		labels, err := chosen.Labels(data)
		if good := len(data) == CorrectionsBytes(3); good != (err == nil) || good != (len(labels) == 3) {
			t.Fatalf("%d bytes: %d labels, error %v", len(data), len(labels), err)
		}
	})
}
