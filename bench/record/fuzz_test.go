package record

import (
	"bytes"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func FuzzReadSamples(f *testing.F) {
	good, err := samplesFile([]Sample{{"a", 1, 2, 3, "sold"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("auction_id"))
	f.Fuzz(func(t *testing.T, b []byte) {
		failed := false
		for _, err := range readSamples(bytes.NewReader(b)) {
			if failed {
				t.Fatal("went on after an error")
			}
			failed = err != nil
		}
	})
}

func FuzzReadHistograms(f *testing.F) {
	h := NewHistogram()
	h.SetTag("a.b")
	if err := h.RecordValue(12345); err != nil {
		f.Fatal(err)
	}
	good, err := histogramLog([]*hdrhistogram.Histogram{h, h}, time.Unix(0, 0), time.Unix(1, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("Tag=a\n\n1,2,3,x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := readHistograms(bytes.NewReader(b))
		if err == nil && len(all) > maxHistograms {
			t.Fatal("too many")
		}
	})
}
