package verify

import (
	"path/filepath"
	"strings"
	"testing"

	"cipherbid/bench/record"
)

func TestDocument(t *testing.T) {
	root, dirs := results(t)
	run := "run:latency/" + filepath.Base(dirs["latency/server"])
	agreement := "run:utility/" + filepath.Base(dirs["utility/"]) + "#winner_agreement"
	for name, test := range map[string]struct{ text, want string }{
		"right":               {"p99 is 4.25 ms<!-- RUN#latency_p99_ns -->.", ""},
		"rounded":             {"4.3 ms<!-- RUN#latency_p99_ns -->, 4 ms<!-- RUN#latency_p99_ns -->", ""},
		"other unit":          {"4,250 µs<!-- RUN#latency_p99_ns --> or 0.00425 s<!-- RUN#latency_p99_ns -->", ""},
		"two letters":         {"4250 μs<!-- RUN#latency_p99_ns -->", ""},
		"table":               {"| p99 | 4.25<!-- RUN#latency_p99_ns unit=ms --> | **812**<!-- RUN#goodput_per_s --> |", ""},
		"link":                {"[4.25 ms](results/latency/x/)<!-- RUN#latency_p99_ns -->", ""},
		"rate":                {"812.4 auctions/s<!-- RUN#goodput_per_s -->", ""},
		"size":                {"25 KiB<!-- RUN#request_bytes -->, 25.6 kB<!-- RUN#request_bytes -->, 25,600 bytes<!-- RUN#request_bytes -->", ""},
		"share":               {"99.94 %<!-- AGREE --> or 0.9994<!-- AGREE -->", ""},
		"tolerance":           {"4.1 ms<!-- RUN#latency_p99_ns tol=0.05 -->", ""},
		"example in code":     {"write `5 ms<!-- RUN#nothing -->`", ""},
		"example in fence":    {"```\n5 ms<!-- RUN#nothing -->\n```", ""},
		"no marks":            {"no numbers, 5 others", ""},
		"wrong":               {"4.35 ms<!-- RUN#latency_p99_ns -->", "shows 4.35 ms, but latency_p99_ns"},
		"wrong by a digit":    {"4.24 ms<!-- RUN#latency_p99_ns -->", "shows 4.24 ms"},
		"beyond tolerance":    {"4.0 ms<!-- RUN#latency_p99_ns tol=0.05 -->", "shows 4.0 ms"},
		"wrong unit":          {"4.25 s<!-- RUN#latency_p99_ns -->", "shows 4.25 s"},
		"no unit":             {"4.25<!-- RUN#latency_p99_ns -->", "name its unit"},
		"foreign unit":        {"4.25 kB<!-- RUN#latency_p99_ns -->", "cannot be converted"},
		"time for a share":    {"0.9994 ms<!-- AGREE -->", "cannot be converted"},
		"sign":                {"-4.25 ms<!-- RUN#latency_p99_ns -->", "shows -4.25"},
		"no key":              {"4.25 ms<!-- RUN#latency_p98_ns -->", "no such value"},
		"no run":              {"4.25 ms<!-- run:latency/20200101T000000Z-a-b#latency_p99_ns -->", "does not exist"},
		"malformed":           {"4.25 ms<!-- run:latency -->", "is not of the form"},
		"bad tolerance":       {"4.25 ms<!-- RUN#latency_p99_ns tol=5 -->", "not a number from 0 to 1"},
		"no number":           {"fast<!-- RUN#latency_p99_ns -->", "no number stands before"},
		"region":              {"<!-- measured -->\n| p99 | 4.25 ms<!-- RUN#latency_p99_ns --> | 10 bidders<!-- given --> |\n<!-- /measured -->\n7", ""},
		"unmarked":            {"<!-- measured -->\n| p99 | 4.25 ms |\n<!-- /measured -->", "number 4.25 among measured ones"},
		"half marked":         {"<!-- measured -->\n4.25 ms<!-- RUN#latency_p99_ns --> of 5\n<!-- /measured -->", "number 5 among"},
		"word in region":      {"<!-- measured -->\nthe p99 at N2048, see [x](a/7.md), `8`\n<!-- /measured -->", ""},
		"region without end":  {"<!-- measured -->\n", "do not end"},
		"end without region":  {"<!-- /measured -->\n", "have not begun"},
		"region in a region":  {"<!-- measured -->\n<!-- measured -->\n<!-- /measured -->", "begin again"},
		"line of the problem": {"a\n\nb\n5 ms<!-- RUN#latency_p99_ns -->", "readme.md:4:"},
	} {
		t.Run(name, func(t *testing.T) {
			readme := filepath.Join(t.TempDir(), "readme.md")
			write(t, readme, strings.NewReplacer("RUN", run, "AGREE", agreement).Replace(test.text))
			problems := check(t, root, readme)
			if test.want == "" && len(problems) > 0 {
				t.Errorf("%v", problems)
			}
			if test.want != "" {
				expect(t, problems, test.want)
			}
		})
	}
}

func TestDocumentOfAnInvalidRun(t *testing.T) {
	root, dirs := results(t)
	rewrite(t, dirs["latency/server"], "validity.json", func(m map[string]any) {
		m["valid"] = false
		m["gates"].([]any)[0].(map[string]any)["ok"] = false
	})
	readme := filepath.Join(t.TempDir(), "readme.md")
	write(t, readme, "4.25 ms<!-- run:latency/"+filepath.Base(dirs["latency/server"])+"#latency_p99_ns -->")
	expect(t, check(t, root, readme), "which is not valid")
}

func TestDocumentOfASmokeTest(t *testing.T) {
	root, dirs := results(t)
	change(t, filepath.Join(dirs["latency/server"], "manifest.json"), func(m map[string]any) {
		m["params"].(map[string]any)[record.QuickParam] = true
	})
	readme := filepath.Join(t.TempDir(), "readme.md")
	write(t, readme, "4.25 ms<!-- run:latency/"+filepath.Base(dirs["latency/server"])+"#latency_p99_ns -->")
	expect(t, check(t, root, readme), "only a smoke test")
}

func FuzzDocument(f *testing.F) {
	f.Add("4.25 ms<!-- run:latency/20200101T000000Z-a-b#p99_ns unit=ms tol=0.1 -->")
	f.Add("<!-- measured -->\n| [1](x) | 1e5 % <!-- given -->\n```\n<!-- /measured -->")
	f.Fuzz(func(t *testing.T, text string) {
		c := &checker{root: "results"}
		c.document("readme.md", []byte(text), nil)
		for _, p := range c.problems {
			if p.Line < 1 || p.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("problem in line %d", p.Line)
			}
		}
	})
}
