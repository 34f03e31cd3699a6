package figure

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Drawing is a [Figure] or [Bars].
type Drawing interface {
	check() error
	size() (width, height vg.Length)
	draw(c draw.Canvas) error
}

const (
	margin      vg.Length = 8
	titleHeight vg.Length = 24
	legendRow   vg.Length = 16
	pngDPI                = 192
	widest                = 1.35 // of a figure in a page, px per point
	labelWidth  vg.Length = 19
	lift        vg.Length = 1.2 // centres lower-case text beside a mark
)

// Check returns an error that wraps [ErrFigure] if d cannot be drawn.
func Check(d Drawing) error { return d.check() }

// SVG draws d as a file of its own, on white.
func SVG(d Drawing) ([]byte, error) { return svg(d, true) }

// Inline draws d as an svg element for an HTML page. Text has the page's colour, the grid var(--grid), and curves var(--c0) to
// var(--c5), each with a colour for white pages to fall back to. It is as wide as its container, within
// bounds that keep its text readable.
func Inline(d Drawing, label string) (string, error) {
	b, err := svg(d, false)
	if err != nil {
		return "", err
	}
	_, body, ok := strings.Cut(string(b), "<svg ")
	if !ok {
		return "", fmt.Errorf("figure %q: %w: no svg element", label, ErrFigure)
	}
	_, body, _ = strings.Cut(body, ">")
	w, h := d.size()
	narrowest := 0.72
	if f, ok := d.(*Figure); ok && len(f.Panels) > 1 {
		narrowest = 0.95
	}
	for i, c := range palette()[:len(palette())-1] {
		body = strings.ReplaceAll(body, hex(c), fmt.Sprintf("var(--c%d,%s)", i, strings.ToLower(hex(c))))
	}
	body = strings.ReplaceAll(body, hex(ink()), "currentColor")
	body = strings.ReplaceAll(body, hex(gridInk()), "var(--grid,#ddd)")
	return fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %g %g" style="width:100%%;min-width:%gpx;max-width:%gpx">`,
		html.EscapeString(label), w.Points(), h.Points(), narrowest*w.Points(), widest*w.Points()) + body, nil
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

func svg(d Drawing, background bool) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	w, h := d.size()
	canvas := vgsvg.New(w, h)
	c := draw.New(canvas)
	if background {
		fillWhite(c)
	}
	if err := d.draw(c); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// Arial and Helvetica are as wide as Liberation Sans, for which the layout was computed.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;font-variant:none;font-weight:normal;font-style:normal"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif")), nil
}

// PNG draws d at 192 dots per inch, on white.
func PNG(d Drawing) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	w, h := d.size()
	canvas := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(pngDPI))
	c := draw.New(canvas)
	fillWhite(c)
	if err := d.draw(c); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(&b)
	return b.Bytes(), err
}

func fillWhite(c draw.Canvas) {
	c.FillPolygon(color.White, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
}
