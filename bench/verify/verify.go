// Package verify checks that results can be believed as files: every run follows the schema, none of its files has changed since
// it was written, its validity follows from its gates, the report is what the runs make it, and the numbers that documents quote
// are those of the runs. [Check] is everything; it reads only.
//
// It does not repeat measurements: see the commands in the manifests for that.
//
// # Numbers in documents
//
// A number that stems from a run is followed by a comment that names the value, in running text and in tables:
//
//	answers 812 /s<!-- run:latency/20260102T030405Z-abcdef0-amd-epyc-2c-1a2b3c#goodput_per_s -->
//	| p99 | 4.2<!-- run:latency/20260102T030405Z-abcdef0-amd-epyc-2c-1a2b3c#latency_p99_ns unit=ms tol=0.05 --> |
//
// The number may carry a unit of the same kind as the value's: ns, µs, ms, s, min, bytes, kB, MB, KiB, MiB, %. Where the unit stands
// elsewhere, such as in the heading of a table, unit= names it. Without tol the number must be the value, rounded to the digits
// shown; tol=0.05 allows a deviation of 5 % of the value. Thousands may be separated by commas. The run has to be valid, and more than a smoke
// test.
//
// Between <!-- measured --> and <!-- /measured --> every number has to be marked so, or with <!-- given --> if it is a parameter.
// Numbers in code and links, and those that are part of a word, such as p99, do not count.
package verify

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cipherbid/bench/claim"
	"cipherbid/bench/record"
	"cipherbid/bench/report"
)

// Problem is something that does not hold. File is relative to the results folder, or the document as it was given; Line counts
// from 1, 0 if none applies.
type Problem struct {
	File string
	Line int
	Text string
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return p.File + ": " + p.Text
}

// Check verifies the results folder root and the document readme, a Markdown file that quotes numbers; an empty name means none.
// It returns all problems, sorted by file and line. The error says why checking itself was not possible.
func Check(root, readme string) ([]Problem, error) {
	c := &checker{root: root}
	var err error
	if c.schema, err = loadSchema(root); err != nil {
		return nil, err
	}
	if err := c.folders(); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	c.systems()
	runs := c.runs()
	c.claims(runs)
	if readme != "" {
		b, err := record.ReadFile(readme)
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		c.document(readme, b, runs)
	}
	if len(c.problems) == 0 { // a report of damaged runs says nothing new
		c.report()
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return c.problems, nil
}

type checker struct {
	root     string
	schema   *schemas
	problems []Problem
}

func (c *checker) problem(file string, line int, format string, args ...any) {
	if relative, err := filepath.Rel(c.root, file); err == nil && filepath.IsLocal(relative) {
		file = relative
	}
	c.problems = append(c.problems, Problem{file, line, fmt.Sprintf(format, args...)})
}

// claims judges claims.json.
func (c *checker) claims(runs []*record.Saved) {
	path := filepath.Join(c.root, claim.File)
	if _, err := os.Stat(path); err != nil {
		return
	}
	c.follows(path, "claims")
	claims, err := claim.Load(c.root)
	if err != nil {
		c.problem(path, 0, "%v", err)
		return
	}
	for _, v := range claim.Judge(claims, runs) {
		if !v.OK {
			c.problem(path, 0, "claim %q does not hold: %s", v.Claim.Claim, v.Reason)
		}
	}
}

// report compares the README of the results with what the runs make it.
func (c *checker) report() {
	path := filepath.Join(c.root, report.ReadmeFile)
	have, err := record.ReadFile(path)
	if err != nil {
		c.problem(path, 0, "%v; generate the report", err)
		return
	}
	want, err := report.README(c.root)
	if err != nil {
		c.problem(path, 0, "%v", err)
		return
	}
	if bytes.Equal(have, want) {
		return
	}
	a, b := bytes.Split(have, []byte("\n")), bytes.Split(want, []byte("\n"))
	line := 0
	for line < len(a) && line < len(b) && bytes.Equal(a[line], b[line]) {
		line++
	}
	c.problem(path, line+1, "differs from what the runs make it; generate the report anew")
}
