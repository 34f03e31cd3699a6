package record

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Limits on what is read back.
const (
	maxFile       = 256 << 20 // bytes of any file of a run
	maxHistograms = 10_000
	maxWindow     = 64 << 20 // bytes of memory for the decompressor
)

// RunIDPattern is what the folder of a run is called.
var RunIDPattern = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-z]{1,7}-[a-z0-9-]+$`)

// Saved is a run read back. It is safe for concurrent use as long as nobody changes its fields.
type Saved struct {
	Dir      string
	Manifest Manifest
	Values   map[string]Value
	Validity Validity
}

// Load reads the manifest, summary and validity of a run. It does not check hashes or schemas: bench/verify does.
func Load(dir string) (*Saved, error) {
	s := &Saved{Dir: dir}
	var sum summary
	for name, into := range map[string]any{ManifestFile: &s.Manifest, SummaryFile: &sum, ValidityFile: &s.Validity} {
		b, err := ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("load run: %w", err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			return nil, fmt.Errorf("load run: %s: %w", filepath.Join(dir, name), err)
		}
	}
	s.Values = sum.Values
	return s, nil
}

// ReadFile reads a file of at most 256 MiB.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return b, err
}

// List returns the folders of all runs below root, sorted by suite and, within a suite, by time. Folders that are not named
// like a run are left out.
func List(root string) ([]string, error) {
	suites, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var dirs []string
	for _, suite := range suites {
		if !suite.IsDir() || !namePattern.MatchString(suite.Name()) || reserved[suite.Name()] {
			continue
		}
		runs, err := os.ReadDir(filepath.Join(root, suite.Name()))
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		for _, run := range runs {
			if run.IsDir() && RunIDPattern.MatchString(run.Name()) {
				dirs = append(dirs, filepath.Join(root, suite.Name(), run.Name()))
			}
		}
	}
	return dirs, nil
}

// LoadSystem reads the description of a machine.
func LoadSystem(root, id string) (*System, error) {
	if !namePattern.MatchString(id) {
		return nil, fmt.Errorf("system id %q is none", id)
	}
	b, err := ReadFile(filepath.Join(root, "systems", id+".json"))
	if err != nil {
		return nil, fmt.Errorf("system %s: %w", id, err)
	}
	s := &System{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("system %s: %w", id, err)
	}
	return s, nil
}

// Tables returns the names of the run's tables, without .csv, sorted.
func (s *Saved) Tables() []string {
	var names []string
	for file := range s.Manifest.Files {
		if name, ok := strings.CutSuffix(file, ".csv"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Table reads a table: its columns, and its rows, which have as many cells. An error wraps fs.ErrNotExist if there is no such
// table.
func (s *Saved) Table(name string) (header []string, rows [][]string, err error) {
	if !namePattern.MatchString(name) {
		return nil, nil, fmt.Errorf("table name %q is none", name)
	}
	f, err := os.Open(filepath.Join(s.Dir, name+".csv"))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(io.LimitReader(f, maxFile)).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%s: no header", f.Name())
	}
	return all[0], all[1:], nil
}
