package synth

import (
	"math"
	"reflect"
	"testing"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/train"
)

func TestDeterministic(t *testing.T) {
	a, b := Market(7, 300), Market(7, 300)
	if !reflect.DeepEqual(a, b) {
		t.Error("one seed gave two markets")
	}
	if !reflect.DeepEqual(a[:100], Market(7, 100)) {
		t.Error("a shorter market is not a prefix of a longer one")
	}
	if reflect.DeepEqual(a, Market(8, 300)) {
		t.Error("two seeds gave the same market")
	}
	if got := Market(1, 0); len(got) != 0 {
		t.Errorf("%d rows, want none", len(got))
	}
}

// TestCalibration compares a market with the published statistics it is made from.
func TestCalibration(t *testing.T) {
	rows := Market(1, 40_000)
	type sums struct{ clicks, others, cost float64 }
	by := map[string]*sums{}
	for _, r := range rows {
		s := by[r.Advertiser]
		if s == nil {
			s = &sums{}
			by[r.Advertiser] = s
		}
		if r.Floor > r.PayPrice || r.PayPrice < 0 || r.PayPrice > 300 {
			t.Fatalf("%s: floor %g, price %g", r.ID, r.Floor, r.PayPrice)
		}
		if r.Click {
			s.clicks++
		} else {
			s.others++
			s.cost += r.PayPrice
		}
	}
	if len(by) != 9 {
		t.Fatalf("%d advertisers, want 9", len(by))
	}
	clicks := 0.0
	for _, a := range advertisers() {
		s := by[a.id]
		clicks += s.clicks
		ctr := s.clicks / (s.clicks + s.others/NonClickRate)
		if tolerance := 4 / math.Sqrt(s.clicks); math.Abs(ctr/a.ctr()-1) > tolerance {
			t.Errorf("advertiser %s: click rate %.6f, published %.6f, tolerance %.0f%%", a.id, ctr, a.ctr(), 100*tolerance)
		}
		if cpm := s.cost / s.others; math.Abs(cpm/a.cpm()-1) > .07 {
			t.Errorf("advertiser %s: mean price %.2f, published %.2f", a.id, cpm, a.cpm())
		}
	}
	if share := clicks / float64(len(rows)); share < .07 || share > .085 {
		t.Errorf("%.4f of the rows are clicks, want about 0.077", share)
	}
}

// TestAttainable checks that the hidden model ranks clicks about as well as the best models of the real log.
func TestAttainable(t *testing.T) {
	m := newMarket()
	at := map[string]int{}
	for k, a := range m.advertisers {
		at[a.id] = k
	}
	var score []float64
	var click []bool
	for _, r := range Market(1, 20_000) {
		score = append(score, m.truth.probability(at[r.Advertiser], r))
		click = append(click, r.Click)
	}
	auc := train.AUC(score, click, nil)
	t.Logf("AUC of the hidden model %.4f", auc)
	if auc < .8 || auc > .92 {
		t.Errorf("AUC of the hidden model %.4f, want 0.80 to 0.92", auc)
	}
}

func TestTagShares(t *testing.T) {
	counts, tagged := map[string]float64{}, 0.0
	for _, r := range Market(2, 20_000) {
		if !r.Click && len(r.User.Tags) > 0 {
			tagged++
			for _, id := range r.User.Tags {
				counts[id]++
			}
		}
	}
	for _, tag := range tags() {
		if tag.share < .02 {
			continue
		}
		if got := counts[tag.id] / tagged; math.Abs(got-tag.share) > .15*tag.share+.005 {
			t.Errorf("tag %s: share %.3f, want %.3f", tag.id, got, tag.share)
		}
	}
}

func TestTrainable(t *testing.T) {
	rows := Market(3, 20_000)
	values, err := ipinyou.ValuesFromRows(rows, NonClickRate)
	if err != nil {
		t.Fatal(err)
	}
	for a, v := range Values() {
		if ratio := values[a] / v; ratio < .5 || ratio > 2 {
			t.Errorf("advertiser %s: click value %.0f by the rows, published %.0f", a, values[a], v)
		}
	}
	r, err := train.Fit(rows, train.Options{NonClickRate: NonClickRate, Values: Values()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", r.Report)
	if auc := r.Report.Tables[0].Lines[0].Main.AUC; auc < .72 {
		t.Errorf("AUC of the fitted models %.4f, want 0.72 at least", auc)
	}
}
