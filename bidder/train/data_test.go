package train

import (
	"os"
	"path/filepath"
	"testing"

	"cipherbid/bidder/ipinyou"
)

// TestSampleLog holds the models to what they reach on the iPinYou sample.
func TestSampleLog(t *testing.T) {
	dir := os.Getenv("CIPHERBID_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "ipinyou", "impressions.csv.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("sample log is not here (set CIPHERBID_DATA to its folder): %v", err)
	}
	rows, err := ipinyou.ReadTrainingFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const rate = 0.00891
	values, err := ipinyou.Values(path, rows, rate)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Fit(rows, Options{Seed: 1, NonClickRate: rate, Values: values, Without: "11278"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", result.Report)
	for _, tt := range []struct {
		table int
		auc   float64
	}{{0, 0.84}, {1, 0.80}, {2, 0.80}} {
		table := result.Report.Tables[tt.table]
		all := table.Lines[0]
		if all.Main.AUC < tt.auc {
			t.Errorf("%s: AUC %.4f, want %.2f at least", table.Title, all.Main.AUC, tt.auc)
		}
		if c := all.Main.SampleCalibration; c < 0.9 || c > 1.1 {
			t.Errorf("%s: %.3f clicks predicted for each seen", table.Title, c)
		}
		if all.L1 > 16 {
			t.Errorf("%s: L1 norm %.1f", table.Title, all.L1)
		}
	}
}
