package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes in points.
const (
	textSize  vg.Length = 11.5
	smallSize vg.Length = 10.5
	titleSize vg.Length = 13.5
)

// ink colours text and axes, gridInk the grid. Neither is pure black: the SVG back end leaves out that colour, and Inline has
// to find it.
func ink() color.NRGBA     { return color.NRGBA{0x22, 0x22, 0x22, 0xff} }
func gridInk() color.NRGBA { return color.NRGBA{0xdd, 0xdd, 0xdd, 0xff} }

// palette is that of Okabe and Ito (Color Universal Design, 2008), without yellow, which is too pale for lines on white.
func palette() []color.NRGBA {
	return []color.NRGBA{
		{0x00, 0x72, 0xb2, 0xff}, // blue
		{0xd5, 0x5e, 0x00, 0xff}, // vermilion
		{0x00, 0x9e, 0x73, 0xff}, // bluish green
		{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
		{0xe6, 0x9f, 0x00, 0xff}, // orange
		{0x56, 0xb4, 0xe9, 0xff}, // sky blue
		ink(),
	}
}

// look is how a curve is drawn: colour, dashes and marker differ, so that no reader depends on colour alone.
type look struct {
	color color.NRGBA
	dash  []vg.Length
	glyph draw.GlyphDrawer
}

func lookOf(i int) look {
	colors := palette()
	dashes := [][]vg.Length{nil, {6, 2.5}, {1.8, 2}, {7, 2, 1.8, 2}}
	glyphs := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}}
	return look{colors[i%len(colors)], dashes[i%len(dashes)], glyphs[i%len(glyphs)]}
}

func (l look) line() draw.LineStyle {
	return draw.LineStyle{Color: l.color, Width: 1.6, Dashes: l.dash}
}

func (l look) marker() draw.GlyphStyle {
	return draw.GlyphStyle{Color: l.color, Radius: 2.8, Shape: l.glyph}
}

// band is the colour of the area of a confidence interval.
func (l look) band() color.NRGBA {
	c := l.color
	c.A = 0x33
	return c
}

func textStyle(size vg.Length) text.Style {
	return text.Style{
		Color: ink(), Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: text.Plain{Fonts: font.DefaultCache}, XAlign: text.XLeft, YAlign: text.YBottom,
	}
}

// newPlot is an empty plot in our style.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.Title.TextStyle.Font = textStyle(textSize).Font
	p.Title.TextStyle.Color = ink()
	p.Title.Padding = 4
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = textStyle(textSize).Font
		a.Label.TextStyle.Color = ink()
		a.Label.Padding = 4
		a.Tick.Label.Font = textStyle(smallSize).Font
		a.Tick.Label.Color = ink()
		a.LineStyle = draw.LineStyle{Color: ink(), Width: 0.7}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 4
		a.Padding = 0
	}
	return p
}

// grid draws lines at the labelled ticks, behind the data.
type grid struct{ x, y []plot.Tick }

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	style := draw.LineStyle{Color: gridInk(), Width: 0.6}
	for _, t := range g.x {
		if x := toX(t.Value); t.Label != "" && c.ContainsX(x) {
			c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range g.y {
		if y := toY(t.Value); t.Label != "" && c.ContainsY(y) {
			c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
		}
	}
}

// slant is the angle of category labels that would run into each other.
const slant = math.Pi / 5
