package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/report/figure"
)

//go:embed page.html
var pageTemplate string

// maxTableRows is how many rows of a table stand on the page.
const maxTableRows = 60

// page renders report.html.
func (m *model) page() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"inline":  inline,
		"full":    severalPanels,
		"json":    indented,
		"number":  shorten,
		"numeric": numeric,
		"anchor":  func(parts ...string) string { return fileName(strings.Join(parts, "-")) },
		"head":    func(rows [][]string) [][]string { return rows[:min(len(rows), maxTableRows)] },
		"beyond":  func(rows [][]string) int { return max(0, len(rows)-maxTableRows) },
	}).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, m); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return b.Bytes(), nil
}

func inline(d drawing) (template.HTML, error) {
	svg, err := figure.Inline(d.figure, d.title)
	return template.HTML(svg), err // figure escapes all text
}

// severalPanels says whether a figure needs the whole width of the page.
func severalPanels(d drawing) bool {
	f, ok := d.figure.(*figure.Figure)
	return ok && len(f.Panels) > 1
}

func indented(v any) (string, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return string(b), err
}

// shorten rounds the fractions of a table.
func shorten(cell string) string {
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || !strings.ContainsAny(cell, ".e") {
		return cell
	}
	return quantity.Number(v)
}

func numeric(cell string) bool {
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil
}
