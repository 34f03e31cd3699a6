package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cipherbid/bidder/ipinyou"
)

type fields map[string]string

func (f fields) Get(key string) string { return f[key] }

func exampleMap(t testing.TB) *FeatureMap {
	t.Helper()
	m, err := LoadFeatureMap("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func exampleSpec(t testing.TB) Spec {
	t.Helper()
	b, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	var s Spec
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReadme checks that the README shows the files of the example.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	files := []string{"testdata/features.json", "testdata/model.json"}
	if len(blocks) != len(files) {
		t.Fatalf("%d blocks of JSON, want %d", len(blocks), len(files))
	}
	for i, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var shown, stored any
		if err := json.Unmarshal(blocks[i][1], &shown); err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		if err := json.Unmarshal(b, &stored); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(shown, stored) {
			t.Errorf("README does not show %s", name)
		}
	}
}

func TestEncode(t *testing.T) {
	m := exampleMap(t)
	tests := []struct {
		name  string
		attrs []Attribute
		want  []string
	}{
		{"nothing", nil, []string{"usertag=none"}},
		{"known", []Attribute{{"usertag", "10006"}, {"usertag", "10063"}, {"city", "157"}}, []string{"usertag=10006", "usertag=10063", "city=157"}},
		{"unknown values", []Attribute{{"usertag", "1"}, {"usertag", "2"}, {"city", "x"}, {"useragent.os", "beos"}}, []string{"usertag=other", "city=other"}},
		{"unknown field", []Attribute{{"income", "1"}}, []string{"usertag=none"}},
		{"none and other are no values", []Attribute{{"region", "none"}, {"usertag", "other"}}, []string{"region=other", "usertag=other"}},
		{"twice", []Attribute{{"usertag", "10006"}, {"usertag", "10006"}}, []string{"usertag=10006"}},
	}
	dst := make([]float64, m.Dim())
	for i := range dst {
		dst[i] = 9
	}
	for _, tt := range tests {
		want := make([]float64, m.Dim())
		for _, f := range tt.want {
			i, ok := m.Index(f)
			if !ok {
				t.Fatalf("no feature %s", f)
			}
			want[i] = 1
		}
		if got := m.Encode(tt.attrs, dst); !reflect.DeepEqual(got, want) || &got[0] != &dst[0] {
			t.Errorf("%s: got %v, want %v in place", tt.name, got, want)
		}
	}
	if got := m.Encode(nil, nil); len(got) != m.Dim() {
		t.Errorf("%d values, want %d", len(got), m.Dim())
	}
}

func TestFeatureMapRefuses(t *testing.T) {
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf("f%d=1", i)
	}
	tests := []struct {
		name     string
		dim      int
		features []string
		err      string
	}{
		{"not a power of two", 12, []string{"a=b"}, "dim 12"},
		{"small", 4, []string{"a=b"}, "dim 4"},
		{"large", 2048, []string{"a=b"}, "dim 2048"},
		{"empty", 8, nil, "0 features"},
		{"too many", 8, many[:9], "9 features"},
		{"fields", 128, many, "feature 64: more than 64 fields"},
		{"twice", 8, []string{"a=b", "a=b"}, "feature 1: a=b is listed twice"},
		{"no value", 8, []string{"a="}, "feature 0"},
		{"no field", 8, []string{"=a"}, "feature 0"},
		{"long", 8, []string{"a=" + strings.Repeat("b", 127)}, "129 bytes"},
		{"control", 8, []string{"a=\n"}, "control"},
		{"not UTF-8", 8, []string{"a=\xff"}, "UTF-8"},
	}
	for _, tt := range tests {
		if _, err := NewFeatureMap(tt.dim, tt.features); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.err)
		}
	}
	for name, file := range map[string]string{
		"version":        `{"version":2,"dim":8,"features":["a=b"]}`,
		"unknown member": `{"version":1,"dim":8,"features":["a=b"],"x":1}`,
		"trailing":       `{"version":1,"dim":8,"features":["a=b"]}{}`,
		"too long":       strings.Repeat(" ", MaxFeatureMapBytes+1),
	} {
		path := filepath.Join(t.TempDir(), "f.json")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadFeatureMap(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got error %v, want one naming the file", name, err)
		}
	}
}

func TestDigestTellsMapsApart(t *testing.T) {
	seen := map[string]string{}
	for _, m := range []struct {
		dim      int
		features []string
	}{{8, []string{"a=b", "c=d"}}, {16, []string{"a=b", "c=d"}}, {8, []string{"c=d", "a=b"}}, {8, []string{"a=bc=d"}}} {
		f, err := NewFeatureMap(m.dim, m.features)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint(m)
		if other, ok := seen[f.Digest()]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[f.Digest()] = name
	}
}

func TestGLMRefuses(t *testing.T) {
	m := exampleMap(t)
	tests := []struct {
		name   string
		change func(*Spec)
		err    string
	}{
		{"version", func(s *Spec) { s.Version = 0 }, "version 0"},
		{"seat", func(s *Spec) { s.Seat = "" }, "seat"},
		{"digest", func(s *Spec) { s.FeaturesDigest = "00" }, "not for this one"},
		{"link", func(s *Spec) { s.Link = "probit" }, "probit"},
		{"no campaign", func(s *Spec) { s.Campaigns = nil }, "0 campaigns"},
		{"campaigns", func(s *Spec) { s.Campaigns = make([]CampaignSpec, MaxCampaigns+1) }, "1025 campaigns"},
		{"twice", func(s *Spec) { s.Campaigns = append(s.Campaigns, s.Campaigns[0]) }, "spring is listed twice"},
		{"feature", func(s *Spec) { s.Campaigns[0].Weights = map[string]float64{"usertag=7": 1} }, `campaign spring: feature "usertag=7"`},
		{"weight", func(s *Spec) { s.Campaigns[0].Weights = map[string]float64{"city=157": 65} }, "campaign spring: feature city=157"},
		{"NaN weight", func(s *Spec) { s.Campaigns[0].Weights = map[string]float64{"city=157": math.NaN()} }, "feature city=157"},
		{"context field", func(s *Spec) { s.Campaigns[0].Context = map[string]float64{"payprice=7": 1} }, "context payprice=7"},
		{"context weight", func(s *Spec) { s.Campaigns[0].Context = map[string]float64{"hour=7": math.Inf(1)} }, "context hour=7"},
		{"intercept", func(s *Spec) { s.Campaigns[0].Intercept = math.NaN() }, "intercept"},
		{"value", func(s *Spec) { s.Campaigns[0].ValuePerClick = -1 }, "value_per_click"},
		{"max bid", func(s *Spec) { s.Campaigns[0].MaxBid = math.Inf(1) }, "max_bid"},
		{"budget", func(s *Spec) { s.Campaigns[0].Budget = math.NaN() }, "budget"},
		{"weights", func(s *Spec) {
			s.Campaigns[0].Context = map[string]float64{}
			for i := range MaxWeights {
				s.Campaigns[0].Context[fmt.Sprintf("domain=%d", i)] = 1
			}
		}, "more than 100000 weights"},
	}
	for _, tt := range tests {
		s := exampleSpec(t)
		tt.change(&s)
		if _, err := NewGLM(s, m); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.err)
		}
	}
	if _, err := ParseGLM([]byte(`{"version":1,"extra":0}`), m); err == nil || !strings.Contains(err.Error(), "extra") {
		t.Errorf("unknown member: got error %v", err)
	}
}

// randomGLM makes a model of k campaigns; every fifth never bids.
func randomGLM(t testing.TB, m *FeatureMap, k int) *GLM {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	s := Spec{Version: 1, Seat: "s", FeaturesDigest: m.Digest(), Link: LinkLog}
	for i := range k {
		c := CampaignSpec{ID: fmt.Sprint(i), ValuePerClick: float64(i % 5), Weights: map[string]float64{}, Context: map[string]float64{}}
		for _, f := range m.Features() {
			c.Weights[f] = rng.NormFloat64()
		}
		for h := range 24 {
			c.Context[fmt.Sprintf("hour=%d", h)] = rng.NormFloat64()
			c.Context[fmt.Sprintf("domain=%d", rng.IntN(100))] = rng.NormFloat64()
		}
		c.Context["floorband=none"] = 1
		s.Campaigns = append(s.Campaigns, c)
	}
	g, err := NewGLM(s, m)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestBiasesAgree checks Bias, Biases and LogBid against the formula, from several goroutines.
func TestBiasesAgree(t *testing.T) {
	m := exampleMap(t)
	g := randomGLM(t, m, 20)
	ctx := fields{"hour": "3", "domain": "17", "floorband": "none", "slotwidth": "1"}
	x := m.Encode([]Attribute{{"usertag", "10006"}, {"city", "157"}}, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			all := g.Biases(ctx, nil)
			for k, c := range g.spec.Campaigns {
				b, ok := g.Bias(k, ctx)
				if c.ValuePerClick == 0 {
					if ok || !math.IsInf(all[k], -1) || !math.IsInf(g.LogBid(k, x, ctx), -1) {
						t.Errorf("campaign %d bids without a value", k)
					}
					continue
				}
				want := math.Log(c.ValuePerClick) + c.Context["hour=3"] + c.Context["domain=17"] + 1
				if !ok || math.Abs(b-want) > 1e-12 || math.Abs(all[k]-want) > 1e-12 {
					t.Errorf("campaign %d: biases %g and %g, want %g", k, b, all[k], want)
				}
				want += c.Weights["usertag=10006"] + c.Weights["city=157"]
				if got := g.LogBid(k, x, ctx); math.Abs(got-want) > 1e-12 {
					t.Errorf("campaign %d: log-bid %g, want %g", k, got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestSaveRoundTrip(t *testing.T) {
	m := exampleMap(t)
	g := randomGLM(t, m, 3)
	dir := t.TempDir()
	features, file := filepath.Join(dir, "f.json"), filepath.Join(dir, "m.json")
	for range 2 { // the second time over the first
		if err := m.Save(features); err != nil {
			t.Fatal(err)
		}
		if err := g.Save(file); err != nil {
			t.Fatal(err)
		}
	}
	again, err := LoadFeatureMap(features)
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest() != m.Digest() {
		t.Error("the feature map's digest changed")
	}
	h, err := LoadGLM(file, again)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.spec, g.spec) {
		t.Errorf("got %+v, want %+v", h.spec, g.spec)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files left, want 2 (%v)", len(entries), err)
	}
	if err := g.Save(filepath.Join(dir, "none", "m.json")); err == nil {
		t.Error("saved into a folder that does not exist")
	}
}

func TestAttributesAndRowContext(t *testing.T) {
	row := ipinyou.Row{Floor: 20, User: ipinyou.User{Tags: []string{"1", "2"}, City: "3", UserAgent: "mac_safari"}}
	want := []Attribute{{"usertag", "1"}, {"usertag", "2"}, {"city", "3"}, {"useragent.os", "mac"}, {"useragent.browser", "safari"}}
	if got := Attributes(row.User, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	row.Context = ipinyou.Context{
		Weekday: "weekday", Hour: "hour", AdExchange: "adexchange", Domain: "domain", SlotWidth: "slotwidth",
		SlotHeight: "slotheight", SlotVisibility: "slotvisibility", SlotFormat: "slotformat", SlotID: "slotid",
	}
	ctx := NewRowContext(row)
	for _, key := range ContextKeys() {
		want := key
		if key == "floorband" {
			want = "to20"
		}
		if got := ctx.Get(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for _, key := range []string{"slotid", "payprice", ""} {
		if got := ctx.Get(key); got != "" {
			t.Errorf("%s is no context field, got %q", key, got)
		}
	}
}

func TestFloorBand(t *testing.T) {
	for floor, want := range map[float64]string{
		-1: "", 0: "none", .01: "to5", 5: "to5", 5.01: "to20", 50: "to50", 70: "to70", 71: "to100", 150: "to150", 300: "above150",
		math.Inf(1): "above150",
	} {
		if got := FloorBand(floor); got != want {
			t.Errorf("floor %g: got %q, want %q", floor, got, want)
		}
	}
	if got := FloorBand(math.NaN()); got != "" {
		t.Errorf("NaN: got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	m := exampleMap(f)
	for _, name := range []string{"testdata/features.json", "testdata/model.json"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(bytes.ReplaceAll(b, []byte("1"), []byte("1e9")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if fm, err := ParseFeatureMap(b); err == nil {
			if x := fm.Encode(nil, nil); len(x) != fm.Dim() || len(fm.Features()) > fm.Dim() {
				t.Errorf("dim %d, %d features", fm.Dim(), len(fm.Features()))
			}
		}
		if g, err := ParseGLM(b, m); err == nil {
			for k := range g.Campaigns() {
				if bid := g.LogBid(k, make([]float64, m.Dim()), fields{}); math.IsNaN(bid) || math.IsInf(bid, 1) {
					t.Errorf("campaign %d: log-bid %g", k, bid)
				}
			}
		}
	})
}
