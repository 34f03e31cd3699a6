// Package record writes the results of a measurement, and reads them back. A run is one folder below the results folder:
//
//	<suite>/<UTC>-<commit7>-<system>/
//	  manifest.json    what ran, where and with which parameters; SHA-256 of the other files
//	  summary.json     headline values: value, unit, n, confidence interval
//	  validity.json    gates with reasons: the run counts only if all of them hold
//	  latency.hlog     HdrHistogram log, one line for each tag, nanoseconds
//	  samples.csv.zst  one row for each auction
//	  *.csv            tables
//	systems/<id>.json  the machine
//
// Start at [Open]; fill the [Run]; [Run.Close] writes it. Everything stays in memory until then, so that measuring does not wait
// for a disk, and the folder appears whole by one rename or not at all. Close early, after an interrupt, and what there is gets
// written. No run is ever overwritten. [Load] reads one back, [List] finds them.
//
// A misused recorder (a value that is NaN, a key used twice) loses that item but never the run: it is written with the failed
// gate "recorder", and Close says what went wrong.
//
// No host name, user or folder of the machine is recorded: arguments that are absolute paths keep their last element only.
// Secrets must not be given as arguments or parameters: those are recorded.
//
// A Run is safe for concurrent use, except that recording into one of its histograms is not.
package record

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Run collects the results of one measurement.
type Run struct {
	root   string
	system *System

	mu         sync.Mutex
	manifest   Manifest
	values     map[string]Value
	gates      []Gate
	histograms []*hdrhistogram.Histogram
	samples    []Sample
	tables     []*Table
	problems   []error
	closed     bool
	dir        string
	err        error
}

// Value is a headline number. Low and High bound its confidence interval, nil if there is none.
type Value struct {
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	N     int      `json:"n"` // observations behind it
	Low   *float64 `json:"ci_low"`
	High  *float64 `json:"ci_high"`
}

// Gate is a condition on a run, with the reason why it holds or does not.
type Gate struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// Validity is whether a run counts: it has gates, and all of them hold.
type Validity struct {
	Valid bool   `json:"valid"`
	Gates []Gate `json:"gates"`
}

// Sample is one auction. Times are nanoseconds from the start of the schedule; latency counts from ScheduledNS.
type Sample struct {
	AuctionID                    string
	ScheduledNS, StartNS, DoneNS int64
	Outcome                      string
}

var (
	namePattern = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)
	keyPattern  = regexp.MustCompile(`^[A-Za-z0-9]+([_.:=+/-][A-Za-z0-9]+)*$`)
	tagPattern  = regexp.MustCompile(`^[A-Za-z0-9_=+/-]+(\.[A-Za-z0-9_=+/-]+)*$`)
)

// Open starts a run of m.Suite below the results folder root and fills in the rest of the manifest from the process, the
// repository of the working directory and the machine. It writes nothing. The error names a bad suite name or parameters that
// JSON cannot hold.
func Open(root string, m Manifest) (*Run, error) {
	if !namePattern.MatchString(m.Suite) || reserved[m.Suite] {
		return nil, fmt.Errorf("suite name %q: want lower-case words joined by - or _, and none of the folders of results", m.Suite)
	}
	if m.Params == nil {
		m.Params = map[string]any{}
	}
	if m.Command == nil {
		m.Command = []string{}
	}
	if _, err := json.Marshal(m); err != nil {
		return nil, fmt.Errorf("manifest of suite %s: %w", m.Suite, err)
	}
	m.Command = withoutFolders(m.Command)
	system := thisSystem()
	m.Schema, m.System = SchemaVersion, system.ID
	if m.Started.IsZero() {
		m.Started = time.Now()
	}
	m.Started = m.Started.UTC()
	m.describeProcess(root)
	return &Run{root: root, system: system, manifest: m, values: map[string]Value{}}, nil
}

// reserved are the folders of results that hold no suite.
var reserved = map[string]bool{"schema": true, "systems": true, "plots": true}

// withoutFolders shortens absolute paths in arguments to their last element.
func withoutFolders(args []string) []string {
	short := make([]string, len(args))
	for i, a := range args {
		name, value, assigned := strings.Cut(a, "=")
		switch {
		case i == 0 || filepath.IsAbs(a):
			short[i] = filepath.Base(a)
		case assigned && filepath.IsAbs(value):
			short[i] = name + "=" + filepath.Base(value)
		default:
			short[i] = a
		}
	}
	return short
}

// Value adds a headline number to summary.json. n counts the observations behind it; low and high bound its confidence
// interval, NaN if there is none. The key names the unit of times and sizes: latency_p99_ns with unit ns.
func (r *Run) Value(key string, value float64, unit string, n int, low, high float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := Value{Value: value, Unit: unit, N: n}
	switch _, twice := r.values[key]; {
	case !keyPattern.MatchString(key):
		r.problem("value key %q: want letters and digits joined by one of _.:=+/-", key)
	case twice:
		r.problem("value %s was given twice", key)
	case !finite(value):
		r.problem("value %s is %v", key, value)
	case n < 0:
		r.problem("value %s has %d observations", key, n)
	case math.IsNaN(low) != math.IsNaN(high) || math.IsInf(low, 0) || math.IsInf(high, 0) || low > high:
		r.problem("value %s has the interval [%v, %v]", key, low, high)
	case !UnitInKey(key, unit):
		r.problem("value %s has unit %s, which its key does not name", key, unit)
	default:
		if finite(low) {
			v.Low, v.High = &low, &high
		}
		r.values[key] = v
	}
}

// physical are the units that a key must name: they are the ones that get confused.
var physical = map[string]bool{"ns": true, "us": true, "ms": true, "s": true, "bytes": true}

// UnitInKey says whether a key names its unit, if the unit is one that it has to name.
func UnitInKey(key, unit string) bool {
	if !physical[unit] {
		return true
	}
	words := strings.FieldsFunc(key, func(c rune) bool { return strings.ContainsRune("_.:=+/-", c) })
	for _, w := range words {
		if w == unit {
			return true
		}
	}
	return false
}

// Gate adds a condition to validity.json. Give the reason also if it holds, with the numbers: "0 of 5000 arrivals late".
func (r *Run) Gate(name string, ok bool, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.gates {
		if g.Name == name {
			r.problem("gate %q was given twice", name)
			ok = ok && g.OK // a failure must not hide behind its second mention
			name += " (again)"
		}
	}
	r.gates = append(r.gates, Gate{name, ok, reason})
}

// Sample adds an auction to samples.csv.zst. A sample takes about 100 bytes of memory until Close.
func (r *Run) Sample(s Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples = append(r.samples, s)
}

// Histogram returns the histogram of a tag, such as server.rank; the same one for the same tag. Values are nanoseconds, up to
// an hour, to three significant digits.
//
// Recording into a histogram is NOT safe for concurrent use: let each worker record into its own [NewHistogram], and merge
// them into this one when the workers are done. Do not record after Close.
func (r *Run) Histogram(tag string) *hdrhistogram.Histogram {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !tagPattern.MatchString(tag) {
		r.problem("histogram tag %q: want words of letters and digits joined by points", tag)
		return NewHistogram()
	}
	for _, h := range r.histograms {
		if h.Tag() == tag {
			return h
		}
	}
	h := NewHistogram()
	h.SetTag(tag)
	r.histograms = append(r.histograms, h)
	return h
}

// NewHistogram returns a histogram of the shape that runs use: 1 ns to an hour, three significant digits, about 270 kB.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Hour), 3)
}

// problem notes misuse; r.mu is held.
func (r *Run) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// CommandLine is how the process was called, for Manifest.Command.
func CommandLine() []string { return append([]string(nil), os.Args...) }
