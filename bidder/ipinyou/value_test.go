package ipinyou

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValuesFromRows(t *testing.T) {
	// Half of the non-clicks were kept, so each stands for two impressions: cost 2*2*10 + 20, one click.
	rows := []Row{
		{Advertiser: "a", PayPrice: 10}, {Advertiser: "a", PayPrice: 10}, {Advertiser: "a", PayPrice: 20, Click: true},
		{Advertiser: "b", PayPrice: 10},
	}
	got, err := ValuesFromRows(rows, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if got["a"] != 60 || got["b"] != 0 || len(got) != 2 {
		t.Errorf("got %v, want a:60 b:0", got)
	}
	for _, rate := range []float64{0, -1, 2, math.NaN()} {
		if _, err := ValuesFromRows(rows, rate); err == nil {
			t.Errorf("rate %g accepted", rate)
		}
	}
}

func TestValuesPrefersInfoFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "prices"), 0o700); err != nil {
		t.Fatal(err)
	}
	info := filepath.Join(dir, "prices", "a.info.json")
	write := func(s string) {
		if err := os.WriteFile(info, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows := []Row{{Advertiser: "a", PayPrice: 1, Click: true}, {Advertiser: "b", PayPrice: 7, Click: true}}
	write(`{"imp_train": 10, "clk_train": 2, "cost_train": 500, "price_counter_train": [4, 6]}`)
	got, err := Values(filepath.Join(dir, "log"), rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got["a"] != 250 || got["b"] != 7 {
		t.Errorf("got %v, want a:250 from the file, b:7 from the rows", got)
	}
	for _, bad := range []string{"{", `{"imp_train": 0}`, `{"imp_train": 1, "clk_train": 2}`, `{"imp_train": 1, "price_counter_train": [-1]}`} {
		write(bad)
		if _, err := Values(filepath.Join(dir, "log"), rows, 1); err == nil || !strings.Contains(err.Error(), "a.info.json") {
			t.Errorf("%s: got error %v, want one naming the file", bad, err)
		}
	}
}
