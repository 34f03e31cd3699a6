package stat

import (
	"errors"
	"fmt"
	"math"

	"github.com/montanaflynn/stats"
)

// Line is y = Slope x + Intercept, fitted by least squares. R2 is the share of the variance of y that it explains.
type Line struct {
	Slope, Intercept, R2 float64
}

// Power is y = Factor x^Exponent, fitted by least squares in logarithms. R2 is that of the line in logarithms.
type Power struct {
	Factor, Exponent, R2 float64
}

// ErrFit is wrapped where points do not determine a curve.
var ErrFit = errors.New("points do not determine a fit")

// FitLine fits a line to at least two points with different x.
func FitLine(x, y []float64) (Line, error) {
	if len(x) != len(y) || len(x) < 2 {
		return Line{}, fmt.Errorf("%w: %d and %d coordinates", ErrFit, len(x), len(y))
	}
	for i := range x {
		if !finite(x[i]) || !finite(y[i]) {
			return Line{}, fmt.Errorf("%w: point (%g, %g)", ErrFit, x[i], y[i])
		}
	}
	varX, err := stats.PopulationVariance(x)
	if err != nil {
		return Line{}, fmt.Errorf("fit: %w", err)
	}
	varY, err := stats.PopulationVariance(y)
	if err != nil {
		return Line{}, fmt.Errorf("fit: %w", err)
	}
	both, err := stats.CovariancePopulation(x, y)
	if err != nil {
		return Line{}, fmt.Errorf("fit: %w", err)
	}
	if varX == 0 {
		return Line{}, fmt.Errorf("%w: every x is %g", ErrFit, x[0])
	}
	l := Line{Slope: both / varX, R2: 1}
	l.Intercept = Mean(y) - l.Slope*Mean(x)
	if varY > 0 {
		l.R2 = both * both / (varX * varY)
	}
	return l, nil
}

// FitPower fits a power law to at least two points with different x. All coordinates must be above 0.
func FitPower(x, y []float64) (Power, error) {
	logX, err := logs(x)
	if err != nil {
		return Power{}, err
	}
	logY, err := logs(y)
	if err != nil {
		return Power{}, err
	}
	l, err := FitLine(logX, logY)
	return Power{math.Exp(l.Intercept), l.Slope, l.R2}, err
}

func logs(v []float64) ([]float64, error) {
	out := make([]float64, len(v))
	for i, x := range v {
		if !(x > 0) {
			return nil, fmt.Errorf("%w: coordinate %g is not above 0", ErrFit, x)
		}
		out[i] = math.Log(x)
	}
	return out, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
