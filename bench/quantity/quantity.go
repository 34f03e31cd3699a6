// Package quantity writes values with units for people, and converts between the units of the results: times, sizes, shares.
//
// Start at [Format]. Units are those of summaries: ns, us, ms, s and bytes are scaled (1250000 ns is 1.250 ms), others are kept.
// Every function is pure.
package quantity

import (
	"math"
	"strconv"
	"strings"
)

// unit is a unit of a dimension: 1 of it is size base units.
type unit struct {
	dimension string
	size      float64
}

func units() map[string]unit {
	return map[string]unit{
		"ns": {"time", 1}, "us": {"time", 1e3}, "µs": {"time", 1e3}, "ms": {"time", 1e6}, "s": {"time", 1e9}, "min": {"time", 60e9}, "h": {"time", 3600e9},
		"bytes": {"size", 1}, "B": {"size", 1}, "kB": {"size", 1e3}, "KB": {"size", 1e3}, "MB": {"size", 1e6}, "GB": {"size", 1e9},
		"KiB": {"size", 1 << 10}, "MiB": {"size", 1 << 20}, "GiB": {"size", 1 << 30},
		"": {"share", 1}, "1": {"share", 1}, "ratio": {"share", 1}, "share": {"share", 1}, "relative": {"share", 1}, "%": {"share", 0.01},
	}
}

// Convert returns the factor from a number in one unit to a number in another. ok is false if they measure different things.
func Convert(from, to string) (factor float64, ok bool) {
	if from == to {
		return 1, true
	}
	all := units()
	a, okA := all[from]
	b, okB := all[to]
	if !okA || !okB || a.dimension != b.dimension {
		return 0, false
	}
	return a.size / b.size, true
}

// Scale is a unit to show numbers in.
type Scale struct {
	Factor float64 // from the original unit
	Unit   string
}

// Choose picks the unit in which v is between 1 and 1000, if it can: the largest unit that v reaches.
func Choose(v float64, of string) Scale {
	ladder := map[string][]string{"time": {"ns", "µs", "ms", "s"}, "size": {"bytes", "kB", "MB", "GB"}}
	u, known := units()[of]
	steps := ladder[u.dimension]
	if !known || steps == nil {
		return Scale{1, of}
	}
	s := Scale{1, of}
	for i, name := range steps {
		factor, _ := Convert(of, name)
		if i == 0 || math.Abs(v)*factor >= 0.9995 { // so that 999.9 is not shown as 1000
			s = Scale{factor, name}
		}
	}
	return s
}

// Number writes v, given in the original unit, without the unit.
func (s Scale) Number(v float64) string { return Number(v * s.Factor) }

// Bare reports whether numbers of a unit are shown without it: shares and ratios.
func Bare(of string) bool {
	u, known := units()[of]
	return known && u.dimension == "share" && of != "%"
}

// Format writes v with its unit in a scale that suits it; per_s and 1/s as /s.
func Format(v float64, of string) string {
	s := Choose(v, of)
	if Bare(s.Unit) {
		return s.Number(v)
	}
	for _, prefix := range []string{"per_", "1/"} {
		if per, ok := strings.CutPrefix(s.Unit, prefix); ok {
			return s.Number(v) + " /" + per
		}
	}
	return s.Number(v) + " " + s.Unit
}

// Number writes whole numbers below ten million in full and others to four significant digits.
func Number(v float64) string {
	size := math.Abs(v)
	switch {
	case v == math.Trunc(v) && size < 1e7:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case size < 1e-4 || size >= 1e7:
		return ShortExponent(strconv.FormatFloat(v, 'e', 3, 64))
	}
	_, after, isNumber := strings.Cut(strconv.FormatFloat(size, 'e', 3, 64), "e") // rounds first: 0.99999 becomes 1.000
	exponent, err := strconv.Atoi(after)
	if !isNumber || err != nil {
		return strconv.FormatFloat(v, 'g', -1, 64) // NaN or infinite
	}
	return strconv.FormatFloat(v, 'f', max(0, 3-exponent), 64)
}

// ShortExponent writes the exponent of a formatted number as people do: e-5 for e-05, e7 for e+07.
func ShortExponent(number string) string {
	return strings.NewReplacer("e-0", "e-", "e+0", "e", "e+", "e").Replace(number)
}
