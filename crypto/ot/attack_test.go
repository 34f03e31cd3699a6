package ot

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"testing"
	"testing/cryptotest"

	"cipherbid/crypto/garble"
)

// bet is a receiver's lie: it flips its bit for a transfer in one column only. Row and label of that transfer then depend on bit
// s_column. It answers the check as it must if that bit is the guess.
type bet struct {
	column, transfer int
	guess            uint64
}

// forge is Choose for bits that are all zero, with lies. The best that is known is to lie in u, and to answer with
// R(t_i) + guess R(flipped bit).
func (r *Receiver) forge(context *[32]byte, n int, bets []bet) (message []byte, t columns, said *transcript) {
	message = make([]byte, nonceBytes+columnsBytes(n), MessageBytes(n))
	run := begin(context, message[:nonceBytes], n)
	x, u := pad(make([]byte, (n+7)/8), n), columns(message[nonceBytes:])
	t = r.columns(run, x, u)
	claimed := append(columns{}, t...)
	for _, b := range bets {
		u.column(b.column)[b.transfer/8] ^= 1 << (b.transfer % 8)
		claimed.column(b.column)[b.transfer/8] ^= byte(b.guess) << (b.transfer % 8)
	}
	said = run.afterColumns(u)
	return said.challenges(n).respond(message, x, claimed), t, said
}

// everywhere is a bet on each bit of s, each at the expense of a transfer of its own.
func everywhere(guess uint64) []bet {
	bets := make([]bet, Base)
	for i := range bets {
		bets[i] = bet{column: i, transfer: i, guess: guess}
	}
	return bets
}

// TestWithoutTheCheckAReceiverReadsDelta is why there is a check. The receiver recognises right labels (by the gates that they
// open, for instance): each tells it a bit of s, and with s it unmasks the other labels of any run.
func TestWithoutTheCheckAReceiverReadsDelta(t *testing.T) {
	s, r := pair()
	zero, delta := someLabels(Base)
	context := [32]byte{}
	message, rows, said := r.forge(&context, Base, everywhere(0))

	q := s.columns(begin(&context, message[:nonceBytes], Base), message[nonceBytes:][:columnsBytes(Base)])
	unchecked := s.mask(said, q, zero, delta)
	labels := unmask(rows, said, unchecked, 0, element{})
	var read element
	for i := range Base {
		bit := uint64(0)
		if labels[i] != zero[i] {
			bit = 1
		}
		if i < 64 {
			read.lo |= bit << i
		} else {
			read.hi |= bit << (i - 64)
		}
	}
	if read != s.s {
		t.Fatal("the attack does not read s")
	}
	message, rows, said = r.forge(&context, Base, nil) // from here on it need not lie
	corrections, err := s.Transfer(&context, message, zero, delta)
	if err != nil {
		t.Fatal(err)
	}
	ones := unmask(rows, said, corrections, 1, read)
	for i, l := range unmask(rows, said, corrections, 0, element{}) {
		if l != zero[i] || ones[i] != zero[i].Xor(delta) {
			t.Fatalf("the attack does not read both labels of transfer %d", i)
		}
	}
}

// unmask decodes half of the corrections with the rows plus an offset.
func unmask(t columns, said *transcript, corrections []byte, half int, offset element) []garble.Label {
	masks := said.masks(corrections[:nonceBytes])
	labels := make([]garble.Label, Base)
	var rows [Base]element
	t.rows(0, &rows)
	for i := range labels {
		y := garble.LabelFrom(corrections[nonceBytes+i*pairBytes+half*blockBytes:])
		labels[i] = masks.hash(rows[i].xor(offset), i).Xor(y)
	}
	return labels
}

// TestTheCheckStopsTheReceiver makes the same attack, now checked: the base is lost.
func TestTheCheckStopsTheReceiver(t *testing.T) {
	for guess := range uint64(2) {
		s, r := pair()
		zero, delta := someLabels(Base)
		message, _, _ := r.forge(&[32]byte{}, Base, everywhere(guess))
		if _, err := s.Transfer(&[32]byte{}, message, zero, delta); !errors.Is(err, ErrCheat) {
			t.Fatalf("guess %d: error %v", guess, err)
		}
		honest, _, err := r.Choose(&[32]byte{1}, make([]byte, Base/8), Base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Transfer(&[32]byte{1}, honest, zero, delta); !errors.Is(err, ErrCheat) {
			t.Errorf("guess %d: after a failed check an honest message gives error %v", guess, err)
		}
	}
}

// TestBets: whoever bets on bits of s passes exactly if all its guesses are right, which is the leakage that is allowed.
func TestBets(t *testing.T) {
	sb, rb := Deal()
	r, s := NewReceiver(rb), NewSender(sb).s
	zero, delta := someLabels(300)
	columns := []int{0, 63, 64, 100, 127}
	for wrong := -1; wrong < len(columns); wrong++ {
		t.Run(fmt.Sprint("wrong guess ", wrong), func(t *testing.T) {
			var bets []bet
			for k, c := range columns {
				b := bet{column: c, transfer: 70 * k, guess: s.mask(c) & 1}
				if k == wrong {
					b.guess ^= 1
				}
				bets = append(bets, b)
			}
			message, _, _ := r.forge(&[32]byte{}, 300, bets)
			_, err := NewSender(sb).Transfer(&[32]byte{}, message, zero, delta)
			if wrong < 0 && err != nil {
				t.Errorf("all guesses are right: %v", err)
			}
			if wrong >= 0 && !errors.Is(err, ErrCheat) {
				t.Errorf("a guess is wrong: error %v", err)
			}
		})
	}
}

// TestBettingTimeAfterTime: a receiver that tries for one bit after the other learns as many as it guesses before its first error,
// and then nothing for ever.
func TestBettingTimeAfterTime(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	const bases = 100
	total := 0
	for range bases {
		s, r := pair()
		zero, delta := someLabels(8)
		learnt := 0
		for i := range 20 {
			message, _, _ := r.forge(&[32]byte{}, 8, []bet{{column: i, transfer: 0, guess: 0}})
			if _, err := s.Transfer(&[32]byte{}, message, zero, delta); err == nil {
				learnt++
			}
		}
		if want := min(20, bits.TrailingZeros64(s.s.lo)); learnt != want {
			t.Fatalf("receiver learnt %d bits, wrong at bit %d", learnt, want)
		}
		total += learnt
	}
	if total > 2*bases { // one each is expected
		t.Errorf("receivers learnt %d bits of %d bases", total, bases)
	}
}

// TestBettingAtTheSameTime places bets in parallel: once one of them is lost, no further one may show whether it was right.
func TestBettingAtTheSameTime(t *testing.T) {
	s, r := pair()
	zero, delta := someLabels(8)
	lost, _, _ := r.forge(&[32]byte{}, 8, everywhere(0)[:1])
	if s.s.mask(0) == 0 {
		lost, _, _ = r.forge(&[32]byte{}, 8, everywhere(1)[:1])
	}
	good, _, _ := r.forge(&[32]byte{}, 8, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := s.Transfer(&[32]byte{}, lost, zero, delta); !errors.Is(err, ErrCheat) {
				t.Errorf("lost bet: error %v", err)
			}
			if _, err := s.Transfer(&[32]byte{}, good, zero, delta); !errors.Is(err, ErrCheat) {
				t.Errorf("good message after a lost bet: error %v", err)
			}
		})
	}
	wg.Wait()
}
