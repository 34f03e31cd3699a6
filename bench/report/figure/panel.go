package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plots makes a plot of every panel. They share the vertical scale; only the first of a row labels it.
func (f *Figure) plots() ([]*plot.Plot, error) {
	looks := map[string]look{}
	for i, name := range f.names() {
		looks[name] = lookOf(i)
	}
	var all []float64
	for _, p := range f.Panels {
		for _, c := range p.Curves {
			for _, q := range c.Points {
				all = append(all, q.Y)
				if !math.IsNaN(q.Low) && (!f.Y.Log || q.Low > 0) {
					all = append(all, q.Low)
				}
				if !math.IsNaN(q.High) {
					all = append(all, q.High)
				}
			}
		}
	}
	y := fit(f.Y, all, true)
	var plots []*plot.Plot
	for i, panel := range f.Panels {
		p := newPlot()
		p.Title.Text = panel.Title
		x := panel.fitX()
		p.Add(grid{x.ticks, y.ticks})
		for _, c := range panel.Curves {
			if err := c.add(p, y, looks[c.Name], panel.Categories != nil); err != nil {
				return nil, fmt.Errorf("figure %q, curve %q: %w: %w", f.Title, c.Name, ErrFigure, err)
			}
		}
		x.apply(&p.X)
		y.apply(&p.Y)
		p.X.Label.Text = panel.X.Label
		if panel.Categories != nil {
			p.X.Tick.Label.Rotation = slant
			p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YTop
			p.X.Tick.Length = 0
		}
		if i%perRow != 0 {
			p.Y.Tick.Marker = plot.ConstantTicks(nil)
		}
		plots = append(plots, p)
	}
	return plots, nil
}

func (panel *Panel) fitX() scale {
	if panel.Categories == nil {
		var all []float64
		for _, c := range panel.Curves {
			for _, q := range c.Points {
				all = append(all, q.X)
			}
		}
		if len(all) == 0 {
			all = []float64{0}
		}
		return fit(panel.X, all, false)
	}
	s := scale{min: -0.6, max: float64(len(panel.Categories)) - 0.4}
	for i, name := range panel.Categories {
		s.ticks = append(s.ticks, plot.Tick{Value: float64(i), Label: name})
	}
	return s
}

// add draws a curve: the area or the bars of its intervals, the line, the markers.
func (c *Curve) add(p *plot.Plot, y scale, l look, categories bool) error {
	if len(c.Points) == 0 {
		return nil
	}
	xys := make(plotter.XYs, len(c.Points))
	intervals := true
	for i, q := range c.Points {
		xys[i] = plotter.XY{X: q.X, Y: q.Y}
		intervals = intervals && !math.IsNaN(q.Low) && !math.IsNaN(q.High)
	}
	if categories || len(c.Points) == 1 {
		for _, q := range c.Points {
			if !math.IsNaN(q.Low) && !math.IsNaN(q.High) {
				p.Add(whisker{q.X, y.clamp(q.Low), y.clamp(q.High), l})
			}
		}
	} else if intervals {
		band := make(plotter.XYs, 0, 2*len(c.Points))
		for _, q := range c.Points {
			band = append(band, plotter.XY{X: q.X, Y: y.clamp(q.High)})
		}
		for i := len(c.Points) - 1; i >= 0; i-- {
			band = append(band, plotter.XY{X: c.Points[i].X, Y: y.clamp(c.Points[i].Low)})
		}
		area, err := plotter.NewPolygon(band)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = l.band(), 0
		p.Add(area)
	}
	if !categories {
		line, err := plotter.NewLine(xys)
		if err != nil {
			return err
		}
		line.LineStyle = l.line()
		p.Add(line)
	}
	if categories || !c.Bare && len(c.Points) <= 24 {
		p.Add(markers{xys, l.marker()})
	}
	return nil
}

// markers are drawn whole also at the edge. Unlike a scatter plot they ask for no room beyond it, which would move the axes of one
// panel against those of the next.
type markers struct {
	points plotter.XYs
	style  draw.GlyphStyle
}

func (m markers) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for _, q := range m.points {
		c.DrawGlyphNoClip(m.style, vg.Point{X: toX(q.X), Y: toY(q.Y)})
	}
}

// whisker is a vertical confidence interval.
type whisker struct {
	x, low, high float64
	look         look
}

func (w whisker) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	x, low, high := toX(w.x), toY(w.low), toY(w.high)
	const half vg.Length = 3
	style := draw.LineStyle{Color: w.look.color, Width: 1.2}
	c.StrokeLine2(style, x, low, x, high)
	c.StrokeLine2(style, x-half, low, x+half, low)
	c.StrokeLine2(style, x-half, high, x+half, high)
}
