package auction

import (
	"testing"

	"cipherbid/crypto/message"
)

const tieDraws = 20_000

// chiSquared is Pearson's statistic against equal chances.
func chiSquared(counts []int) float64 {
	total, sum := 0, 0.0
	for _, n := range counts {
		total += n
	}
	expected := float64(total) / float64(len(counts))
	for _, n := range counts {
		sum += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	return sum
}

// The requests are fixed, so a statistic below the 99.9 % quantile stays there.
func TestTiedSeatsWinEquallyOften(t *testing.T) {
	tied := func(seats []string, campaigns map[string]int) []bid {
		var bids []bid
		for imp := range 2 {
			for _, s := range seats {
				for k := range max(1, campaigns[s]) {
					bids = append(bids, cpm(s, 3).of(k).on(imp))
				}
			}
		}
		return bids
	}
	seats := []string{"a", "b", "c"}
	for name, campaigns := range map[string]map[string]int{
		"one campaign each":                   nil,
		"five campaigns of one seat":          {"a": 5},
		"five of one seat and two of another": {"b": 5, "c": 2},
	} {
		t.Run(name, func(t *testing.T) {
			m, lanes := entriesOf(message.Digest{}, tied(seats, campaigns))
			wins, both := make([]int, 3), make([]int, 9)
			chosen := make([]int, 5)
			for n := range uint64(tieDraws) {
				m.Request = digestOf(n)
				got := Rank(terms(limit, 0, 0), m, lanes)
				first, second := int(got[0].Seat[0]-'a'), int(got[1].Seat[0]-'a')
				wins[first]++
				both[3*first+second]++
				if campaigns[got[0].Seat] == 5 {
					chosen[got[0].Campaign]++
				}
			}
			if x := chiSquared(wins); x > 13.82 { // 2 degrees of freedom
				t.Errorf("wins %v: chi-squared %.1f", wins, x)
			}
			if x := chiSquared(both); x > 26.12 { // 8: imps are drawn apart
				t.Errorf("winners of two imps %v: chi-squared %.1f", both, x)
			}
			if x := chiSquared(chosen); campaigns != nil && x > 18.47 { // 4
				t.Errorf("campaigns %v: chi-squared %.1f", chosen, x)
			}
		})
	}
}
