package report

import (
	"bytes"
	"fmt"
	"strings"
)

// maxShown is how many plots of a section the README shows; it links to the others.
const maxShown = 4

// README returns what README.md of the results folder has to be, a pure function of the runs in it.
func README(root string) ([]byte, error) {
	m, err := load(root)
	if err != nil {
		return nil, err
	}
	return m.readme(), nil
}

func (m *model) readme() []byte {
	var b bytes.Buffer
	b.WriteString(`# Results

Generated from the runs in this folder; do not edit. Every number links to the run that it comes from, the newest valid one of its
suite and scenario. Intervals are 95 % confidence intervals, n counts the observations behind a value. The same with all tables
and plots on one page: [report.html](report.html).
`)
	if len(m.Suites) == 0 {
		b.WriteString("\nThere are no runs yet.\n")
	}
	if len(m.Claims) > 0 {
		b.WriteString("\n## Claims\n\n| claim | bound | shown | holds | command |\n| --- | --- | ---: | --- | --- |\n")
		for _, c := range m.Claims {
			shown := cell(c.Shown)
			if c.Link != "" {
				shown = "[" + shown + "](" + c.Link + ")"
			}
			holds := "yes"
			if !c.OK {
				holds = "**no**: " + cell(c.Reason)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(c.Claim), cell(c.Bound), shown, holds, code(c.Command))
		}
	}
	for _, suite := range m.Suites {
		fmt.Fprintf(&b, "\n## %s\n", suite.Name)
		for _, s := range suite.Sections {
			s.readme(&b, len(suite.Sections) > 1)
		}
	}
	return b.Bytes()
}

func (s *section) readme(b *bytes.Buffer, heading bool) {
	if heading || s.Scenario != "" {
		fmt.Fprintf(b, "\n### %s\n", s.Title())
	}
	if s.Rejected != nil {
		fmt.Fprintf(b, "\nThe newest run [%s](%s) is **not valid**: %s.\n", s.RejectedID(), s.RejectedLink(), cell(s.Failures()))
	}
	if s.Run == nil {
		b.WriteString("\nNo run is valid.\n")
		return
	}
	fmt.Fprintf(b, "\nRun [%s](%s) of %d: %s. System [%s](systems/%s.json): %s. %s\n",
		s.Run.Manifest.RunID, s.Link(), s.Runs, cell(s.Origin()), s.System.ID, s.System.ID, cell(s.Machine()), code(s.Command()))
	if len(s.Rows) > 0 {
		b.WriteString("\n| value | | 95 % interval | n |\n| --- | ---: | ---: | ---: |\n")
		for _, r := range s.Rows {
			fmt.Fprintf(b, "| `%s` | [%s](%ssummary.json) | %s | %s |\n", r.Key, cell(r.Value), s.Link(), cell(r.Interval), r.N)
		}
	}
	if len(s.Tables) > 0 {
		var links []string
		for _, t := range s.Tables {
			links = append(links, fmt.Sprintf("[%s](%s%s.csv), %d rows", t.Name, s.Link(), t.Name, len(t.Rows)))
		}
		fmt.Fprintf(b, "\nTables: %s.\n", strings.Join(links, "; "))
	}
	var more []string
	for i, d := range s.Drawings {
		if i < maxShown {
			fmt.Fprintf(b, "\n![%s](plots/%s.svg)\n", cell(d.title), d.name)
			continue
		}
		more = append(more, fmt.Sprintf("[%s](plots/%s.svg)", cell(d.title), d.name))
	}
	if len(more) > 0 {
		fmt.Fprintf(b, "\nMore plots: %s.\n", strings.Join(more, "; "))
	}
	for _, note := range s.Notes {
		fmt.Fprintf(b, "\nNot drawn: %s.\n", cell(note))
	}
}

// cell makes text safe within a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`, "<", "&lt;", "[", `\[`, "]", `\]`, "*", `\*`, "`", "'").Replace(s)
}

// code writes a command as code.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.NewReplacer("\n", " ", "`", "'", "|", `\|`).Replace(s) + "`"
}
