package report

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"cipherbid/bench/claim"
	"cipherbid/bench/quantity"
	"cipherbid/bench/record"
)

// model is what both the README and the page show.
type model struct {
	Suites []suite
	Claims []verdict
}

type suite struct {
	Name     string
	Sections []*section
}

// section is one scenario of a suite, shown by its newest valid run.
type section struct {
	Suite, Scenario string
	Run             *record.Saved  // nil if no run is valid
	System          *record.System // of Run
	Rows            []row
	Tables          []table
	Drawings        []drawing
	Notes           []string      // what could not be drawn
	Rejected        *record.Saved // a newer run that is not valid
	Runs            int           // of this scenario, valid or not
}

// row is a value as text.
type row struct{ Key, Value, Interval, N string }

// verdict is a judged claim as text.
type verdict struct {
	Claim, Command, Bound, Shown, Reason string
	Link                                 string // folder of the run, relative to the results folder; empty if there is none
	OK                                   bool
}

func load(root string) (*model, error) {
	runs, err := record.LoadAll(root)
	if err != nil {
		return nil, err
	}
	claims, err := claim.Load(root)
	if err != nil {
		return nil, err
	}
	m := &model{}
	for _, v := range claim.Judge(claims, runs) {
		t := verdict{Claim: v.Claim.Claim, Command: v.Command, Bound: v.Bound(v.Shown.Unit), Reason: v.Reason, OK: v.OK}
		if v.Run != nil {
			t.Link, t.Shown = link(v.Run), quantity.Format(v.Shown.Value, v.Shown.Unit)
		}
		m.Claims = append(m.Claims, t)
	}
	for _, s := range runs {
		name := s.Manifest.Suite
		i := slices.IndexFunc(m.Suites, func(x suite) bool { return x.Name == name })
		if i < 0 {
			i = len(m.Suites)
			m.Suites = append(m.Suites, suite{Name: name})
		}
		if !slices.ContainsFunc(m.Suites[i].Sections, func(x *section) bool { return x.Scenario == s.Manifest.Scenario }) {
			sec, err := newSection(root, runs, name, s.Manifest.Scenario)
			if err != nil {
				return nil, err
			}
			m.Suites[i].Sections = append(m.Suites[i].Sections, sec)
		}
	}
	m.uniqueNames()
	for _, s := range m.Suites {
		slices.SortFunc(s.Sections, func(a, b *section) int { return cmp.Compare(a.Scenario, b.Scenario) })
	}
	return m, nil
}

// uniqueNames renames figures of which the names are taken: suite a-b has those of scenario b of suite a.
func (m *model) uniqueNames() {
	taken := map[string]bool{}
	for _, suite := range m.Suites {
		for _, s := range suite.Sections {
			for i := range s.Drawings {
				d := &s.Drawings[i]
				for taken[d.name] {
					d.name += "-2"
				}
				taken[d.name] = true
			}
		}
	}
}

func newSection(root string, runs []*record.Saved, suite, scenario string) (*section, error) {
	s := &section{Suite: suite, Scenario: scenario}
	for _, r := range runs {
		if r.Manifest.Suite != suite || r.Manifest.Scenario != scenario {
			continue
		}
		s.Runs++
		switch {
		case !r.Validity.Valid:
			s.Rejected = r
		case s.Run == nil || s.Run.Quick() || !r.Quick(): // a smoke test is shown only as long as there is nothing better
			s.Run, s.Rejected = r, nil
		}
	}
	if s.Run == nil {
		return s, nil
	}
	var err error
	if s.System, err = record.LoadSystem(root, s.Run.Manifest.System); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(s.Run.Values)) {
		s.Rows = append(s.Rows, newRow(key, s.Run.Values[key]))
	}
	for _, name := range s.Run.Tables() {
		header, rows, err := s.Run.Table(name)
		if err != nil {
			return nil, err
		}
		s.Tables = append(s.Tables, table{name, header, rows})
	}
	s.Drawings, s.Notes, err = drawings(s.Run)
	return s, err
}

func newRow(key string, v record.Value) row {
	in := quantity.Choose(v.Value, v.Unit)
	r := row{Key: key, Value: quantity.Format(v.Value, v.Unit), N: fmt.Sprint(v.N)}
	if v.Low != nil && v.High != nil {
		r.Interval = in.Number(*v.Low) + " to " + in.Number(*v.High)
	}
	return r
}

// link is the folder of a run, relative to the results folder.
func link(s *record.Saved) string { return s.Manifest.Suite + "/" + s.Manifest.RunID + "/" }

// Title is the heading of the section within its suite.
func (s *section) Title() string { return cmp.Or(s.Scenario, "all") }

// Link is the folder of the run.
func (s *section) Link() string { return link(s.Run) }

// Origin says where the numbers come from.
func (s *section) Origin() string {
	m := &s.Run.Manifest
	quick, local := "", ""
	if s.Run.Quick() {
		quick = "smoke test, no evidence, "
	}
	if m.Dirty {
		local = " with local changes"
	}
	return quick + fmt.Sprintf("%s, commit %s%s, %s, GOMAXPROCS %d", m.Started.Format("2006-01-02 15:04 UTC"), m.Commit[:min(7, len(m.Commit))], local, m.GoVersion, m.GOMAXPROCS)
}

// Machine describes the system in a few words.
func (s *section) Machine() string {
	memory := ""
	if s.System.MemoryBytes > 0 {
		memory = fmt.Sprintf(", %.1f GiB", float64(s.System.MemoryBytes)/(1<<30))
	}
	return fmt.Sprintf("%s, %d cores%s, %s", s.System.CPU, s.System.Cores, memory, s.System.OS)
}

// Command is the command line.
func (s *section) Command() string { return strings.Join(s.Run.Manifest.Command, " ") }

// Failures are the gates that the rejected run does not pass.
func (s *section) Failures() string {
	var reasons []string
	for _, g := range s.Rejected.Validity.Gates {
		if !g.OK {
			reasons = append(reasons, g.Name+": "+strings.ReplaceAll(g.Reason, "\n", "; "))
		}
	}
	return strings.Join(reasons, "; ")
}

// RejectedLink is the folder of the rejected run.
func (s *section) RejectedLink() string { return link(s.Rejected) }

// RejectedID is the rejected run.
func (s *section) RejectedID() string { return filepath.Base(s.Rejected.Dir) }
