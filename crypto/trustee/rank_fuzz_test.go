package trustee

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

// Whatever is done to an honest call, a trustee refuses it without a panic, and serves the call itself, once.
func FuzzRank(f *testing.F) {
	w := newWired(f)
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	call := c.call(1, patience)
	garbler := c.rolesOf(call)[message.Garbler] // it waits for nobody
	raw := w.encodedCall(c, message.EncodeCall(call), garbler)
	seeds(f, len(raw))
	for at := range 80 { // frame and call
		f.Add(script(0, 1, at))
	}
	served := false
	f.Fuzz(func(t *testing.T, script []byte) {
		now := time.Now()
		if now.After(c.request.Terms.Expiry) {
			t.Skip("the call has expired")
		}
		if _, err := w.trustees[garbler].Rank(script, now); err == nil {
			t.Fatal("an outcome for a script")
		}
		b := edit(raw, script)
		_, err := w.trustees[garbler].Rank(b, now)
		switch same := bytes.Equal(b, raw); {
		case !same && err == nil:
			t.Fatal("served a call that was altered")
		case same && err != nil && !(served && errors.Is(err, ErrAttempt)):
			t.Fatalf("refused a call: %v", err)
		case same:
			served = true
		}
	})
}

// Whatever comes over a link, a trustee takes it or refuses it without a panic, and goes on ranking with the others.
func FuzzReceive(f *testing.F) {
	w := newWired(f)
	var frames [][]byte
	w.passing(func(_, _ int, frame []byte) [][]byte {
		frames = append(frames, bytes.Clone(frame))
		return [][]byte{frame}
	})
	c := w.sealedSale()
	w.ranks(c, c.call(0, patience))
	w.dealt()
	w.passing(nil)
	frames = append(frames, w.order("2x1 g7 p2", [8]byte{1}, 1, 0), w.order("2x1 g7 p2", [8]byte{1}, 1, 99))
	for n := range frames {
		for at := range 70 {
			f.Add(uint8(n), uint8(at%3), script(byte(at%2), 1<<(at%8), at))
		}
		f.Add(uint8(n), uint8(0), script(2, 200, 60))
		f.Add(uint8(n), uint8(1), script(4, 0, len(frames[n])/2))
		f.Add(uint8(n), uint8(2), []byte{})
	}
	f.Fuzz(func(t *testing.T, n, peer uint8, script []byte) {
		frame := edit(frames[int(n)%len(frames)], script)
		for _, trustee := range w.trustees {
			if int(peer) < len(w.trustees) && int(peer) != trustee.index {
				_ = trustee.Receive(int(peer), bytes.Clone(frame), time.Now())
			}
		}
		w.settled()
	})
}
