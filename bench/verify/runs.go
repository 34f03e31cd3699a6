package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cipherbid/bench/record"
	"cipherbid/bench/report"
)

// folders looks for what does not belong into the results folder: most of all what interrupted programs left behind.
func (c *checker) folders() error {
	entries, err := os.ReadDir(c.root)
	if err != nil {
		return err
	}
	runs, err := record.List(c.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(c.root, e.Name())
		switch e.Name() {
		case "schema", "systems", report.PlotsDir:
			continue
		}
		if !e.IsDir() {
			continue
		}
		inside, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, run := range inside {
			if dir := filepath.Join(path, run.Name()); !slices.Contains(runs, dir) {
				c.problem(dir, 0, "is not a run; delete it, if an interrupted program left it")
			}
		}
	}
	return nil
}

// systems checks the descriptions of machines.
func (c *checker) systems() {
	entries, err := os.ReadDir(filepath.Join(c.root, "systems"))
	if err != nil {
		return // without runs there are none; a run without its system is reported there
	}
	for _, e := range entries {
		path := filepath.Join(c.root, "systems", e.Name())
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			c.problem(path, 0, "is not a system; delete it, if an interrupted program left it")
			continue
		}
		if !c.follows(path, "system") {
			continue
		}
		s, err := record.LoadSystem(c.root, id)
		if err != nil {
			c.problem(path, 0, "%v", err)
		} else if s.ID != id || s.Hash() != id {
			c.problem(path, 0, "describes system %s, and calls itself %s", s.Hash(), s.ID)
		}
	}
}

// runs checks every run and returns those that can be loaded, sorted as by [record.LoadAll].
func (c *checker) runs() []*record.Saved {
	dirs, err := record.List(c.root)
	if err != nil {
		c.problem(c.root, 0, "%v", err)
	}
	var runs []*record.Saved
	for _, dir := range dirs {
		followed := true
		for _, f := range []string{"manifest", "summary", "validity"} {
			followed = c.follows(filepath.Join(dir, f+".json"), f) && followed
		}
		s, err := record.Load(dir)
		if err != nil {
			if followed {
				c.problem(dir, 0, "%v", err)
			}
			continue
		}
		runs = append(runs, s)
		c.identity(s)
		c.files(s)
		c.values(s)
		c.gates(s)
	}
	slices.SortStableFunc(runs, record.Compare)
	return runs
}

// identity checks that the run is what its folder is called.
func (c *checker) identity(s *record.Saved) {
	m, path := &s.Manifest, filepath.Join(s.Dir, record.ManifestFile)
	if id := filepath.Base(s.Dir); m.RunID != id {
		c.problem(path, 0, "run %s in folder %s", m.RunID, id)
	}
	if suite := filepath.Base(filepath.Dir(s.Dir)); m.Suite != suite {
		c.problem(path, 0, "suite %s in folder %s", m.Suite, suite)
	}
	if want := record.RunID(m.Started, m.Commit, m.System); m.RunID != want && !strings.HasPrefix(m.RunID, want+"-") {
		c.problem(path, 0, "run %s began at another time, on another commit or system: %s", m.RunID, want)
	}
	if m.Finished.Before(m.Started) {
		c.problem(path, 0, "finished at %s, before it started", m.Finished)
	}
	if _, err := record.LoadSystem(c.root, m.System); err != nil {
		c.problem(path, 0, "%v", err)
	}
}

// files checks the hashes, that there are no other files, and that each can be read.
func (c *checker) files(s *record.Saved) {
	intact := true
	for _, name := range slices.Sorted(maps.Keys(s.Manifest.Files)) {
		path := filepath.Join(s.Dir, filepath.Base(name))
		b, err := record.ReadFile(path)
		if err != nil {
			c.problem(path, 0, "%v", err)
			intact = false
			continue
		}
		if hash(b) != s.Manifest.Files[name] {
			c.problem(path, 0, "was changed after the run: its hash differs from the manifest's")
			intact = false
		}
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		c.problem(s.Dir, 0, "%v", err)
	}
	for _, e := range entries {
		if _, listed := s.Manifest.Files[e.Name()]; !listed && e.Name() != record.ManifestFile {
			c.problem(filepath.Join(s.Dir, e.Name()), 0, "is not listed in the manifest")
		}
	}
	if !intact {
		return
	}
	if _, err := s.Histograms(); err != nil {
		c.problem(filepath.Join(s.Dir, record.LatencyFile), 0, "%v", err)
	}
	for _, name := range s.Tables() {
		if _, _, err := s.Table(name); err != nil {
			c.problem(filepath.Join(s.Dir, name+".csv"), 0, "%v", err)
		}
	}
	for _, err := range s.Samples() {
		if err != nil {
			c.problem(filepath.Join(s.Dir, record.SamplesFile), 0, "%v", err)
		}
	}
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// values checks what the schema cannot say about the summary.
func (c *checker) values(s *record.Saved) {
	path := filepath.Join(s.Dir, record.SummaryFile)
	for _, key := range slices.Sorted(maps.Keys(s.Values)) {
		v := s.Values[key]
		if (v.Low == nil) != (v.High == nil) || v.Low != nil && *v.Low > *v.High {
			c.problem(path, 0, "value %s has half an interval, or one upside down", key)
		}
		if !record.UnitInKey(key, v.Unit) {
			c.problem(path, 0, "value %s has unit %s, which its key does not name", key, v.Unit)
		}
	}
}

// gates checks that validity follows from the gates, and that none that the manifest asks for is missing.
func (c *checker) gates(s *record.Saved) {
	path := filepath.Join(s.Dir, record.ValidityFile)
	valid := len(s.Validity.Gates) > 0
	given := map[string]bool{}
	for _, g := range s.Validity.Gates {
		valid = valid && g.OK
		if given[g.Name] {
			c.problem(path, 0, "gate %q stands twice", g.Name)
		}
		given[g.Name] = true
	}
	if s.Validity.Valid != valid {
		c.problem(path, 0, "valid is %v, but its gates say %v", s.Validity.Valid, valid)
	}
	for _, name := range s.Manifest.Gates {
		if !given[name] {
			c.problem(path, 0, "gate %q of the manifest is missing", name)
		}
	}
}
