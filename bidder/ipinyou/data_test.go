package ipinyou

import (
	"os"
	"path/filepath"
	"testing"
)

// dataFile returns a file of the sample log, or skips the test where the sample is absent.
func dataFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("CIPHERBID_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "ipinyou", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("sample log is not here (set CIPHERBID_DATA to its folder): %v", err)
	}
	return path
}

func TestSampleLog(t *testing.T) {
	path := dataFile(t, "impressions.csv.gz")
	rows, err := ReadTrainingFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clicks := 0
	for _, r := range rows {
		if r.Click {
			clicks++
		}
	}
	if len(rows) != 20564 || clicks != 1571 {
		t.Errorf("%d rows with %d clicks, want 20564 with 1571", len(rows), clicks)
	}
	values, err := Values(path, rows, 0.00891)
	if err != nil {
		t.Fatal(err)
	}
	fromRows, err := ValuesFromRows(rows, 0.00891)
	if err != nil {
		t.Fatal(err)
	}
	for a, v := range values {
		if ratio := fromRows[a] / v; ratio < 0.5 || ratio > 2 {
			t.Errorf("advertiser %s: value %g by its info file, %g by the sampled rows", a, v, fromRows[a])
		}
	}
	if v := values["1458"]; int(v) != 86552 {
		t.Errorf("advertiser 1458: value %g, want 212400241/2454", v)
	}
}
