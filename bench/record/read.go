package record

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/klauspost/compress/zstd"
)

// Histograms returns the histograms of the run in their order, several lines of one tag merged; none if it has no latency.hlog.
func (s *Saved) Histograms() ([]*hdrhistogram.Histogram, error) {
	f, err := os.Open(filepath.Join(s.Dir, LatencyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := readHistograms(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return h, nil
}

func readHistograms(r io.Reader) ([]*hdrhistogram.Histogram, error) {
	in := hdrhistogram.NewHistogramLogReader(r)
	var all []*hdrhistogram.Histogram
	for lines := 0; ; lines++ {
		h, err := in.NextIntervalHistogram()
		if err != nil {
			return nil, err
		}
		if h == nil {
			return all, nil
		}
		if lines >= maxHistograms {
			return nil, fmt.Errorf("more than %d histograms", maxHistograms)
		}
		i := slices.IndexFunc(all, func(o *hdrhistogram.Histogram) bool { return o.Tag() == h.Tag() })
		if i < 0 {
			all = append(all, h)
		} else if lost := all[i].Merge(h); lost > 0 {
			return nil, fmt.Errorf("tag %s: %d values beyond the range of its first line", h.Tag(), lost)
		}
	}
}

// Samples reads the auctions of the run one by one; none if it has no samples. After an error nothing follows.
func (s *Saved) Samples() iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		f, err := os.Open(filepath.Join(s.Dir, SamplesFile))
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(Sample{}, err)
			return
		}
		defer f.Close()
		for sample, err := range readSamples(io.LimitReader(f, maxFile)) {
			if err != nil {
				err = fmt.Errorf("%s: %w", f.Name(), err)
			}
			if !yield(sample, err) || err != nil {
				return
			}
		}
	}
}

func readSamples(r io.Reader) iter.Seq2[Sample, error] {
	return func(yield func(Sample, error) bool) {
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			yield(Sample{}, err)
			return
		}
		defer z.Close()
		c := csv.NewReader(z)
		c.ReuseRecord = true
		header, err := c.Read()
		if err == nil && !slices.Equal(header, sampleHeader) {
			err = fmt.Errorf("columns %v, want %v", header, sampleHeader)
		}
		if err != nil {
			yield(Sample{}, err)
			return
		}
		for {
			row, err := c.Read()
			if err == io.EOF {
				return
			}
			var sample Sample
			if err == nil {
				sample, err = parseSample(row)
			}
			if err != nil {
				line, _ := c.FieldPos(0)
				err = fmt.Errorf("line %d: %w", line, err)
			}
			if !yield(sample, err) || err != nil {
				return
			}
		}
	}
}

func parseSample(row []string) (Sample, error) {
	s := Sample{AuctionID: strings.Clone(row[0]), Outcome: strings.Clone(row[4])}
	for i, into := range []*int64{&s.ScheduledNS, &s.StartNS, &s.DoneNS} {
		v, err := strconv.ParseInt(row[1+i], 10, 64)
		if err != nil {
			return Sample{}, fmt.Errorf("column %s: %w", sampleHeader[1+i], err)
		}
		*into = v
	}
	return s, nil
}
