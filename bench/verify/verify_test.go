package verify

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cipherbid/bench/record"
	"cipherbid/bench/record/recordtest"
	"cipherbid/bench/report"
)

// project is the path to the repository.
const project = "../.."

// results makes up a results folder with everything in order, and returns it with its runs.
func results(t *testing.T) (root string, dirs map[string]string) {
	t.Helper()
	root = t.TempDir()
	recordtest.CopySchema(t, project, root)
	dirs = recordtest.Write(t, root)
	generate(t, root)
	return root, dirs
}

// generate writes the README alone: plots take long, and nothing here looks at them.
func generate(t *testing.T, root string) {
	t.Helper()
	b, err := report.README(root)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, report.ReadmeFile), string(b))
}

func check(t *testing.T, root, readme string) []Problem {
	t.Helper()
	problems, err := Check(root, readme)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// expect checks that there are problems, and that each of the texts is part of one.
func expect(t *testing.T, problems []Problem, texts ...string) {
	t.Helper()
	var all strings.Builder
	for _, p := range problems {
		all.WriteString(p.String() + "\n")
	}
	for _, text := range texts {
		if !strings.Contains(all.String(), text) {
			t.Errorf("no problem says %q:\n%s", text, all.String())
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s does not contain %q", path, old)
	}
	write(t, path, strings.Replace(string(b), old, new, 1))
}

func TestGoodResultsHaveNoProblem(t *testing.T) {
	root, _ := results(t)
	if problems := check(t, root, ""); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestEmptyResults(t *testing.T) {
	root := t.TempDir()
	recordtest.CopySchema(t, project, root)
	generate(t, root)
	if problems := check(t, root, ""); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestNoSchema(t *testing.T) {
	if _, err := Check(t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("error %v", err)
	}
}

func TestDamage(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(t *testing.T, root, dir string) // dir is that of latency/server
		want   []string
	}{
		"changed value": {func(t *testing.T, root, dir string) {
			edit(t, filepath.Join(dir, "summary.json"), "4250000", "1250000")
		}, []string{"summary.json: was changed after the run"}},
		"changed table": {func(t *testing.T, root, dir string) {
			edit(t, filepath.Join(dir, "stages.csv"), "encrypt", "encryption")
		}, []string{"stages.csv: was changed"}},
		"changed histogram": {func(t *testing.T, root, dir string) {
			edit(t, filepath.Join(dir, "latency.hlog"), "Tag=server.rank", "Tag=server.lank")
		}, []string{"latency.hlog: was changed"}},
		"lost file": {func(t *testing.T, root, dir string) {
			if err := os.Remove(filepath.Join(dir, "samples.csv.zst")); err != nil {
				t.Fatal(err)
			}
		}, []string{"samples.csv.zst"}},
		"foreign file": {func(t *testing.T, root, dir string) {
			write(t, filepath.Join(dir, "notes.txt"), "x")
		}, []string{"notes.txt: is not listed"}},
		"half-written run": {func(t *testing.T, root, dir string) {
			if err := os.Mkdir(filepath.Join(filepath.Dir(dir), ".partial-1"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, []string{".partial-1: is not a run"}},
		"renamed run": {func(t *testing.T, root, dir string) {
			if err := os.Rename(dir, filepath.Join(filepath.Dir(dir), "20200101T000000Z-abcdef0-x-1c-000000")); err != nil {
				t.Fatal(err)
			}
		}, []string{"in folder 20200101T000000Z-abcdef0-x-1c-000000"}},
		"moved to another suite": {func(t *testing.T, root, dir string) {
			if err := os.Rename(filepath.Dir(dir), filepath.Join(root, "speed")); err != nil {
				t.Fatal(err)
			}
		}, []string{"suite latency in folder speed"}},
		"another system": {func(t *testing.T, root, dir string) {
			entries, err := os.ReadDir(filepath.Join(root, "systems"))
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(root, "systems", entries[0].Name()), `"cores": `, `"cores": 1`)
		}, []string{"describes system"}},
		"lost system": {func(t *testing.T, root, dir string) {
			if err := os.RemoveAll(filepath.Join(root, "systems")); err != nil {
				t.Fatal(err)
			}
		}, []string{"manifest.json: system"}},
		"another commit": {func(t *testing.T, root, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(m map[string]any) { m["commit"] = strings.Repeat("a", 40) })
		}, []string{"another commit"}},
		"unknown field": {func(t *testing.T, root, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(m map[string]any) { m["hostname"] = "x" })
		}, []string{"manifest.json: against the schema", "hostname"}},
		"missing field": {func(t *testing.T, root, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(m map[string]any) { delete(m, "go_version") })
		}, []string{"manifest.json: against the schema", "go_version"}},
		"local path": {func(t *testing.T, root, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(m map[string]any) { m["command"] = []string{"/home/someone/x"} })
		}, []string{"manifest.json: against the schema"}},
		"not JSON": {func(t *testing.T, root, dir string) {
			write(t, filepath.Join(dir, "validity.json"), "{")
		}, []string{"validity.json: not JSON"}},
		"text for a number": {func(t *testing.T, root, dir string) {
			rewrite(t, dir, "summary.json", func(m map[string]any) {
				m["values"].(map[string]any)["latency_p50_ns"].(map[string]any)["value"] = "fast"
			})
		}, []string{"summary.json: against the schema"}},
		"unit not in key": {func(t *testing.T, root, dir string) {
			rewrite(t, dir, "summary.json", func(m map[string]any) {
				m["values"].(map[string]any)["latency_p50_ns"].(map[string]any)["unit"] = "ms"
			})
		}, []string{"value latency_p50_ns has unit ms"}},
		"valid against its gates": {func(t *testing.T, root, dir string) {
			rewrite(t, dir, "validity.json", func(m map[string]any) {
				m["gates"].([]any)[0].(map[string]any)["ok"] = false
			})
		}, []string{"valid is true, but its gates say false"}},
		"lost gate": {func(t *testing.T, root, dir string) {
			change(t, filepath.Join(dir, "manifest.json"), func(m map[string]any) { m["gates"] = []string{"lag"} })
		}, []string{`gate "lag" of the manifest is missing`}},
		"edited report": {func(t *testing.T, root, dir string) {
			edit(t, filepath.Join(root, "README.md"), "4.250 ms", "1.250 ms")
		}, []string{"README.md:", "differs from what the runs make it"}},
		"lost report": {func(t *testing.T, root, dir string) {
			if err := os.Remove(filepath.Join(root, "README.md")); err != nil {
				t.Fatal(err)
			}
		}, []string{"generate the report"}},
		"broken claim": {func(t *testing.T, root, dir string) {
			write(t, filepath.Join(root, "claims.json"), `{"claims":[{"claim":"fast","command":"make","file":"latency/newest/summary.json","scenario":"server","key":"latency_p99_ns","at_most":1}]}`)
		}, []string{`claim "fast" does not hold`}},
		"claim without bound": {func(t *testing.T, root, dir string) {
			write(t, filepath.Join(root, "claims.json"), `{"claims":[{"claim":"fast","command":"make","file":"latency/newest/summary.json","key":"latency_p99_ns"}]}`)
		}, []string{"claims.json: against the schema", "want at_most"}},
	} {
		t.Run(name, func(t *testing.T) {
			root, dirs := results(t)
			test.damage(t, root, dirs["latency/server"])
			problems := check(t, root, "")
			if len(problems) == 0 {
				t.Fatal("not noticed")
			}
			expect(t, problems, test.want...)
		})
	}
}

// change edits a JSON file.
func change(t *testing.T, path string, do func(m map[string]any)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	do(m)
	if b, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(b))
}

// rewrite edits a JSON file of a run and the manifest's hash of it, as a forger would.
func rewrite(t *testing.T, dir, name string, do func(m map[string]any)) {
	t.Helper()
	old, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	change(t, filepath.Join(dir, name), do)
	now, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "manifest.json"), hash(old), hash(now))
}

func TestEarlyEndedRunIsInOrder(t *testing.T) {
	root, _ := results(t)
	recordtest.Run(t, root, "latency", "server", func(r *record.Run, _ *rand.Rand) {
		r.Gate("complete", false, "stopped after 3 s of 60 s")
		r.Value("latency_p50_ns", 1, "ns", 1, math.NaN(), math.NaN())
	})
	generate(t, root)
	if problems := check(t, root, ""); len(problems) > 0 {
		t.Error(problems)
	}
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil || !bytes.Contains(b, []byte("stopped after 3 s of 60 s")) || !bytes.Contains(b, []byte("4.250 ms")) {
		t.Errorf("the report must tell of the run that is not valid and show the one before: %v\n%s", err, b)
	}
}
