package message

import "testing"

// bench runs f, which handles one message of the given size.
func bench(b *testing.B, size int, f func()) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(size), "message-bytes")
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func eachBench(b *testing.B, f func(b *testing.B, e *Epoch)) {
	for _, e := range epochs(b) {
		b.Run(string(e.Params.Kind()), func(b *testing.B) { f(b, e) })
	}
}

func BenchmarkEncodeRequest(b *testing.B) {
	eachBench(b, func(b *testing.B, e *Epoch) {
		r := sampleRequest(b, e)
		bench(b, len(e.EncodeRequest(r)), func() { e.EncodeRequest(r) })
	})
}

func BenchmarkDecodeRequest(b *testing.B) {
	eachBench(b, func(b *testing.B, e *Epoch) {
		raw := e.EncodeRequest(sampleRequest(b, e))
		bench(b, len(raw), func() {
			_, err := e.DecodeRequest(raw)
			must(b, err)
		})
	})
}

func BenchmarkDecodeBidRequest(b *testing.B) {
	eachBench(b, func(b *testing.B, e *Epoch) {
		raw := e.AppendBidRequest(nil, sampleRequest(b, e))
		bench(b, len(raw), func() {
			_, err := e.DecodeBidRequest(raw)
			must(b, err)
		})
	})
}

// 32 campaigns on one imp.
func BenchmarkAppendAnswer(b *testing.B) {
	eachBench(b, func(b *testing.B, e *Epoch) {
		a := sampleAnswer(e, Digest{}, "seat-1", sampleLanes(1, 32))
		buf := e.AppendAnswer(nil, a)
		bench(b, len(buf), func() { buf = e.AppendAnswer(buf[:0], a) })
	})
}

func BenchmarkDecodeAnswer(b *testing.B) {
	eachBench(b, func(b *testing.B, e *Epoch) {
		raw := e.AppendAnswer(nil, sampleAnswer(e, Digest{}, "seat-1", sampleLanes(1, 32)))
		bench(b, len(raw), func() {
			_, err := e.DecodeAnswer(raw)
			must(b, err)
		})
	})
}

// Nine bidders with 32 campaigns each.
func BenchmarkDecodeOpenRequest(b *testing.B) {
	e := epochs(b)[0]
	r, answers, m := sampleAuction(b, e, 9, 32)
	raw := encodeOpen(e, r, m, answers, 0)
	bench(b, len(raw), func() {
		_, err := e.DecodeOpenRequest(raw, 0)
		must(b, err)
	})
}
