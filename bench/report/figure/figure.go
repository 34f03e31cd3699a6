// Package figure draws the plots of the report: curves in panels that share a vertical axis, and horizontal bars. It puts what
// gonum/plot leaves to its callers: a legend outside the data, colours that colour-blind readers can tell apart, ticks that say
// 200 instead of 2e+02, and SVG that follows the colours of the page around it.
//
// Fill in a [Figure] or [Bars]; [SVG], [Inline] and [PNG] draw it. The same input gives the same bytes on the same machine
// architecture. Every function is safe for concurrent use.
package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Figure is one panel of curves or several side by side.
type Figure struct {
	Title  string
	Y      Axis
	Panels []Panel
}

// Panel is a set of curves over one horizontal axis. With Categories, the X of a point is the index of its category, and points
// are not joined.
type Panel struct {
	Title      string
	X          Axis
	Curves     []Curve
	Categories []string
}

// Axis is how coordinates are shown. A logarithmic axis falls back to a linear one if a coordinate is not above 0.
type Axis struct {
	Label string // with the unit: latency (ms)
	Log   bool
	Ticks []Tick // nil for automatic ones
}

// Tick is a mark on an axis.
type Tick struct {
	At    float64
	Label string
}

// Curve is a named series. Curves of one name look the same in all panels, and stand in the legend once. Without a name they
// do not stand in the legend.
type Curve struct {
	Name   string
	Points []Point
	Bare   bool // without markers, also if there are few points
}

// Point is a value with its confidence interval; Low and High are NaN if there is none.
type Point struct {
	X, Y, Low, High float64
}

// Bars is one horizontal bar for each label, downwards.
type Bars struct {
	Title string
	X     Axis // linear from 0
	Bars  []Bar
}

// Bar is one value. Bars of one series have one colour, and a legend if there are several series.
type Bar struct {
	Label, Series    string
	Value, Low, High float64 // Low and High are NaN if there is no interval
	Text             string  // shown at the end of the bar
}

// Limits on what is drawn.
const (
	maxPanels = 8
	maxCurves = 12
	maxPoints = 100_000
	maxBars   = 60
	maxSize   = 1e100 // of a coordinate, and 1/maxSize of one that is not 0: ranges must not overflow
)

// ErrFigure is wrapped where data cannot be drawn.
var ErrFigure = errors.New("cannot be drawn")

func (f *Figure) check() error {
	if len(f.Panels) == 0 || len(f.Panels) > maxPanels {
		return fmt.Errorf("figure %q %w: %d panels", f.Title, ErrFigure, len(f.Panels))
	}
	points := 0
	for _, p := range f.Panels {
		if len(p.Curves) > maxCurves {
			return fmt.Errorf("figure %q %w: %d curves in a panel, at most %d can be told apart", f.Title, ErrFigure, len(p.Curves), maxCurves)
		}
		for _, c := range p.Curves {
			points += len(c.Points)
			for _, q := range c.Points {
				if !fair(q.X) || !fair(q.Y) || !fair(q.Low) && !math.IsNaN(q.Low) || !fair(q.High) && !math.IsNaN(q.High) {
					return fmt.Errorf("figure %q %w: point %v of curve %q", f.Title, ErrFigure, q, c.Name)
				}
			}
		}
	}
	if points == 0 || points > maxPoints {
		return fmt.Errorf("figure %q %w: %d points", f.Title, ErrFigure, points)
	}
	return nil
}

func (b *Bars) check() error {
	if len(b.Bars) == 0 || len(b.Bars) > maxBars {
		return fmt.Errorf("figure %q %w: %d bars", b.Title, ErrFigure, len(b.Bars))
	}
	for _, x := range b.Bars {
		if !fair(x.Value) || x.Value < 0 || !fair(x.Low) && !math.IsNaN(x.Low) || !fair(x.High) && !math.IsNaN(x.High) {
			return fmt.Errorf("figure %q %w: bar %q is %g", b.Title, ErrFigure, x.Label, x.Value)
		}
	}
	return nil
}

// names returns the names of the curves, each once, in their order.
func (f *Figure) names() []string {
	var names []string
	for _, p := range f.Panels {
		for _, c := range p.Curves {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func (b *Bars) names() []string {
	var names []string
	for _, x := range b.Bars {
		if !slices.Contains(names, x.Series) {
			names = append(names, x.Series)
		}
	}
	return names
}

// fair reports whether v is a number of a size that can be drawn.
func fair(v float64) bool {
	size := math.Abs(v)
	return size <= maxSize && (v == 0 || size >= 1/maxSize)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
