package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/record"
	"cipherbid/bench/report/figure"
	"cipherbid/bench/stat"
)

// drawing is a figure with the name of its files, without extension.
type drawing struct {
	name, title string
	figure      figure.Drawing
}

// drawings returns the figures of a run: its latencies, then those of its tables. What cannot be drawn is noted and left out: a run
// cannot be corrected any more.
func drawings(s *record.Saved) (all []drawing, notes []string, err error) {
	prefix := s.Manifest.Suite
	if s.Manifest.Scenario != "" {
		prefix += "-" + fileName(s.Manifest.Scenario)
	}
	if all, err = latencies(s, prefix); err != nil {
		return nil, nil, err
	}
	for _, name := range s.Tables() {
		header, rows, err := s.Table(name)
		if err != nil {
			return nil, nil, err
		}
		t := table{name, header, rows}
		for _, spec := range specs() {
			if !spec.fits(&t) {
				continue
			}
			for _, g := range spec.groups(&t) {
				d, err := spec.draw(&g)
				if err == nil && d.figure != nil {
					err = figure.Check(d.figure)
				}
				if err != nil {
					notes = append(notes, fmt.Sprintf("%s.csv: %v", name, err))
				}
				if err != nil || d.figure == nil {
					continue
				}
				d.name = spec.fileName(prefix, &g)
				for i := 2; slices.ContainsFunc(all, func(o drawing) bool { return o.name == d.name }); i++ {
					d.name = spec.fileName(prefix, &g) + "-" + strconv.Itoa(i)
				}
				all = append(all, d)
			}
		}
	}
	return all, notes, nil
}

// fileName names a figure after suite and scenario, table, split columns, and what is drawn.
func (s *spec) fileName(prefix string, g *group) string {
	parts := []string{prefix}
	if s.table != prefix {
		parts = append(parts, s.table)
	}
	parts = append(parts, g.id...)
	if _, named := g.values["metric"]; !named {
		parts = append(parts, s.y[0])
	}
	return fileName(strings.Join(parts, "-"))
}

// fileName keeps letters, digits, - and _.
func fileName(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			return c
		}
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return '-'
	}, s)
}

// draw makes the figure of a group of rows. It is nil if there is nothing to draw.
func (s *spec) draw(g *group) (drawing, error) {
	y, in, err := s.axis(g)
	if err != nil {
		return drawing{}, err
	}
	d := drawing{title: capital(g.expand(s.title))}
	switch s.kind {
	case bars:
		d.figure, err = s.bars(g, d.title, y, in)
	case facets:
		d.figure, err = s.facets(g, d.title, y, in)
	default:
		d.figure, err = s.curves(g, d.title, y, in)
	}
	return d, err
}

// axis names the value axis, and chooses the unit that suits the values.
func (s *spec) axis(g *group) (figure.Axis, quantity.Scale, error) {
	t := &g.table
	name := s.y[0]
	if metric := g.values["metric"]; metric != "" {
		name = metric
	}
	label, unit := words(name)
	if t.column("unit") >= 0 {
		unit = t.text(t.Rows[0], "unit")
	}
	if s.yLabel != "" {
		label = s.yLabel
	}
	if s.yUnit != "" {
		unit = s.yUnit
	}
	highest := 0.0
	for _, y := range s.y {
		for _, row := range t.Rows {
			v, err := t.number(row, y)
			if err != nil {
				return figure.Axis{}, quantity.Scale{}, err
			}
			if !math.IsNaN(v) {
				highest = max(highest, math.Abs(v))
			}
		}
	}
	in := quantity.Choose(highest, unit)
	if !quantity.Bare(in.Unit) {
		label += " (" + strings.Replace(in.Unit, "cpm", "CPM", 1) + ")"
	}
	if label == "auc" {
		label = "AUC"
	}
	return figure.Axis{Label: label, Log: s.yLog}, in, nil
}

func (s *spec) curves(g *group, title string, y figure.Axis, in quantity.Scale) (figure.Drawing, error) {
	p := figure.Panel{X: figure.Axis{Label: g.expand(s.xLabel), Log: s.xLog}}
	if p.X.Label == "" {
		text, unit := words(s.x[0])
		p.X.Label = text
		if unit != "" {
			p.X.Label += " (" + unit + ")"
		}
	}
	different := map[float64]bool{}
	for _, column := range s.y {
		all, err := s.observe(&g.table, column, in)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			name := o.series
			if len(s.y) > 1 {
				text, _ := words(column)
				name = strings.TrimSpace(o.series + " " + text)
			}
			different[o.point.X] = true
			addPoint(&p, name, o.point)
		}
	}
	if len(different) < 2 {
		return nil, nil // a point is no curve: the table says it better
	}
	for i := range p.Curves {
		sortPoints(p.Curves[i].Points)
		p.Curves[i].Name = strings.TrimSpace(p.Curves[i].Name + s.growth(p.Curves[i].Points))
	}
	if s.trend == identity {
		p.Curves = append(p.Curves, diagonal(p.Curves))
	}
	return &figure.Figure{Title: title, Y: y, Panels: []figure.Panel{p}}, nil
}

// growth names the curve that fits three points or more.
func (s *spec) growth(points []figure.Point) string {
	var x, y []float64
	for _, q := range points {
		x, y = append(x, q.X), append(y, q.Y)
	}
	if len(points) < 3 {
		return ""
	}
	switch s.trend {
	case power:
		if fit, err := stat.FitPower(x, y); err == nil {
			return fmt.Sprintf(" ~ x^%.2f (R² %.3f)", fit.Exponent, fit.R2)
		}
	case linear:
		if fit, err := stat.FitLine(x, y); err == nil {
			return fmt.Sprintf(": %.3g + %.3g x (R² %.3f)", fit.Intercept, fit.Slope, fit.R2)
		}
	}
	return ""
}

// diagonal is the part of y = x that the curves span.
func diagonal(curves []figure.Curve) figure.Curve {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, q := range c.Points {
			low, high = min(low, q.X), max(high, q.X)
		}
	}
	c := figure.Curve{Name: "as predicted", Bare: true}
	for _, v := range []float64{low, high} {
		c.Points = append(c.Points, figure.Point{X: v, Y: v, Low: math.NaN(), High: math.NaN()})
	}
	return c
}

func (s *spec) bars(g *group, title string, y figure.Axis, in quantity.Scale) (figure.Drawing, error) {
	all, err := s.observe(&g.table, s.y[0], in)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	b := &figure.Bars{Title: title, X: y}
	for _, o := range all {
		b.Bars = append(b.Bars, figure.Bar{
			Label: o.label, Series: o.series, Value: o.point.Y, Low: o.point.Low, High: o.point.High, Text: quantity.Number(o.point.Y),
		})
	}
	return b, nil
}
