package trustee

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// shapes are auctions to measure: how many bidders with how many lanes each.
var shapes = []struct{ bidders, lanes int }{{9, 1}, {10, 6}}

// boxes are the kinds of boxes in which sub-keys travel: encrypted to a period key of either suite, or in a publisher's session.
var boxes = []struct {
	name    string
	suite   keys.Suite
	session bool
}{{"box=hybrid", keys.Hybrid, false}, {"box=x25519", keys.X25519, false}, {"box=session", keys.Hybrid, true}}

// auctionOf makes a market with as many bidders, of an organisation each, and closes an auction in it.
func auctionOf(b *testing.B, suite keys.Suite, session bool, bidders, lanes int) (*market, *closed) {
	b.Helper()
	p, err := params.Default(dim)
	if err != nil {
		b.Fatal(err)
	}
	var seats []keyring.Seat
	for k := range bidders {
		id := fmt.Sprintf("bidder-%d", k)
		seats = append(seats, keyring.Seat{ID: id, Organisation: id})
	}
	m := makeMarket(b, p, suite, seats)
	r := m.ask(opportunity())
	if session {
		a, _ := m.sessionAgent("news")
		r = m.askBy(a)
	}
	var answers []*message.Answer
	for _, id := range m.enrolled {
		answers = append(answers, m.answerWith(id, r, bids(r.Terms)[:lanes]))
	}
	c := m.close(r, answers...)
	m.works(c)
	return m, c
}

// BenchmarkOpen serves one auction again and again, each time with the synced write that pins it.
func BenchmarkOpen(b *testing.B) {
	for _, box := range boxes {
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%s/bidders=%d/lanes=%d", box.name, s.bidders, s.lanes), func(b *testing.B) {
				m, c := auctionOf(b, box.suite, box.session, s.bidders, s.lanes)
				raw, now := m.encoded(c, 0), c.request.Terms.Issued
				answer := 0
				b.ReportAllocs()
				for b.Loop() {
					sealed, err := m.trustees[0].Open(raw, now)
					if err != nil {
						b.Fatal(err)
					}
					answer = len(sealed)
				}
				b.ReportMetric(float64(len(raw)), "request-B")
				b.ReportMetric(float64(answer), "answer-B")
			})
		}
	}
}

// BenchmarkUnlock opens the user agent's box, after its signature where it needs one, expands both sub-keys and checks b.
func BenchmarkUnlock(b *testing.B) {
	for _, box := range boxes {
		b.Run(box.name, func(b *testing.B) {
			m, c := auctionOf(b, box.suite, box.session, 2, 1)
			o, err := m.dir.Epoch().DecodeOpenRequest(m.encoded(c, 0), 0)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				d, err := m.unlock(0, o)
				if err != nil {
					b.Fatal(err)
				}
				d.Close()
			}
			b.ReportMetric(float64(len(o.Box)), "box-B")
		})
	}
}

// BenchmarkAdmit decodes an open request and checks its terms and the auctioneer's tag.
func BenchmarkAdmit(b *testing.B) {
	for _, s := range shapes {
		b.Run(fmt.Sprintf("bidders=%d/lanes=%d", s.bidders, s.lanes), func(b *testing.B) {
			m, c := auctionOf(b, keys.X25519, false, s.bidders, s.lanes)
			raw, now := m.encoded(c, 0), c.request.Terms.Issued
			b.ReportAllocs()
			for b.Loop() {
				o, err := m.dir.Epoch().DecodeOpenRequest(raw, 0)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := m.trustees[0].admit(o, message.Open, message.ManifestContext(&o.ManifestBound, 0), now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEntries opens every bidder's box and forms the shares of its lanes.
func BenchmarkEntries(b *testing.B) {
	for _, s := range shapes {
		b.Run(fmt.Sprintf("bidders=%d/lanes=%d", s.bidders, s.lanes), func(b *testing.B) {
			m, c := auctionOf(b, keys.X25519, false, s.bidders, s.lanes)
			o, err := m.dir.Epoch().DecodeOpenRequest(m.encoded(c, 0), 0)
			if err != nil {
				b.Fatal(err)
			}
			d, err := m.unlock(0, o)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			var hasher message.Hasher
			b.ReportAllocs()
			for b.Loop() {
				for i := range o.Boxes {
					if e := m.trustees[0].openEntry(o, i, d, &hasher, nil); e.Status != opened {
						b.Fatal(e.Status)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.bidders*s.lanes), "ns/lane")
		})
	}
}

// BenchmarkPin is the synced write of a new pin: one after another, and eight goroutines a processor, whose writes share a sync.
func BenchmarkPin(b *testing.B) {
	now := time.Unix(1_800_000_000, 0)
	store := func(b *testing.B) *Store {
		s, err := OpenStore(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		b.ReportAllocs()
		return s
	}
	b.Run("alone", func(b *testing.B) {
		s := store(b)
		n := 0
		for b.Loop() {
			n++
			if err := s.putPin(digestOf(n), message.Digest{}, now.Add(time.Minute), now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("together", func(b *testing.B) {
		s := store(b)
		var n atomic.Int64
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := s.putPin(digestOf(int(n.Add(1))), message.Digest{}, now.Add(time.Minute), now); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
