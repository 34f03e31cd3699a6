package record

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/klauspost/compress/zstd"
)

// Names of the files of a run.
const (
	ManifestFile = "manifest.json"
	SummaryFile  = "summary.json"
	ValidityFile = "validity.json"
	LatencyFile  = "latency.hlog"
	SamplesFile  = "samples.csv.zst"
)

// Close writes the run and returns its folder. The error says what could not be written, in which case there is no folder, or
// which of the recorder's methods were misused, in which case there is one and its gate "recorder" fails. What is recorded after
// Close is lost. A second Close does nothing and returns the same.
func (r *Run) Close() (dir string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.dir, r.err = r.write(time.Now().UTC())
	}
	return r.dir, r.err
}

func (r *Run) write(now time.Time) (string, error) {
	misuse := errors.Join(r.problems...)
	r.manifest.Finished = now
	files, err := r.files(now)
	if err != nil {
		return "", fmt.Errorf("run of suite %s: %w", r.manifest.Suite, err)
	}
	r.manifest.Files = map[string]string{}
	for name, content := range files {
		r.manifest.Files[name] = hexHash(content)
	}
	dir, err := r.place(files)
	if err != nil {
		return "", fmt.Errorf("write a run of suite %s: %w", r.manifest.Suite, err)
	}
	if misuse != nil {
		return dir, fmt.Errorf("%s is written but not valid: %w", dir, misuse)
	}
	return dir, nil
}

// validity adds the gates that the recorder itself decides.
func (r *Run) validity() Validity {
	v := Validity{Valid: true, Gates: append([]Gate{}, r.gates...)}
	given := map[string]bool{}
	for _, g := range v.Gates {
		given[g.Name] = true
	}
	for _, name := range r.manifest.Gates {
		if !given[name] {
			given[name] = true
			v.Gates = append(v.Gates, Gate{name, false, "not reached: the run ended early"})
		}
	}
	if len(v.Gates) == 0 {
		v.Gates = append(v.Gates, Gate{"gated", false, "no gate says whether this run counts"})
	}
	if len(r.problems) > 0 {
		v.Gates = append(v.Gates, Gate{"recorder", false, errors.Join(r.problems...).Error()})
	}
	for _, g := range v.Gates {
		v.Valid = v.Valid && g.OK
	}
	return v
}

// files makes the content of every file but the manifest.
func (r *Run) files(now time.Time) (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	if len(r.histograms) > 0 {
		if files[LatencyFile], err = histogramLog(r.histograms, r.manifest.Started, now); err != nil {
			return nil, fmt.Errorf("%s: %w", LatencyFile, err)
		}
	}
	if len(r.samples) > 0 {
		if files[SamplesFile], err = samplesFile(r.samples); err != nil {
			return nil, fmt.Errorf("%s: %w", SamplesFile, err)
		}
	}
	for _, t := range r.tables {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(append([][]string{t.header}, t.rows...)); err != nil {
			return nil, fmt.Errorf("%s.csv: %w", t.name, err)
		}
		files[t.name+".csv"] = b.Bytes()
	}
	if files[SummaryFile], err = jsonFile(summary{r.values}); err != nil {
		return nil, fmt.Errorf("%s: %w", SummaryFile, err)
	}
	if files[ValidityFile], err = jsonFile(r.validity()); err != nil {
		return nil, fmt.Errorf("%s: %w", ValidityFile, err)
	}
	return files, nil
}

type summary struct {
	Values map[string]Value `json:"values"`
}

func jsonFile(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

func histogramLog(histograms []*hdrhistogram.Histogram, from, to time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := hdrhistogram.NewHistogramLogWriter(&b)
	if err := errors.Join(w.OutputLogFormatVersion(), w.OutputStartTime(from.UnixMilli()), w.OutputLegend()); err != nil {
		return nil, err
	}
	for _, h := range histograms {
		h.SetStartTimeMs(from.UnixMilli())
		h.SetEndTimeMs(to.UnixMilli())
		if err := w.OutputIntervalHistogram(h); err != nil {
			return nil, fmt.Errorf("tag %s: %w", h.Tag(), err)
		}
	}
	return b.Bytes(), nil
}

var sampleHeader = []string{"auction_id", "scheduled_ns", "start_ns", "done_ns", "outcome"}

func samplesFile(samples []Sample) ([]byte, error) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	err = writeSamples(z, samples)
	err = errors.Join(err, z.Close()) // flushes into b
	return b.Bytes(), err
}

func writeSamples(w io.Writer, samples []Sample) error {
	c := csv.NewWriter(w)
	if err := c.Write(sampleHeader); err != nil {
		return err
	}
	integer := func(v int64) string { return strconv.FormatInt(v, 10) }
	for _, s := range samples {
		if err := c.Write([]string{s.AuctionID, integer(s.ScheduledNS), integer(s.StartNS), integer(s.DoneNS), s.Outcome}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
