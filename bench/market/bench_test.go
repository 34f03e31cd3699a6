package market

import (
	"testing"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// benchmarkAuction auctions users one after the other and two at a time, with nine bidders of one to four campaigns and two
// imps: encryption by the user agent, HTTP between all parties, ranking, everything on this machine.
func benchmarkAuction(b *testing.B, mode message.Mode, p *params.Params, err error) {
	if err != nil {
		b.Fatal(err)
	}
	w := newWorld(3, mode, 9, 50)
	m, err := Start(Config{Params: p, Mode: mode, Seats: w.seats})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			b.Error(err)
		}
	}()
	perOp := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed())/float64(time.Millisecond)/float64(b.N), "ms/op")
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, _, err := m.Auction(w.users[i%len(w.users)]); err != nil {
				b.Fatal(err)
			}
		}
		perOp(b)
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, _, err := m.Auction(w.users[i%len(w.users)]); err != nil {
					b.Error(err)
					return
				}
			}
		})
		perOp(b)
	})
}

func BenchmarkAuctionSealed(b *testing.B) {
	p, err := params.Default(dim)
	benchmarkAuction(b, message.Sealed, p, err)
}

func BenchmarkAuctionOpen(b *testing.B) {
	p, err := params.Default(dim)
	benchmarkAuction(b, message.Open, p, err)
}

func BenchmarkAuctionPlaintext(b *testing.B) {
	p, err := params.Plain(11, dim)
	benchmarkAuction(b, message.Sealed, p, err)
}
