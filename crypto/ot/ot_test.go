package ot

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"cipherbid/crypto/garble"
)

func TestLabelsAreTheChosenOnes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, r := pair()
	for _, n := range []int{1, 2, 7, 8, 9, 127, 128, 129, 256, 1000, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			zero, delta := someLabels(n)
			for range 3 {
				choices := randomBytes(rng, (n+7)/8)
				labels := run(t, s, r, &[32]byte{byte(n)}, choices, zero, delta)
				if at := firstWrong(labels, choices, zero, delta); at >= 0 {
					t.Fatalf("label %d is not the chosen one", at)
				}
			}
		})
	}
}

func TestExtremeChoices(t *testing.T) {
	s, r := pair()
	zero, delta := someLabels(300)
	for _, b := range []byte{0x00, 0xff} {
		choices := bytes.Repeat([]byte{b}, 38) // 300 bits and four of another's, which must not count
		labels := run(t, s, r, &[32]byte{}, choices, zero, delta)
		if at := firstWrong(labels, choices, zero, delta); at >= 0 {
			t.Errorf("label %d is not the chosen one", at)
		}
	}
}

func TestBasesSurviveTheirEncoding(t *testing.T) {
	sb, rb := Deal()
	s, r := NewSender((*SenderBase)(sb[:])), NewReceiver((*ReceiverBase)(bytes.Clone(rb[:])))
	clear(sb[:])
	clear(rb[:])
	zero, delta := someLabels(9)
	choices := []byte{0xa5, 1}
	if at := firstWrong(run(t, s, r, &[32]byte{}, choices, zero, delta), choices, zero, delta); at >= 0 {
		t.Errorf("label %d is not the chosen one", at)
	}
}

func TestDealtSeedsFollowTheSendersBits(t *testing.T) {
	sb, rb := Deal()
	s, pairs := NewSender(sb), rb.expand()
	ones := 0
	for i := range pairs {
		bit := int(s.s.mask(i) & 1)
		ones += bit
		if s.seeds[i] != pairs[i][bit] || s.seeds[i] == pairs[i][1-bit] {
			t.Errorf("seed %d is not the one that its bit chooses", i)
		}
	}
	if ones == 0 || ones == Base {
		t.Error("the sender's bits are all the same")
	}
	if other, _ := Deal(); *other == *sb {
		t.Error("two deals are the same")
	}
}

func TestConcurrentRunsOfOneBase(t *testing.T) {
	s, r := pair()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(2, uint64(g)))
			n := 100 + g
			zero, delta := someLabels(n)
			for i := range 5 {
				context := [32]byte{byte(g), byte(i)}
				choices := randomBytes(rng, (n+7)/8)
				message, chosen, err := r.Choose(&context, choices, n)
				if err != nil {
					t.Error(err)
					return
				}
				corrections, err := s.Transfer(&context, message, zero, delta)
				if err != nil {
					t.Error(err)
					return
				}
				labels, err := chosen.Labels(corrections)
				if err != nil || firstWrong(labels, choices, zero, delta) >= 0 {
					t.Errorf("labels are wrong, error %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// run is one honest run.
func run(t *testing.T, s *Sender, r *Receiver, context *[32]byte, choices []byte, zero []garble.Label,
	delta garble.Label) []garble.Label {
	t.Helper()
	n := len(zero)
	message, chosen, err := r.Choose(context, choices, n)
	if err != nil {
		t.Fatal(err)
	}
	if len(message) != MessageBytes(n) {
		t.Fatalf("message has %d bytes, want %d", len(message), MessageBytes(n))
	}
	corrections, err := s.Transfer(context, message, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	if len(corrections) != CorrectionsBytes(n) {
		t.Fatalf("corrections have %d bytes, want %d", len(corrections), CorrectionsBytes(n))
	}
	labels, err := chosen.Labels(corrections)
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// firstWrong is the first label that is not the chosen one, or -1.
func firstWrong(labels []garble.Label, choices []byte, zero []garble.Label, delta garble.Label) int {
	if len(labels) != len(zero) {
		return 0
	}
	want := slices.Clone(zero)
	for i := range want {
		if choices[i/8]>>(i%8)&1 == 1 {
			want[i] = want[i].Xor(delta)
		}
		if labels[i] != want[i] {
			return i
		}
	}
	return -1
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// someLabels returns labels and an offset, the same at each call.
func someLabels(n int) (zero []garble.Label, delta garble.Label) {
	raw := make([]byte, (n+1)*blockBytes)
	keystream([]byte("labels of tests."), raw)
	zero = make([]garble.Label, n)
	for i := range zero {
		zero[i] = garble.LabelFrom(raw[i*blockBytes:])
	}
	return zero, garble.LabelFrom(raw[n*blockBytes:])
}

func pair() (*Sender, *Receiver) {
	s, r := Deal()
	return NewSender(s), NewReceiver(r)
}
