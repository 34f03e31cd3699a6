package report

import (
	"bytes"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cipherbid/bench/record"
	"cipherbid/bench/record/recordtest"
	"cipherbid/bench/report/figure"
)

// read returns all files below root that Generate makes.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil && (name == ReadmeFile || name == PageFile || strings.HasPrefix(name, PlotsDir)) {
			b, err := os.ReadFile(path)
			files[name] = string(b)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func generate(t *testing.T, root string) map[string]string {
	t.Helper()
	if err := Generate(root); err != nil {
		t.Fatal(err)
	}
	return read(t, root)
}

func TestGenerate(t *testing.T) {
	root := t.TempDir()
	recordtest.Write(t, root)
	first := generate(t, root)
	for _, name := range []string{
		"latency-server-latency-server", "latency-server-stages-wall_ns", "latency-server-loads-p50_ns",
		"utility-built-in-winner_agreement", "scaling-features-answer_ns",
	} {
		if first["plots/"+name+".svg"] == "" || first["plots/"+name+".png"] == "" {
			t.Errorf("no plot %s", name)
		}
	}

	// Whatever is edited, lost or left over, the runs make it the same again.
	for name := range first {
		if err := os.WriteFile(filepath.Join(root, name), []byte("edited"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, PlotsDir, "stale.svg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	second := generate(t, root)
	if len(first) != len(second) {
		t.Errorf("%d files, then %d", len(first), len(second))
	}
	for name := range first {
		if first[name] != second[name] {
			t.Errorf("%s is not the same again", name)
		}
	}
	if b, err := README(root); err != nil || string(b) != first[ReadmeFile] {
		t.Errorf("README differs from the one of Generate, %v", err)
	}

	page := first[PageFile]
	for _, outside := range []string{"<script", "<link", "<img", "src=", "@import", "url("} {
		if strings.Contains(page, outside) {
			t.Errorf("the page contains %s", outside)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+m[1]+`"`) {
			t.Errorf("the page has no place %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?:href="|\]\()([^#")][^")]*)`).FindAllStringSubmatch(page+first[ReadmeFile], -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("link to %s: %v", m[1], err)
		}
	}
	if n := strings.Count(page, "<svg "); 2*n != len(first)-2 {
		t.Errorf("%d figures on the page, %d files", n, len(first))
	}
}

func TestReadmeShowsNewestValidRun(t *testing.T) {
	root := t.TempDir()
	run := func(v float64, ok bool) string {
		return filepath.Base(recordtest.Run(t, root, "latency", "server", func(r *record.Run, _ *rand.Rand) {
			r.Value("latency_p99_ns", v, "ns", 500, v*0.9, v*1.1)
			r.Gate("lag", ok, "generator 3 | 4 ms late")
		}))
	}
	run(1e6, true)
	second := run(2e6, true)
	third := run(3e6, false)
	b, err := README(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `latency_p99_ns` | [2 ms](latency/" + second + "/summary.json) | 1.800 to 2.200 | 500 |",
		"The newest run [" + third + "](latency/" + third + "/) is **not valid**: lag: generator 3 \\| 4 ms late.",
		"Run [" + second + "](latency/" + second + "/) of 3:",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q is missing in\n%s", want, b)
		}
	}
	for _, unwanted := range []string{"1 ms", "3 ms"} {
		if bytes.Contains(b, []byte("["+unwanted)) {
			t.Errorf("shows %s:\n%s", unwanted, b)
		}
	}
}

func TestSmokeTestIsShownAsSuch(t *testing.T) {
	root := t.TempDir()
	run := func(v float64, quick bool) {
		r, err := record.Open(root, record.Manifest{Suite: "latency", Params: map[string]any{record.QuickParam: quick}})
		if err != nil {
			t.Fatal(err)
		}
		r.Value("latency_p99_ns", v, "ns", 5, math.NaN(), math.NaN())
		r.Gate("g", true, "")
		if _, err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(1e6, true)
	if b, err := README(root); err != nil || !bytes.Contains(b, []byte("[1 ms]")) || !bytes.Contains(b, []byte("smoke test, no evidence")) {
		t.Errorf("alone it is shown: %v\n%s", err, b)
	}
	run(2e6, false)
	run(3e6, true)
	if b, err := README(root); err != nil || !bytes.Contains(b, []byte("[2 ms]")) || bytes.Contains(b, []byte("smoke test")) {
		t.Errorf("a full run comes before it: %v\n%s", err, b)
	}
}

func TestNoValidRun(t *testing.T) {
	root := t.TempDir()
	recordtest.Run(t, root, "latency", "", func(r *record.Run, _ *rand.Rand) {
		r.Value("latency_p99_ns", 1e6, "ns", 500, math.NaN(), math.NaN())
		r.Gate("lag", false, "late")
	})
	files := generate(t, root)
	for _, name := range []string{ReadmeFile, PageFile} {
		if !strings.Contains(files[name], "No run is valid") || strings.Contains(files[name], "1 ms") {
			t.Errorf("%s: %s", name, files[name])
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	root := t.TempDir()
	const attack = `<script>alert("x")</script>|[a](b)`
	r, err := record.Open(root, record.Manifest{Suite: "s", Scenario: attack, Command: []string{attack}, Params: map[string]any{attack: attack}})
	if err != nil {
		t.Fatal(err)
	}
	r.Value("x", 1, attack, 1, math.NaN(), math.NaN())
	r.Gate(attack, true, attack)
	r.Table("stages", "stage", "wall_ns").Append(attack, 5)
	if _, err := r.Close(); err != nil {
		t.Fatal(err)
	}
	files := generate(t, root)
	if strings.Contains(files[PageFile], "<script") {
		t.Error("the page runs scripts")
	}
	for line := range strings.Lines(files[ReadmeFile]) {
		if strings.HasPrefix(line, "| `x`") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 5 {
			t.Errorf("broken row %s", line)
		}
	}
}

func TestWhatCannotBeDrawnIsNoted(t *testing.T) {
	root := t.TempDir()
	recordtest.Run(t, root, "latency", "", func(r *record.Run, _ *rand.Rand) {
		r.Gate("g", true, "")
		r.Table("stages", "stage", "wall_ns").Append("encrypt", "fast")
		r.Table("loads", "offered_per_s", "goodput_per_s") // no rows
		r.Table("other", "a", "b").Append(1, 2)            // no figure is known
	})
	files := generate(t, root)
	for _, name := range []string{ReadmeFile, PageFile} {
		if !strings.Contains(files[name], "Not drawn: stages.csv: column wall_ns:") {
			t.Errorf("%s: %s", name, files[name])
		}
	}
	if len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
}

// fitting returns the first spec for a table.
func fitting(t *testing.T, tab *table) *spec {
	t.Helper()
	for _, s := range specs() {
		if s.fits(tab) {
			return &s
		}
	}
	t.Fatalf("no spec fits table %s", tab.Name)
	return nil
}

func TestEncryptionIsNotOnAParameterAxis(t *testing.T) {
	rows := [][]string{
		{"encrypted", "", "auc", "0.7", "", ""}, {"local noise", "epsilon=3", "auc", "0.6", "0.5", "0.7"},
		{"local noise", "epsilon=1", "auc", "0.5", "0.4", "0.6"}, {"groups", "k=5", "auc", "0.6", "", ""}, {"random", "", "auc", "", "", ""},
	}
	tab := table{"utility", []string{"remedy", "parameter", "metric", "value", "ci_low", "ci_high"}, rows}
	s := fitting(t, &tab)
	groups := s.groups(&tab)
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	d, err := s.draw(&groups[0])
	if err != nil {
		t.Fatal(err)
	}
	f := d.figure.(*figure.Figure)
	if len(f.Panels) != 3 || len(f.Panels[0].Categories) != 1 || f.Panels[0].Categories[0] != "encrypted" {
		t.Fatalf("%+v", f.Panels)
	}
	if p := f.Panels[1]; p.Title != "local noise" || p.X.Label != "epsilon" || p.Curves[0].Points[0].X != 1 || p.Curves[0].Points[1].X != 3 {
		t.Errorf("%+v", p)
	}
}

func TestGrowthIsNamed(t *testing.T) {
	tab := table{"scaling", []string{"quantity", "size", "metric", "value"}, [][]string{
		{"lanes", "4", "open_ns", "16000"}, {"lanes", "1", "open_ns", "1000"}, {"lanes", "2", "open_ns", "4000"},
	}}
	s := fitting(t, &tab)
	g := s.groups(&tab)
	d, err := s.draw(&g[0])
	if err != nil {
		t.Fatal(err)
	}
	f := d.figure.(*figure.Figure)
	if c := f.Panels[0].Curves[0]; c.Name != "~ x^2.00 (R² 1.000)" || c.Points[2].Y != 16 || f.Y.Label != "open (µs)" || f.Panels[0].X.Label != "lanes" {
		t.Errorf("%+v, %+v", f.Y, f.Panels[0])
	}
}

func TestWords(t *testing.T) {
	for key, want := range map[string][2]string{
		"latency_p99_ns": {"latency p99", "ns"}, "goodput_per_s": {"goodput", "1/s"}, "winner_agreement": {"winner agreement", ""}, "ns": {"ns", ""},
	} {
		if text, unit := words(key); text != want[0] || unit != want[1] {
			t.Errorf("%s: %q in %q", key, text, unit)
		}
	}
}

func FuzzTables(f *testing.F) {
	f.Add("utility", "remedy,parameter,metric,value\nnoise,epsilon=1,auc,0.5\nnone,,auc,1\n")
	f.Add("scaling", "quantity,size,metric,value\nlanes,1,open_ns,5\nlanes,2,open_ns,1e300\n")
	f.Add("stages", "stage,wall_ns,party\na,1,b\n,,\n")
	f.Add("loads", "offered_per_s,p50_ns,p95_ns,p99_ns,p999_ns,goodput_per_s\n1,2,3,4,5,6\n5,,7,,,-8\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		var rows [][]string
		for line := range strings.Lines(text) {
			rows = append(rows, strings.Split(strings.TrimRight(line, "\n"), ","))
		}
		if len(rows) == 0 {
			return
		}
		for _, row := range rows {
			if len(row) != len(rows[0]) {
				return // the CSV reader refuses these
			}
		}
		tab := table{name, rows[0], rows[1:]}
		for _, s := range specs() {
			if !s.fits(&tab) {
				continue
			}
			for _, g := range s.groups(&tab) {
				d, err := s.draw(&g)
				if err != nil || d.figure == nil || figure.Check(d.figure) != nil {
					continue
				}
				if _, err := figure.SVG(d.figure); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
