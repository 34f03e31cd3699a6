package figure

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plot makes the plot of the bars, the first one at the top.
func (b *Bars) plot() *plot.Plot {
	p := newPlot()
	all := []float64{0}
	var ticks []plot.Tick
	looks := map[string]look{}
	for i, name := range b.names() {
		looks[name] = lookOf(i)
	}
	n := len(b.Bars)
	for i, x := range b.Bars {
		all = append(all, x.Value)
		if finite(x.High) {
			all = append(all, x.High)
		}
		ticks = append(ticks, plot.Tick{Value: float64(n - 1 - i), Label: x.Label})
	}
	x := fit(Axis{}, all, true)
	x.min = 0
	if x.max <= 0 || all[0] == x.max { // every bar is 0
		x.max = 1
	}
	x.max *= 1.15 // room for the text at the end of the longest bar
	x.ticks = linearTicks(0, x.max)
	p.Add(grid{x: x.ticks})
	for i, bar := range b.Bars {
		p.Add(drawnBar{bar, float64(n - 1 - i), looks[bar.Series]})
	}
	x.apply(&p.X)
	p.X.Label.Text = b.X.Label
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	p.Y.Tick.Length = 0
	return p
}

type drawnBar struct {
	bar  Bar
	y    float64
	look look
}

func (b drawnBar) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	left, right := toX(0), toX(b.bar.Value)
	low, high := toY(b.y-0.34), toY(b.y+0.34)
	c.FillPolygon(b.look.color, []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
	end := right
	if !math.IsNaN(b.bar.Low) && !math.IsNaN(b.bar.High) {
		style := draw.LineStyle{Color: ink(), Width: 1}
		from, to, y := toX(max(0, b.bar.Low)), toX(b.bar.High), toY(b.y)
		c.StrokeLine2(style, from, y, to, y)
		c.StrokeLine2(style, from, y-2.5, from, y+2.5)
		c.StrokeLine2(style, to, y-2.5, to, y+2.5)
		end = max(end, to)
	}
	style := textStyle(smallSize)
	style.YAlign = text.YCenter
	c.FillText(style, vg.Point{X: end + 4, Y: toY(b.y) + lift}, b.bar.Text)
}
