// Package claim reads claims.json, the table of what the project says about itself, and judges each claim by the run that is to
// show it. [Load] reads, [Judge] judges. Every function is safe for concurrent use.
package claim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/record"
)

// File is the name of the table in the results folder.
const File = "claims.json"

// Newest stands in place of a run id in [Claim.File] for the newest valid run of the suite.
const Newest = "newest"

// Claim is a sentence and the value that shows it: within AtLeast and AtMost, or within Tolerance of Value, relative to it. Bounds
// are in the unit of the value.
type Claim struct {
	Claim     string   `json:"claim"`
	Command   string   `json:"command"`            // what makes the run
	File      string   `json:"file"`               // <suite>/<run id>/summary.json, the run id may be "newest"
	Scenario  string   `json:"scenario,omitempty"` // narrows "newest"
	Key       string   `json:"key"`
	AtMost    *float64 `json:"at_most,omitempty"`
	AtLeast   *float64 `json:"at_least,omitempty"`
	Value     *float64 `json:"value,omitempty"`
	Tolerance *float64 `json:"tolerance,omitempty"`
}

// Verdict is whether a claim holds. Run is nil and Shown zero if there is no such run or value.
type Verdict struct {
	Claim
	Run    *record.Saved
	Shown  record.Value
	OK     bool
	Reason string // why not
}

// Load reads the claims of a results folder, none if it has no claims.json.
func Load(root string) ([]Claim, error) {
	b, err := record.ReadFile(filepath.Join(root, File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	claims, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(root, File), err)
	}
	return claims, nil
}

func parse(b []byte) ([]Claim, error) {
	var table struct {
		Claims []Claim `json:"claims"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&table); err != nil {
		return nil, err
	}
	for i, c := range table.Claims {
		if _, _, err := c.run(); err != nil {
			return nil, fmt.Errorf("claim %d, %q: %w", i+1, c.Claim, err)
		}
		if (c.Value == nil) != (c.Tolerance == nil) || (c.Value == nil) == (c.AtMost == nil && c.AtLeast == nil) {
			return nil, fmt.Errorf("claim %d, %q: want at_most, at_least or both, or value with tolerance", i+1, c.Claim)
		}
	}
	return table.Claims, nil
}

// run splits File.
func (c *Claim) run() (suite, id string, err error) {
	parts := strings.Split(c.File, "/")
	if len(parts) != 3 || parts[2] != record.SummaryFile || parts[1] != Newest && !record.RunIDPattern.MatchString(parts[1]) {
		return "", "", fmt.Errorf("file %q: want <suite>/<run id or %s>/%s", c.File, Newest, record.SummaryFile)
	}
	return parts[0], parts[1], nil
}

// Judge looks every claim up in the runs, which are sorted by time, as [record.LoadAll] returns them.
func Judge(claims []Claim, runs []*record.Saved) []Verdict {
	verdicts := make([]Verdict, len(claims))
	for i, c := range claims {
		verdicts[i] = c.judge(runs)
	}
	return verdicts
}

func (c Claim) judge(runs []*record.Saved) Verdict {
	v := Verdict{Claim: c}
	suite, id, err := c.run()
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	if id == Newest {
		v.Run = record.Newest(runs, suite, c.Scenario)
	} else {
		for _, r := range runs {
			if r.Manifest.Suite == suite && r.Manifest.RunID == id {
				v.Run = r
			}
		}
	}
	if v.Run == nil {
		v.Reason = "there is no such valid run"
		return v
	}
	value, ok := v.Run.Values[c.Key]
	switch {
	case !ok:
		v.Reason = fmt.Sprintf("run %s has no value %s", v.Run.Manifest.RunID, c.Key)
	case !v.Run.Validity.Valid:
		v.Shown, v.Reason = value, fmt.Sprintf("run %s is not valid", v.Run.Manifest.RunID)
	default:
		v.Shown, v.OK = value, c.holds(value.Value)
		if !v.OK {
			v.Reason = "out of bounds"
		}
	}
	return v
}

func (c Claim) holds(v float64) bool {
	if c.AtMost != nil && v > *c.AtMost || c.AtLeast != nil && v < *c.AtLeast {
		return false
	}
	return c.Value == nil || c.Tolerance == nil || math.Abs(v-*c.Value) <= *c.Tolerance*math.Abs(*c.Value)
}

// Bound writes what the value has to be, in its unit.
func (c Claim) Bound(unit string) string {
	var parts []string
	if c.AtLeast != nil {
		parts = append(parts, "at least "+quantity.Format(*c.AtLeast, unit))
	}
	if c.AtMost != nil {
		parts = append(parts, "at most "+quantity.Format(*c.AtMost, unit))
	}
	if c.Value != nil && c.Tolerance != nil {
		parts = append(parts, fmt.Sprintf("%s ± %s %%", quantity.Format(*c.Value, unit), quantity.Number(*c.Tolerance*100)))
	}
	return strings.Join(parts, ", ")
}
