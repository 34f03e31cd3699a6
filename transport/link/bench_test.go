package link

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
)

// One way over the loopback interface, both ends in this process.
func BenchmarkOneWay(b *testing.B) {
	for _, tc := range []struct {
		name string
		size int
	}{{"200B", 200}, {"2KB", 2000}, {"200KB", 200_000}} {
		b.Run(tc.name, func(b *testing.B) {
			g := newGroup(b, 2)
			listener := g.config(1)
			var arrived atomic.Int64
			all := make(chan struct{})
			listener.Handle = func(int, []byte) {
				if arrived.Add(1) == int64(b.N) {
					close(all)
				}
			}
			dialer := g.config(0)
			dialer.MaxQueue = 4 << 20
			sender, _ := pair(b, g, dialer, listener)
			frame := make([]byte, tc.size)
			b.SetBytes(int64(tc.size))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				err := sender.Send(1, frame)
				for ; errors.Is(err, ErrQueue); err = sender.Send(1, frame) {
					runtime.Gosched()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			<-all
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

// There and back, one frame at a time: the latency that an idle link adds.
func BenchmarkRoundTrip(b *testing.B) {
	g := newGroup(b, 2)
	dialer, listener := g.config(0), g.config(1)
	back := make(chan struct{}, 1)
	dialer.Handle = func(int, []byte) { back <- struct{}{} }
	var echo atomic.Pointer[Hub]
	listener.Handle = func(peer int, frame []byte) {
		if err := echo.Load().Send(peer, frame); err != nil {
			b.Error(err)
		}
	}
	here, there := pair(b, g, dialer, listener)
	echo.Store(there.Hub)
	frame := make([]byte, 200)
	b.ResetTimer()
	for range b.N {
		if err := here.Send(1, frame); err != nil {
			b.Fatal(err)
		}
		<-back
	}
}
