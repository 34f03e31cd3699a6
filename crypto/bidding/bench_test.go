package bidding

import (
	"testing"

	"cipherbid/crypto/keys"
)

// 32 campaigns, 64 features, one imp: scores, three parts with commitments, three boxes.
func BenchmarkAnswer(b *testing.B) {
	for _, suite := range []keys.Suite{keys.X25519, ""} { // the suite does not matter once enrolled
		name := "encrypted"
		if suite == "" {
			name = "plaintext"
		}
		b.Run(name, func(b *testing.B) {
			m := newMarket(b, suite, dim)
			s := m.seat(b, matrix(1, campaign, dim))
			r, _ := m.request(b, matrix(2, 1, dim)[0])
			bids := bidsOnFirst(campaign)
			var buf []byte
			n := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				number(r, n) // a request is answered once
				n++
				var err error
				if buf, err = s.Answer(buf[:0], r, noon, bids); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "answer-bytes")
		})
	}
}
