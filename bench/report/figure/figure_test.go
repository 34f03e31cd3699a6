package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

var none = math.NaN()

func line(name string, values ...float64) Curve {
	c := Curve{Name: name}
	for i, v := range values {
		c.Points = append(c.Points, Point{float64(i + 1), v, none, none})
	}
	return c
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %.300s", err, text)
		}
	}
}

func examples() map[string]Drawing {
	return map[string]Drawing{
		"curves": &Figure{
			Title: `a < b & "c"`, Y: Axis{Label: "latency (ms)", Log: true},
			Panels: []Panel{{X: Axis{Label: "x"}, Curves: []Curve{line("<one>", 1, 2, 300), line("two", 3, 4, 5)}}},
		},
		"one point":   &Figure{Title: "t", Panels: []Panel{{Curves: []Curve{line("", 0)}}}},
		"same values": &Figure{Title: "t", Y: Axis{Log: true}, Panels: []Panel{{X: Axis{Log: true}, Curves: []Curve{line("", 2, 2)}}}},
		"not above 0": &Figure{Title: "t", Y: Axis{Log: true}, Panels: []Panel{{Curves: []Curve{line("", -1, 2)}}}},
		"interval below 0 on a logarithmic axis": &Figure{Title: "t", Y: Axis{Log: true}, Panels: []Panel{{
			Curves: []Curve{{Points: []Point{{1, 1, -1, 2}, {2, 2, 0.5, 4}}}},
		}}},
		"close values": &Figure{Title: "t", Panels: []Panel{{Curves: []Curve{line("", 1e16, 1e16+2)}}}},
		"wide values":  &Figure{Title: "t", Y: Axis{Log: true}, Panels: []Panel{{Curves: []Curve{line("", 1e-90, 1e90)}}}},
		"panels": &Figure{Title: "t", Panels: []Panel{
			{Categories: []string{"a", "b"}, Curves: []Curve{{Points: []Point{{0, 1, 0.9, 1.1}, {1, 2, none, none}}}}},
			{X: Axis{Label: "k", Log: true}, Curves: []Curve{line("", 1, 2, 3)}},
		}},
		"bars":       &Bars{Title: "t", X: Axis{Label: "ms"}, Bars: []Bar{{"a", "x", 1, 0.5, 2, "1"}, {"b", "y", 2, none, none, "2"}}},
		"empty bars": &Bars{Title: "t", Bars: []Bar{{Label: "a", Low: none, High: none}}},
	}
}

func TestDraw(t *testing.T) {
	for name, d := range examples() {
		t.Run(name, func(t *testing.T) {
			svg, err := SVG(d)
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, string(svg))
			if again, _ := SVG(d); !bytes.Equal(svg, again) {
				t.Error("not the same twice")
			}
			if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
				t.Error("a coordinate is no number")
			}
			inline, err := Inline(d, `a "label" <of> mine`)
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, inline)
			if !strings.HasPrefix(inline, "<svg role=") || strings.Contains(inline, "#222222") || strings.Contains(inline, "#0072B2") {
				t.Errorf("colours are not the page's: %.300s", inline)
			}
			b, err := PNG(d)
			if err != nil {
				t.Fatal(err)
			}
			w, h := d.size()
			config, err := png.DecodeConfig(bytes.NewReader(b))
			if err != nil || math.Abs(float64(config.Width)-w.Points()*pngDPI/72) > 1 || math.Abs(float64(config.Height)-h.Points()*pngDPI/72) > 1 {
				t.Errorf("%d x %d pixels for %v x %v, %v", config.Width, config.Height, w, h, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	many := Panel{}
	for range maxCurves + 1 {
		many.Curves = append(many.Curves, line("", 1))
	}
	for name, d := range map[string]Drawing{
		"no panel": &Figure{}, "no points": &Figure{Panels: []Panel{{Curves: []Curve{{}}}}}, "many curves": &Figure{Panels: []Panel{many}},
		"nan":  &Figure{Panels: []Panel{{Curves: []Curve{line("", none)}}}},
		"huge": &Figure{Panels: []Panel{{Curves: []Curve{line("", 1e200)}}}}, "infinite bound": &Figure{Panels: []Panel{{Curves: []Curve{{Points: []Point{{1, 1, 0, math.Inf(1)}}}}}}},
		"no bars": &Bars{}, "negative bar": &Bars{Bars: []Bar{{Value: -1, Low: none, High: none}}},
	} {
		if err := Check(d); !errors.Is(err, ErrFigure) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := SVG(d); !errors.Is(err, ErrFigure) {
			t.Errorf("%s: drawn, %v", name, err)
		}
		if _, err := PNG(d); !errors.Is(err, ErrFigure) {
			t.Errorf("%s: drawn, %v", name, err)
		}
	}
}

func labels(ticks []plot.Tick) string {
	var l []string
	for _, t := range ticks {
		if t.Label != "" {
			l = append(l, t.Label)
		}
	}
	return strings.Join(l, " ")
}

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		log       bool
		want      string
	}{
		{0, 1, false, "0 0.2 0.4 0.6 0.8 1.0"}, {0, 150, false, "0 25 50 75 100 125 150"}, {-1, 1, false, "-1.0 -0.5 0 0.5 1.0"},
		{0.991, 1.0005, false, "0.992 0.994 0.996 0.998 1.000"}, {0, 1e7, false, "0 2e6 4e6 6e6 8e6 1e7"},
		{0.9, 20, true, "1 2 5 10 20"}, {0.05, 5000, true, "0.1 1 10 100 1000"}, {2, 4, true, "2 3 4"}, {1e-12, 1, true, "1e-12 1e-10 1e-8 1e-6 0.0001 0.01 1"},
	} {
		ticks := linearTicks(test.low, test.high)
		if test.log {
			ticks = logTicks(test.low, test.high)
		}
		if got := labels(ticks); got != test.want {
			t.Errorf("%v to %v, logarithmic %v: %s, want %s", test.low, test.high, test.log, got, test.want)
		}
	}
}

func TestLegendKeepsToTheWidth(t *testing.T) {
	names := []string{"a long name of a curve", "another long name of a curve", "a third one, longer than the two others", "d", ""}
	rows := legendRows(names, 440)
	var all []string
	for _, row := range rows {
		w := 0.0
		for _, name := range row {
			w += entryWidth(name).Points()
		}
		if w > 440 && len(row) > 1 {
			t.Errorf("row %v is %v wide", row, w)
		}
		all = append(all, row...)
	}
	if strings.Join(all, "|") != strings.Join(names[:4], "|") {
		t.Errorf("legend %v", rows)
	}
	if legendRows([]string{"alone"}, 440) != nil {
		t.Error("a single curve needs no legend")
	}
}

func FuzzDraw(f *testing.F) {
	f.Add(1.0, 2.0, 3.0, 0.5, 4.0, true, true, "name")
	f.Add(0.0, -1e300, 1e-300, math.Inf(1), math.NaN(), true, false, "<&>")
	f.Add(1e16, 1e16+2, 1e16, 1e16, 1e16, false, false, "")
	f.Fuzz(func(t *testing.T, a, b, c, low, high float64, logX, logY bool, name string) {
		d := &Figure{Title: name, Y: Axis{Label: name, Log: logY}, Panels: []Panel{
			{X: Axis{Log: logX, Label: name}, Curves: []Curve{{Name: name, Points: []Point{{a, b, low, high}, {b, c, low, high}, {c, a, none, none}}}}},
		}}
		if _, err := Inline(d, name); err != nil && !errors.Is(err, ErrFigure) {
			t.Fatal(err)
		}
	})
}
