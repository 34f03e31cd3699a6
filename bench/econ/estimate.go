package econ

import (
	"fmt"
	"math"

	"cipherbid/bench/stat"
)

// EstimateColumns are the columns that [Estimate.Cells] fills.
func EstimateColumns() []string {
	return []string{
		"metric", "unit", "value", "ci_low", "ci_high", "reference_value", "delta", "delta_ci_low", "delta_ci_high",
		"ratio", "ratio_ci_low", "ratio_ci_high", "users",
	}
}

// Cells are the values of one row of a table. NaN stands for what there is not.
func (e Estimate) Cells() []any {
	return []any{
		e.Metric, e.Unit, e.Value.Estimate, e.Value.Low, e.Value.High, e.Reference.Estimate, e.Delta.Estimate, e.Delta.Low, e.Delta.High,
		e.Ratio.Estimate, e.Ratio.Low, e.Ratio.High, e.Value.N,
	}
}

// Find returns the estimate of a metric; one of NaN if there is none.
func Find(estimates []Estimate, metric string) Estimate {
	for _, e := range estimates {
		if e.Metric == metric {
			return e
		}
	}
	none := stat.Interval{Estimate: math.NaN(), Low: math.NaN(), High: math.NaN()}
	return Estimate{Metric: metric, Value: none, Reference: none, Delta: none, Ratio: none}
}

// Wilson is the score interval of a share (Wilson, JASA 22, 1927) at 95 %. successes may be a sum of chances; it is conservative then.
func Wilson(successes float64, n int) (low, high float64) {
	const z = 1.959963984540054
	m := float64(n)
	p := successes / m
	centre, half := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (centre-half)/(1+z*z/m)), min(1, (centre+half)/(1+z*z/m))
}

// Show writes an interval for people, each number in the format.
func Show(format string, i stat.Interval) string {
	s := fmt.Sprintf(format, i.Estimate)
	if !math.IsNaN(i.Low) {
		s += fmt.Sprintf(" ["+format+", "+format+"]", i.Low, i.High)
	}
	return s
}
