package market

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"cipherbid/auction"
	"cipherbid/crypto/message"
)

// run auctions all users of a world from some goroutines and returns the results in the users' order.
func run(t *testing.T, m *Market, w *world, goroutines int) [][]auction.Outcome {
	t.Helper()
	results := make([][]auction.Outcome, len(w.users))
	next := make(chan int, len(w.users))
	for i := range w.users {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range next {
				got, _, err := m.Auction(w.users[i])
				if err != nil {
					t.Errorf("user %d: %v", i, err)
					continue
				}
				results[i] = got.Imps
			}
		})
	}
	wg.Wait()
	return results
}

// TestMarketIsTheReference holds the same auctions in markets that differ in what must not matter: encryption, circuits made in
// advance, the order in which seats are listed, how many auctions run at once, on how many processors. Each decides as the
// reference on float64 bids does, up to the price grid, and so do all of them alike.
func TestMarketIsTheReference(t *testing.T) {
	eachMode(t, marketIsTheReference)
}

func marketIsTheReference(t *testing.T, mode message.Mode) {
	users := 60
	if testing.Short() {
		users = 20
	}
	w := newWorld(11, mode, 7, users)
	reversed := slices.Clone(w.seats)
	slices.Reverse(reversed)
	kinds := bothKinds(t)
	var first [][]auction.Outcome
	for _, tc := range []struct {
		name, kind             string
		seats                  []Seat
		goroutines, processors int
		stock                  int
	}{
		{"encrypted", "encrypted", w.seats, 1, runtime.GOMAXPROCS(0), 0},
		{"encrypted, one processor", "encrypted", w.seats, 3, 1, 0},
		{"encrypted, nothing made in advance", "encrypted", w.seats, 3, runtime.GOMAXPROCS(0), -1},
		{"encrypted, other order, eight at once", "encrypted", reversed, 8, runtime.GOMAXPROCS(0), 0},
		{"plaintext, other order, eight at once", "plaintext", reversed, 8, runtime.GOMAXPROCS(0), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(tc.processors))
			m := start(t, Config{Params: kinds[tc.kind], Mode: mode, Stock: tc.stock, Seats: tc.seats})
			results := run(t, m, w, tc.goroutines)
			if t.Failed() {
				return
			}
			ties, sold := 0, 0
			for i, got := range results {
				ties += w.check(t, w.users[i], got, w.all())
				for _, o := range got {
					if o.Sold {
						sold++
					}
				}
			}
			if imps := users * len(slots); ties > imps/20 || sold < imps/2 {
				t.Errorf("of %d imps %d were sold, and %d so close that noise decided: the test says little", imps, sold, ties)
			}
			if first == nil {
				first = results
			}
			compare(t, w, first, results)
		})
	}
}

// compare checks that two markets decided alike.
func compare(t *testing.T, w *world, a, b [][]auction.Outcome) {
	t.Helper()
	for i := range a {
		_, tie := w.reference(w.users[i], w.all())
		for imp := range a[i] {
			x, y := a[i][imp], b[i][imp]
			if tie[imp] {
				continue
			}
			samePrices := samePrice(w.mode, x.Price, y.Price) || samePrice(w.mode, y.Price, x.Price) // noise may cross a step
			if x.Seat != y.Seat || x.Campaign != y.Campaign || !samePrices {
				t.Errorf("user %d, imp %d: %+v in one market, %+v in another", i, imp, x, y)
			}
		}
	}
}
