package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/report/figure"
	"cipherbid/bench/stat"
)

// table is a CSV file of a run.
type table struct {
	Name   string
	Header []string
	Rows   [][]string
}

// column returns the index of a column, -1 if there is none or name is empty. A ? behind the name means nothing here.
func (t *table) column(name string) int {
	if name == "" {
		return -1
	}
	return slices.Index(t.Header, strings.TrimSuffix(name, "?"))
}

// text returns a cell, empty if there is no such column.
func (t *table) text(row []string, name string) string {
	if i := t.column(name); i >= 0 {
		return row[i]
	}
	return ""
}

// number reads a cell; NaN if it is empty or there is no such column.
func (t *table) number(row []string, name string) (float64, error) {
	cell := t.text(row, name)
	if cell == "" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("column %s: %q is no number", strings.TrimSuffix(name, "?"), cell)
	}
	return v, nil
}

// group is the part of a table that makes one figure.
type group struct {
	id     []string
	values map[string]string // of the split columns
	table  table
}

// groups selects rows and divides them by the values of the split columns, in the order of their first appearance.
func (s *spec) groups(t *table) []group {
	var groups []group
	for _, row := range t.Rows {
		wanted := true
		for name, values := range s.where {
			wanted = wanted && slices.Contains(values, t.text(row, name))
		}
		if !wanted {
			continue
		}
		values := make(map[string]string, len(s.split))
		var id []string
		for _, name := range s.split {
			if t.column(name) >= 0 {
				values[strings.TrimSuffix(name, "?")] = t.text(row, name)
				id = append(id, t.text(row, name))
			}
		}
		i := slices.IndexFunc(groups, func(g group) bool { return slices.Equal(g.id, id) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{id: id, values: values, table: table{t.Name, t.Header, nil}})
		}
		groups[i].table.Rows = append(groups[i].table.Rows, row)
	}
	return groups
}

// expand puts the values of the split columns into a text; what has no value goes, with the comma before it.
func (g *group) expand(text string) string {
	for name, value := range g.values {
		switch name {
		case "metric":
			value, _ = words(value)
		case "sweep", "risk":
			value = strings.ReplaceAll(value, "_", " ")
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	for strings.Contains(text, "{") {
		before, rest, _ := strings.Cut(text, "{")
		_, after, _ := strings.Cut(rest, "}")
		text = strings.TrimSuffix(before, ", ") + after
	}
	return text
}

// observation is a drawn value: one row, or the median of repeats.
type observation struct {
	series, label string // label is the text of x
	point         figure.Point
}

// observe reads the rows of a group for one column y, in the unit of the figure, and takes repeats together. Rows without a value
// are left out.
func (s *spec) observe(t *table, y string, in quantity.Scale) ([]observation, error) {
	var all []observation
	values := map[int][]float64{}
	for _, row := range t.Rows {
		o := observation{series: t.text(row, s.series), point: figure.Point{X: math.NaN()}}
		var cells []string
		for _, name := range s.x {
			cells = append(cells, t.text(row, name))
		}
		o.label = strings.Join(cells, " × ")
		if s.panel != "" {
			o.series = t.text(row, s.panel)
		}
		for _, read := range []struct {
			name string
			into *float64
		}{{y, &o.point.Y}, {s.low, &o.point.Low}, {s.high, &o.point.High}} {
			v, err := t.number(row, read.name)
			if err != nil {
				return nil, err
			}
			*read.into = v * in.Factor
		}
		if s.kind == curves {
			var err error
			if o.point.X, err = t.number(row, s.x[0]); err != nil {
				return nil, err
			}
			if math.IsNaN(o.point.X) {
				continue
			}
		}
		if math.IsNaN(o.point.Y) {
			continue
		}
		i := slices.IndexFunc(all, func(p observation) bool { return p.series == o.series && p.label == o.label })
		if i < 0 {
			i = len(all)
			all = append(all, o)
		}
		values[i] = append(values[i], o.point.Y)
	}
	for i := range all {
		if v := values[i]; len(v) > 1 {
			p := &all[i].point
			p.Y, p.Low, p.High = stat.Median(v), slices.Min(v), slices.Max(v)
		}
	}
	return all, nil
}

func addPoint(p *figure.Panel, name string, q figure.Point) {
	i := slices.IndexFunc(p.Curves, func(c figure.Curve) bool { return c.Name == name })
	if i < 0 {
		i = len(p.Curves)
		p.Curves = append(p.Curves, figure.Curve{Name: name})
	}
	p.Curves[i].Points = append(p.Curves[i].Points, q)
}

func sortPoints(points []figure.Point) {
	slices.SortStableFunc(points, func(a, b figure.Point) int { return cmp.Compare(a.X, b.X) })
}
