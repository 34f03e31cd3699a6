package record

import (
	"fmt"
	"slices"
	"strconv"
)

// Table is a CSV file of a run. It is safe for concurrent use.
type Table struct {
	run    *Run
	name   string
	header []string
	rows   [][]string
}

// Table returns the table name.csv with these columns; the same one for the same name. Units live in the column names.
func (r *Run) Table(name string, header ...string) *Table {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &Table{run: r, name: name, header: slices.Clone(header)}
	if !namePattern.MatchString(name) || len(header) == 0 {
		r.problem("table %q with %d columns: want a name of lower-case words joined by - or _, and columns", name, len(header))
		return t
	}
	for _, c := range header {
		if !keyPattern.MatchString(c) {
			r.problem("table %s: column %q: want letters and digits joined by one of _.:=+/-", name, c)
			return t
		}
	}
	for _, old := range r.tables {
		if old.name != name {
			continue
		}
		if !slices.Equal(old.header, header) {
			r.problem("table %s was given the columns %v and %v", name, old.header, header)
			return t
		}
		return old
	}
	r.tables = append(r.tables, t)
	return t
}

// Append adds a row: one value for each column, of a string, bool, integer or float type. A float that is NaN or infinite makes
// an empty cell.
func (t *Table) Append(values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = cell(v)
	}
	t.run.mu.Lock()
	defer t.run.mu.Unlock()
	if len(values) != len(t.header) {
		t.run.problem("table %s: a row of %d values for %d columns", t.name, len(values), len(t.header))
		return
	}
	t.rows = append(t.rows, row)
}

func cell(v any) string {
	switch x := v.(type) {
	case float64:
		if !finite(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	case float32:
		if !finite(float64(x)) {
			return ""
		}
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	default:
		return fmt.Sprint(v)
	}
}
