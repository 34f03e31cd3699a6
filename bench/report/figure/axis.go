package figure

import (
	"math"
	"strconv"

	"cipherbid/bench/quantity"

	"gonum.org/v1/plot"
)

// scale is an axis fitted to data.
type scale struct {
	min, max float64
	log      bool
	ticks    []plot.Tick
}

// fit chooses the range and the ticks of an axis for the coordinates v, of which there is at least one.
func fit(a Axis, v []float64, fromZero bool) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range v {
		low, high = min(low, x), max(high, x)
	}
	s := scale{log: a.Log && low > 0}
	switch {
	case s.log:
		margin := max(1.08, math.Exp(0.04*(math.Log(high)-math.Log(low))))
		s.min, s.max = low/margin, high*margin
		s.ticks = logTicks(s.min, s.max)
	case high-low <= 1e-9*max(math.Abs(low), math.Abs(high)): // too close for float64 to divide
		pad := max(math.Abs(low)*0.1, 1e-9)
		s.min, s.max = low-pad, high+pad
		s.ticks = linearTicks(s.min, s.max)
	default:
		pad := (high - low) * 0.05
		s.min, s.max = low-pad, high+pad
		if fromZero && low >= 0 && low < high/2 {
			s.min = 0
		}
		s.ticks = linearTicks(s.min, s.max)
	}
	if a.Ticks != nil {
		s.ticks = nil
		for _, t := range a.Ticks {
			s.ticks = append(s.ticks, plot.Tick{Value: t.At, Label: t.Label})
		}
	}
	return s
}

func (s scale) apply(a *plot.Axis) {
	a.Min, a.Max = s.min, s.max
	a.Tick.Marker = plot.ConstantTicks(s.ticks)
	a.Scale = plot.LinearScale{}
	if s.log {
		a.Scale = plot.LogScale{}
	}
}

// clamp moves a bound that a logarithmic axis cannot show to its end.
func (s scale) clamp(v float64) float64 { return min(max(v, s.min), s.max) }

// linearTicks labels multiples of the least of 1, 2, 2.5 or 5 times a power of ten that makes at most seven of them.
func linearTicks(low, high float64) []plot.Tick {
	const most = 7
	power := math.Floor(math.Log10((high - low) / most))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		step := m * math.Pow(10, power)
		first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
		if last-first+1 > most {
			continue
		}
		decimals := int(-power)
		switch m {
		case 2.5:
			decimals++
		case 10:
			decimals--
		}
		decimals = max(0, decimals)
		var ticks []plot.Tick
		for i := first; i <= last; i++ {
			label := strconv.FormatFloat(i*step, 'f', decimals, 64)
			if power > 5 || power < -6 {
				label = quantity.ShortExponent(strconv.FormatFloat(i*step, 'g', 6, 64))
			}
			if i == 0 {
				label = "0"
			}
			ticks = append(ticks, plot.Tick{Value: i * step, Label: label})
		}
		return ticks
	}
	return nil // not reached: ten times the power of ten leaves at most most
}

// logTicks labels powers of ten, or some of them; 1, 2 and 5 if the range is short; every multiple if it is very short.
func logTicks(low, high float64) []plot.Tick {
	decades := math.Log10(high) - math.Log10(low)
	every := max(1, int(decades/6)) // so many decades that there is room for a label
	var ticks []plot.Tick
	labels := 0
	for e := int(math.Floor(math.Log10(low))); e <= int(math.Ceil(math.Log10(high))); e++ {
		for m := 1; m <= 9; m++ {
			v, err := strconv.ParseFloat(strconv.Itoa(m)+"e"+strconv.Itoa(e), 64) // exact, unlike a product of powers
			if err != nil || v < low || v > high {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 && e%every == 0 || decades < 3 && (m == 2 || m == 5) || decades < 0.8 {
				t.Label = plain(v)
				labels++
			}
			ticks = append(ticks, t)
		}
	}
	if labels < 2 {
		return linearTicks(low, high)
	}
	return ticks
}

// plain writes numbers from a thousandth to a million without an exponent.
func plain(v float64) string {
	if v >= 1e-3 && v < 1e7 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return quantity.ShortExponent(strconv.FormatFloat(v, 'g', -1, 64))
}
