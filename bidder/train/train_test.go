package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// market makes rows of two advertisers whose users click three times as often if they have tag 1.
func market(n int) []ipinyou.Row {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := make([]ipinyou.Row, n)
	for i := range rows {
		p := .05
		r := ipinyou.Row{ID: fmt.Sprint(i), Advertiser: fmt.Sprint("adv", rng.IntN(2)), PayPrice: 10, Floor: 5}
		r.User = ipinyou.User{Region: "1", City: fmt.Sprint(rng.IntN(20)), UserAgent: "windows_ie"}
		r.Context = ipinyou.Context{Hour: fmt.Sprint(rng.IntN(24)), SlotWidth: "300"}
		if rng.IntN(2) == 0 {
			r.User.Tags = []string{"1"}
			p *= 3
		}
		r.Click = rng.Float64() < p
		rows[i] = r
	}
	return rows
}

func TestSplit(t *testing.T) {
	rows := market(5000)
	train, test := Split(rows, 1, .7)
	if share := float64(len(train)) / 5000; math.Abs(share-.7) > .03 {
		t.Errorf("training share %.3f, want 0.7", share)
	}
	if len(train)+len(test) != len(rows) {
		t.Errorf("%d and %d rows of %d", len(train), len(test), len(rows))
	}
	backwards := slices.Clone(rows)
	slices.Reverse(backwards)
	again, _ := Split(backwards, 1, .7)
	if again[len(again)-1].ID != train[0].ID || len(again) != len(train) {
		t.Error("the split depends on the order of the rows")
	}
	if other, _ := Split(rows, 2, .7); other[0].ID == train[0].ID && other[1].ID == train[1].ID && len(other) == len(train) {
		t.Error("the split does not depend on the seed")
	}
}

func TestFitAndSave(t *testing.T) {
	rows := market(6000)
	for _, link := range []string{model.LinkLog, model.LinkLogit} {
		r, err := Fit(rows, Options{Link: link, Dim: 32, Without: "1"})
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "market")
		if err := r.Save(dir); err != nil {
			t.Fatal(err)
		}
		features, err := model.LoadFeatureMap(filepath.Join(dir, "features.json"))
		if err != nil {
			t.Fatal(err)
		}
		g, err := model.LoadGLM(filepath.Join(dir, "adv1.model.json"), features)
		if err != nil {
			t.Fatal(err)
		}
		bid := func(tags ...string) float64 {
			row := ipinyou.Row{User: ipinyou.User{Tags: tags, Region: "1", City: "3", UserAgent: "windows_ie"}, Floor: 5}
			return g.LogBid(0, features.Encode(model.Attributes(row.User, nil), nil), model.NewRowContext(row))
		}
		if lift := bid("1") - bid(); math.Abs(lift-math.Log(3)) > .4 {
			t.Errorf("link %s: the tag lifts bids by exp(%.2f), want 3", link, lift)
		}
		tables := r.Report.Tables
		if with, without := tables[0].Lines[0].Main.AUC, tables[2].Lines[0].Main.AUC; with < .56 || without > .54 {
			t.Errorf("link %s: AUC %.3f with the tag, %.3f without it", link, with, without)
		}
		if text := r.Report.String(); strings.Count(text, "adv1") != 3 {
			t.Errorf("report does not list every advertiser in each table:\n%s", text)
		}
	}
}

// TestReportMatchesModels checks that the report measures the very models that are saved.
func TestReportMatchesModels(t *testing.T) {
	rows := market(3000)
	opts := Options{Dim: 32, MaxL1: .5}
	r, err := Fit(rows, opts)
	if err != nil {
		t.Fatal(err)
	}
	_, held := Split(rows, 0, .7)
	var bids []float64
	var click []bool
	for _, row := range held {
		g := r.Models[0]
		if g.Seat() != row.Advertiser {
			g = r.Models[1]
		}
		x := r.FeatureMap.Encode(model.Attributes(row.User, nil), nil)
		value := g.Campaigns()[0].ValuePerClick
		bids = append(bids, g.LogBid(0, x, model.NewRowContext(row))-math.Log(value))
		click = append(click, row.Click)
	}
	all := r.Report.Tables[0].Lines[0]
	if got := AUC(bids, click, nil); math.Abs(got-all.Main.AUC) > 1e-3 {
		t.Errorf("AUC %.5f of the models, %.5f in the report", got, all.Main.AUC)
	}
	for _, g := range r.Models {
		if n := l1(g.Weights(0)); n > .5 {
			t.Errorf("%s: L1 norm %g, limit 0.5", g.Seat(), n)
		}
	}
}

func TestCrossValidation(t *testing.T) {
	r, err := Fit(market(1500), Options{Dim: 32, Folds: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(candidates(), r.Report.Penalties) {
		t.Errorf("chose %v, which is no candidate", r.Report.Penalties)
	}
}

func TestFitRefuses(t *testing.T) {
	rows := market(200)
	unclicked := market(200)
	for i := range unclicked {
		unclicked[i].Click = false
	}
	tests := []struct {
		name string
		rows []ipinyou.Row
		opts Options
		err  string
	}{
		{"no rows", nil, Options{}, "with and without clicks"},
		{"no clicks", unclicked, Options{}, "does the log have a click column"},
		{"rate", rows, Options{NonClickRate: 2}, "NonClickRate 2"},
		{"fraction", rows, Options{TrainFraction: 1}, "TrainFraction 1"},
		{"link", rows, Options{Link: "probit"}, "probit"},
		{"dim", rows, Options{Dim: 100}, "dim 100"},
		{"L1", rows, Options{MaxL1: 33}, "MaxL1 33"},
		{"NaN penalty", rows, Options{Penalties: Penalties{math.NaN(), 1}}, "finite"},
	}
	for _, tt := range tests {
		if _, err := Fit(tt.rows, tt.opts); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want one with %q", tt.name, err, tt.err)
		}
	}
}

func TestSaveRefusesPaths(t *testing.T) {
	rows := market(1000)
	for i := range rows {
		rows[i].Advertiser = "../" + rows[i].Advertiser
	}
	r, err := Fit(rows, Options{Dim: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Save(t.TempDir()); err == nil || !strings.Contains(err.Error(), "cannot name a file") {
		t.Errorf("got error %v", err)
	}
}
