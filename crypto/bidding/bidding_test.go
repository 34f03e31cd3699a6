package bidding

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

func TestPlaintextAnswersHoldTheLanes(t *testing.T) {
	m := newMarket(t, "", dim)
	s := m.seat(t, matrix(1, campaign, dim))
	r, _ := m.request(t, matrix(2, 1, dim)[0])
	bids := bidsOnFirst(campaign)
	a := m.answer(t, s, r, bids)
	if !slices.Equal(a.Clear, expected(t, s, r, bids)) || a.Hint != (message.Digest{}) || s.Enrolments()[0] != nil {
		t.Error("a plaintext answer holds other lanes, or keys")
	}
}

// A request is answered once, whatever the second answer would say, and however many ask at a time.
func TestOneAnswerForEachRequest(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		s := m.seat(t, matrix(1, 2, dim))
		r, _ := m.request(t, make([]float64, dim))
		m.answer(t, s, r, bidsOnFirst(2))
		for _, bids := range [][]LaneBid{bidsOnFirst(2), bidsOnFirst(1)} {
			if b, err := s.Answer(nil, r, noon, bids); !errors.Is(err, ErrAnswered) || b != nil {
				t.Errorf("a second answer: %d bytes, %v", len(b), err)
			}
		}
		m.answer(t, m.seat(t, matrix(1, 2, dim)), r, bidsOnFirst(2)) // another model version may
		number(r, 1)
		m.answer(t, s, r, bidsOnFirst(2))

		number(r, 2)
		var answers, refusals atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				switch _, err := s.Answer(nil, r, noon, bidsOnFirst(2)); {
				case err == nil:
					answers.Add(1)
				case errors.Is(err, ErrAnswered):
					refusals.Add(1)
				}
			})
		}
		group.Wait()
		if answers.Load() != 1 || refusals.Load() != 7 {
			t.Errorf("eight at a time: %d answers, %d refusals", answers.Load(), refusals.Load())
		}
	})
}

func TestConcurrentAnswersAreWhole(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		s := m.seat(t, matrix(1, campaign, dim))
		r, _ := m.request(t, matrix(2, 1, dim)[0])
		bids := bidsOnFirst(campaign)
		want := expected(t, s, r, bids)
		var us [3]*trustee
		if m.dir.Params().Encrypted() {
			us = m.trustees(t, s)
		}
		answers := make([][]byte, 16)
		var group sync.WaitGroup
		for worker := range 4 {
			group.Go(func() {
				for i := worker; i < len(answers); i += 4 {
					own := *r
					number(&own, uint64(i))
					var err error
					if answers[i], err = s.Answer(nil, &own, noon, bids); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		for _, b := range answers {
			a, err := m.dir.Epoch().DecodeAnswer(b)
			if err != nil {
				t.Fatal(err)
			}
			if us[0] == nil {
				if !slices.Equal(a.Clear, want) {
					t.Error("lanes are mixed up")
				}
				continue
			}
			first, second := us[0].parts(t, a), us[1].parts(t, a)
			p0, p1, p2 := message.Lanes(second[0]), message.Lanes(first[0]), message.Lanes(first[1])
			for k := range want {
				if p0[k]+p1[k]+p2[k] != want[k] {
					t.Fatal("lanes are mixed up")
				}
			}
		}
	})
}

func TestAnswerAppends(t *testing.T) {
	m := newMarket(t, "", dim)
	s := m.seat(t, matrix(1, 2, dim))
	r, _ := m.request(t, make([]float64, dim))
	b, err := s.Answer([]byte("head"), r, noon, bidsOnFirst(2))
	if err != nil || !bytes.HasPrefix(b, []byte("head")) {
		t.Fatal(err)
	}
	if _, err := m.dir.Epoch().DecodeAnswer(b[4:]); err != nil {
		t.Error(err)
	}
}

func TestMaxBidBecomesTheLaneCap(t *testing.T) {
	m := newMarket(t, "", dim)
	s := m.seat(t, matrix(1, 1, dim))
	for _, tc := range []struct {
		name   string
		maxBid float64
		want   int32
	}{
		{"none", 0, message.NoCap},
		{"the request's cap", 100, message.NoCap},
		{"above the request's cap", 1e6, message.NoCap},
		{"infinite", math.Inf(1), message.NoCap},
		{"just below the request's cap", math.Nextafter(100, 0), message.NoCap},
		{"a factor e below the cap", 100 / math.E, 15 << params.LaneBits},
		{"one", 1, int32(math.Round((16 - math.Log(100)) * (1 << params.LaneBits)))},
		{"the middle of the range", 100 * math.Exp(-16), 0},
		{"the least of the range", 100 * math.Exp(-32), -1 << 30},
		{"below the range", 1e-30, -1 << 30},
		{"as small as can be", math.SmallestNonzeroFloat64, -1 << 30},
	} {
		r, _ := m.request(t, make([]float64, dim))
		a := m.answer(t, s, r, []LaneBid{{MaxBid: tc.maxBid}})
		if got := a.Lanes[0].Cap; got != tc.want {
			t.Errorf("%s: cap %d, want %d", tc.name, got, tc.want)
		}
	}
}

// CanBid and Answer agree on what can be expressed: from cap e^-32 to cap.
func TestCanBid(t *testing.T) {
	m := newMarket(t, "", dim)
	s := m.seat(t, matrix(1, 1, dim))
	r, _ := m.request(t, make([]float64, dim))
	top := math.Log(100)
	for n, tc := range []struct {
		logBid float64
		can    bool
	}{
		{top, true}, {top + 1e-9, false}, {top - 16, true}, {top - 31.999999, true}, {top - 32.000001, false}, {0, true},
		{math.NaN(), false}, {math.Inf(1), false}, {math.Inf(-1), false}, {math.MaxFloat64, false}, {-math.MaxFloat64, false},
	} {
		number(r, uint64(n))
		if got := CanBid(r.Terms, tc.logBid); got != tc.can {
			t.Errorf("CanBid(%v) is %v", tc.logBid, got)
		}
		_, err := s.Answer(nil, r, noon, []LaneBid{{LogBid: tc.logBid}})
		if (err == nil) != tc.can || err != nil && !strings.Contains(err.Error(), "cannot be expressed under a cap of 100") {
			t.Errorf("answering with %v: %v", tc.logBid, err)
		}
	}
}

func TestAnswerDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools allocate")
	}
	eachMarket(t, func(t *testing.T, m *market) {
		s := m.seat(t, matrix(1, campaign, dim))
		r, _ := m.request(t, make([]float64, dim))
		bids := bidsOnFirst(campaign)
		var buf []byte
		n := uint64(0)
		answer := func() {
			number(r, n)
			n++
			var err error
			if buf, err = s.Answer(buf[:0], r, noon, bids); err != nil {
				t.Fatal(err)
			}
		}
		for range 2000 { // the memory of answered requests grows in steps, ever rarer
			answer()
		}
		if got := testing.AllocsPerRun(1000, answer); got >= 1 {
			t.Errorf("an answer allocates %v times", got)
		}
	})
}
