package record

import (
	"cmp"
	"slices"
)

// LoadAll loads all runs below root, sorted by suite and, within a suite, by time.
func LoadAll(root string) ([]*Saved, error) {
	dirs, err := List(root)
	if err != nil {
		return nil, err
	}
	runs := make([]*Saved, len(dirs))
	for i, dir := range dirs {
		if runs[i], err = Load(dir); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(runs, Compare)
	return runs, nil
}

// Compare orders runs by suite, then time, then id.
func Compare(a, b *Saved) int {
	return cmp.Or(cmp.Compare(a.Manifest.Suite, b.Manifest.Suite), a.Manifest.Started.Compare(b.Manifest.Started),
		cmp.Compare(a.Manifest.RunID, b.Manifest.RunID))
}

// QuickParam is the parameter that a suite sets to true for a smoke test: fewer sizes and repeats than evidence needs.
const QuickParam = "quick"

// Quick reports whether the run is a smoke test. Such a run may be valid, but it shows no claim.
func (s *Saved) Quick() bool {
	quick, ok := s.Manifest.Params[QuickParam].(bool)
	return ok && quick
}

// Newest returns the last of the valid runs of a suite that are more than smoke tests, nil if there is none. An empty scenario
// means any. Runs are sorted by time, as [LoadAll] returns them.
func Newest(runs []*Saved, suite, scenario string) *Saved {
	for _, s := range slices.Backward(runs) {
		if s.Manifest.Suite == suite && s.Validity.Valid && !s.Quick() && (scenario == "" || s.Manifest.Scenario == scenario) {
			return s
		}
	}
	return nil
}
