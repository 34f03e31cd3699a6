package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/report/figure"
)

// facets draws remedies against each other: first a panel of those without a parameter, such as plaintext, encryption and random,
// then a panel over its parameter for every other one. Encryption so never stands on the axis of a privacy parameter: what it
// leaks is a statement, not a number. A parameter is name=number, such as epsilon=0.5; what follows after a slash, as in k=10/l=3,
// names a curve of its own. Any other text stands behind the name of the remedy.
func (s *spec) facets(g *group, title string, y figure.Axis, in quantity.Scale) (figure.Drawing, error) {
	points := figure.Panel{Title: "without a parameter", Categories: []string{}}
	var panels []figure.Panel
	all, err := s.observe(&g.table, s.y[0], in)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		parameter, rest, _ := strings.Cut(o.label, "/")
		name, value, named := strings.Cut(parameter, "=")
		if !named {
			o.point.X = float64(len(points.Categories))
			points.Categories = append(points.Categories, strings.TrimSpace(o.series+" "+o.label))
			addPoint(&points, "", o.point)
			continue
		}
		if o.point.X, err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("column %s: %q is no number", s.x[0], value)
		}
		i := slices.IndexFunc(panels, func(p figure.Panel) bool { return p.Title == o.series })
		if i < 0 {
			i = len(panels)
			panels = append(panels, figure.Panel{Title: o.series, X: figure.Axis{Label: name, Log: s.xLog}})
		}
		addPoint(&panels[i], rest, o.point)
	}
	for _, p := range panels {
		for _, c := range p.Curves {
			sortPoints(c.Points)
		}
	}
	if len(points.Categories) > 0 {
		if len(panels) == 0 {
			points.Title = ""
		}
		panels = append([]figure.Panel{points}, panels...)
	}
	if len(panels) == 0 {
		return nil, nil
	}
	return &figure.Figure{Title: title, Y: y, Panels: panels}, nil
}
