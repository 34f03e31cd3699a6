package auction

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

// BenchmarkRank ranks bidders with four campaigns each on one imp.
func BenchmarkRank(b *testing.B) {
	for _, bidders := range []int{9, 100} {
		b.Run(fmt.Sprint(bidders), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			var all []bid
			for s := range bidders {
				for k := range 4 {
					all = append(all, cpm(fmt.Sprint("seat-", s), 0.1+rng.Float64()*20).of(k))
				}
			}
			m, lanes := entriesOf(digestOf(1), all)
			terms := terms(limit, 0.5)
			b.ReportAllocs()
			for b.Loop() {
				Rank(terms, m, lanes)
			}
		})
	}
}

// BenchmarkCombine adds the shares of nine bidders with four lanes each, all three trustees compared.
func BenchmarkCombine(b *testing.B) {
	var all []bid
	for s := range 9 {
		for k := range 4 {
			all = append(all, cpm(fmt.Sprint("seat-", s), 2).of(k))
		}
	}
	o := openingOf(all)
	shares := o.only(0, 1, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := combine(o.manifest, shares); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusal is what a request costs that is auctioned twice: what an attacker can make the auctioneer do for nothing.
func BenchmarkRefusal(b *testing.B) {
	h := open(b, nil)
	raw := h.encode(func(t *message.Terms) { t.TMax = 1000 })
	now := time.Now()
	_, _ = h.Run(raw, now)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Run(raw, now); err == nil {
			b.Fatal("auctioned twice")
		}
	}
}
