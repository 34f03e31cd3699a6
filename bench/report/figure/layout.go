package figure

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// perRow is how many panels stand side by side.
const perRow = 3

func (f *Figure) rows() int { return (len(f.Panels) + perRow - 1) / perRow }

func (f *Figure) size() (width, height vg.Length) {
	width = 440
	if n := vg.Length(min(len(f.Panels), perRow)); n > 1 {
		width = 80 + 210*n
	}
	height = 2*margin + titleHeight + 270*vg.Length(f.rows()) + legendHeight(f.names(), width)
	for _, p := range f.Panels {
		if p.Categories != nil {
			return width, height + 45
		}
	}
	return width, height
}

func (f *Figure) draw(c draw.Canvas) error {
	plots, err := f.plots()
	if err != nil {
		return err
	}
	c = draw.Crop(heading(c, f.Title, f.names(), false), labelWidth, 0, 0, 0)
	tiles := draw.Tiles{Rows: f.rows(), Cols: min(len(plots), perRow), PadX: 14, PadY: 12}
	grid := make([][]*plot.Plot, tiles.Rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, tiles.Cols) // those after the last panel stay nil, which Align leaves out
		copy(grid[i], plots[i*perRow:min(len(plots), (i+1)*perRow)])
	}
	for i, row := range plot.Align(grid, tiles, c) {
		for j, tile := range row {
			if grid[i][j] == nil {
				continue
			}
			grid[i][j].Draw(tile)
			if j == 0 {
				f.labelY(c, grid[i][j].DataCanvas(tile))
			}
		}
	}
	return nil
}

// labelY writes the label of the vertical axis to the left of a row of panels. The one of gonum/plot takes up room as if it stood
// at the middle of the values, which on a logarithmic axis is near the top.
func (f *Figure) labelY(c, data draw.Canvas) {
	style := textStyle(textSize)
	style.Rotation = math.Pi / 2
	style.XAlign, style.YAlign = text.XCenter, text.YTop
	c.FillText(style, vg.Point{X: c.Min.X - labelWidth, Y: data.Center().Y}, f.Y.Label)
}

func (b *Bars) size() (width, height vg.Length) {
	width = 440
	return width, 2*margin + titleHeight + 45 + 18*vg.Length(len(b.Bars)) + legendHeight(b.names(), width)
}

func (b *Bars) draw(c draw.Canvas) error {
	b.plot().Draw(heading(c, b.Title, b.names(), true))
	return nil
}

// heading draws title and legend and returns the canvas below them.
func heading(c draw.Canvas, title string, names []string, bars bool) draw.Canvas {
	width := c.Max.X - c.Min.X
	c = draw.Crop(c, margin, -margin, margin, -margin)
	style := textStyle(titleSize)
	style.YAlign = text.YTop
	if wide := style.Width(title); wide > c.Max.X-c.Min.X {
		style.Font.Size *= (c.Max.X - c.Min.X) / wide
	}
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, title)
	y := c.Max.Y - titleHeight
	rows := legendRows(names, width)
	for _, row := range rows {
		x := c.Min.X
		for _, name := range row {
			legendEntry(c, x, y-legendRow/2, name, lookOf(slices.Index(names, name)), bars)
			x += entryWidth(name)
		}
		y -= legendRow
	}
	return draw.Crop(c, 0, 0, 0, -titleHeight-legendHeight(names, width))
}

const thumbnail vg.Length = 22

func entryWidth(name string) vg.Length { return thumbnail + 5 + textStyle(smallSize).Width(name) + 14 }

// legendRows breaks the names of a legend into rows; none if there is nothing to tell apart.
func legendRows(names []string, width vg.Length) [][]string {
	var rows [][]string
	if len(names) < 2 {
		return nil
	}
	x := vg.Length(0)
	for _, name := range names {
		if name == "" {
			continue
		}
		w := entryWidth(name)
		if len(rows) == 0 || x+w > width-2*margin {
			rows, x = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], name)
		x += w
	}
	return rows
}

func legendHeight(names []string, width vg.Length) vg.Length {
	rows := vg.Length(len(legendRows(names, width)))
	if rows == 0 {
		return 0
	}
	return rows*legendRow + 7
}

func legendEntry(c draw.Canvas, x, y vg.Length, name string, l look, bar bool) {
	if bar {
		c.FillPolygon(l.color, []vg.Point{{X: x + 6, Y: y - 4}, {X: x + thumbnail, Y: y - 4}, {X: x + thumbnail, Y: y + 4}, {X: x + 6, Y: y + 4}})
	} else {
		c.StrokeLine2(l.line(), x, y, x+thumbnail, y)
		c.DrawGlyphNoClip(l.marker(), vg.Point{X: x + thumbnail/2, Y: y})
	}
	style := textStyle(smallSize)
	style.YAlign = text.YCenter
	c.FillText(style, vg.Point{X: x + thumbnail + 5, Y: y + lift}, name)
}
