// Package report turns the results folder into README.md, report.html and plots. All of them are pure functions of the runs: delete
// them, and [Generate] makes the same ones again. The README is the same to the byte everywhere; plots may differ in the last
// digit of a coordinate between machine architectures.
//
// Each suite and scenario is shown by its newest valid run. Which figures a table gets is declared in spec.go: a suite that
// writes a table with the columns of a spec is drawn without further work. Nothing here measures or judges runs; bench/verify
// does the latter.
package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"cipherbid/bench/report/figure"
)

// Names of what Generate writes below the results folder.
const (
	ReadmeFile = "README.md"
	PageFile   = "report.html"
	PlotsDir   = "plots"
)

// Generate writes README.md, report.html and plots below the results folder root, and removes plots that no run has any more. Each
// file is replaced whole. It is not safe to call twice at once for one root.
func Generate(root string) error {
	m, err := load(root)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	page, err := m.page()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	files := map[string][]byte{ReadmeFile: m.readme(), PageFile: page}
	if err := m.plots(files); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	plots := filepath.Join(root, PlotsDir)
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for name, content := range files {
		if err := replace(filepath.Join(root, name), content); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return prune(plots, files)
}

// plots adds the files of all figures.
func (m *model) plots(files map[string][]byte) error {
	for _, suite := range m.Suites {
		for _, s := range suite.Sections {
			for _, d := range s.Drawings {
				svg, err := figure.SVG(d.figure)
				if err != nil {
					return err
				}
				png, err := figure.PNG(d.figure)
				if err != nil {
					return err
				}
				name := filepath.Join(PlotsDir, d.name)
				files[name+".svg"], files[name+".png"] = svg, png
			}
		}
	}
	return nil
}

// replace writes a file beside the old one and renames it.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".partial-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once renamed
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// prune removes plots that were not made now.
func prune(dir string, files map[string][]byte) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, e := range entries {
		_, made := files[filepath.Join(PlotsDir, e.Name())]
		if made || !slices.Contains([]string{".svg", ".png"}, filepath.Ext(e.Name())) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}
