package econ

import (
	"math"
	"testing"

	"cipherbid/bidder/ipinyou"
)

// hand is a split with two seats, a and b, and four auctioned rows whose metrics can be computed by hand. Non-clicks count double.
func hand(t *testing.T) (s *Split, reference, treatment *Bids) {
	t.Helper()
	row := func(id, advertiser string, click bool, price, floor float64) ipinyou.Row {
		return ipinyou.Row{ID: id, Advertiser: advertiser, Click: click, PayPrice: price, Floor: floor}
	}
	l := &Log{
		Rows: []ipinyou.Row{
			row("1", "a", true, 10, 0), row("2", "a", false, 20, 0), row("3", "b", true, 30, 0), row("4", "b", false, 40, 50),
		},
		User: []int32{0, 0, 1, 2}, Users: 3, Rate: .5, Values: map[string]float64{"a": 100, "b": 200},
	}
	s = &Split{Log: l, Test: []int{0, 1, 2, 3}, Train: []int{0, 1, 2, 3}, Seats: []string{"a", "b"}, own: []int{0, 0, 1, 1}}
	make := func(bids [][2]float64) *Bids {
		b := &Bids{}
		for i, v := range bids {
			logs := []float64{math.Log(v[0]), math.Log(v[1])}
			b.LogBid = append(b.LogBid, logs)
			b.Eta = append(b.Eta, s.eta(i, logs))
			b.Fitted = append(b.Fitted, logs[s.own[i]])
		}
		s.sell(b)
		return b
	}
	reference = make([][2]float64{{60, 20}, {10, 40}, {50, 80}, {20, 40}}) // a at 20, b at 10, b at 50, unsold below the floor
	treatment = make([][2]float64{{60, 30}, {50, 40}, {50, 90}, {20, 60}}) // a at 30, a at 40, b at 50, b at the floor of 50
	return s, reference, treatment
}

// values computes all metrics on the data themselves.
func values(s *Split, b, reference *Bids, judges []Judge) map[string]float64 {
	sheet := Measure(s.Blocks(b, reference, judges), [][]uint8{{1, 1, 1, 1}})
	m := map[string]float64{}
	for i, metric := range sheet.Metrics {
		m[metric.Name] = sheet.Values[i][0]
	}
	return m
}

func TestMetricsByHand(t *testing.T) {
	s, reference, treatment := hand(t)
	judge := Judge{"told", [][]float64{{7, 0}, {3, 1}, {0, 9}, {0, 5}}}
	got := values(s, treatment, reference, []Judge{judge})
	// Weights of the rows are 1, 2, 1, 2: six impressions.
	p := func(bid, value float64) float64 { odds := bid / value * 2; return odds / (1 + odds) } // on the sample: half the non-clicks
	pTrue := func(bid, value float64) float64 { odds := bid / value; return odds / (1 + odds) }
	loss := -(math.Log(p(60, 100)) + math.Log(1-p(50, 100)) + math.Log(p(90, 200)) + math.Log(1-p(60, 200))) / 4
	want := map[string]float64{
		"winner_agreement":          2. / 6, // rows 1 and 3
		"winner_agreement_strict":   2. / 6,
		"price_error_mean":          (1*(10./20) + 2*(30./10) + 1*0) / 4, // sold by both: rows 1 to 3
		"price_error_median":        .5,                                  // weights 1, 1, 2 at 0, 0.5, 3: half of four is reached at 0.5
		"value_regret":              2 * (40. - 10) / (60 + 2*40 + 80),
		"sold":                      1,
		"revenue_cpm":               (30 + 2*40 + 50 + 2*50) / 6.,
		"matched":                   1,
		"clicks_logged_per_million": 1e6 * 2 / 6,
		"welfare_logged_cpm":        (100. + 200) / 6,
		"surplus_logged_cpm":        (100 + 200 - (30 + 2*40 + 50 + 2*50)) / 6.,
		"welfare_told_cpm":          (7 + 2*3 + 9 + 2*5) / 6.,
		"surplus_told_cpm":          (7 + 2*3 + 9 + 2*5 - (30 + 2*40 + 50 + 2*50)) / 6.,
		"auc":                       3. / 4, // odds: clicks .6 and .45, others .5 and .3
		"auc_within_seat":           1,
		"log_loss":                  loss,
		"normalised_entropy":        loss / math.Ln2,
		"calibration":               (p(60, 100) + p(50, 100) + p(90, 200) + p(60, 200)) / 2,
		"calibration_true":          (pTrue(60, 100) + 2*pTrue(50, 100) + pTrue(90, 200) + 2*pTrue(60, 200)) / 2,
	}
	for name, v := range want {
		if g, ok := got[name]; !ok || math.Abs(g-v) > 1e-9 {
			t.Errorf("%s: got %g, want %g", name, g, v)
		}
	}
	self := values(s, reference, reference, nil)
	for name, v := range map[string]float64{"winner_agreement": 1, "price_error_mean": 0, "value_regret": 0, "sold": 4. / 6} {
		if self[name] != v {
			t.Errorf("reference against itself, %s: got %g, want %g", name, self[name], v)
		}
	}
}

// A resample counts rows as often as it draws them.
func TestMetricsOfResample(t *testing.T) {
	s, reference, treatment := hand(t)
	blocks := s.Blocks(treatment, reference, nil)
	once := Measure(blocks, [][]uint8{{1, 1, 1, 1}, {2, 2, 2, 2}, {1, 1, 0, 0}, {0, 0, 0, 0}})
	for i, m := range once.Metrics {
		single, double := once.Values[i][0], once.Values[i][1]
		if m.Unit == "clicks" && m.Name != "clicks_logged_per_million" {
			single *= 2 // a count, of twice the market with twice the budget
		}
		if math.Abs(single-double) > 1e-9*(1+math.Abs(single)) {
			t.Errorf("%s: %g, drawn twice %g", m.Name, single, double)
		}
	}
	for i, m := range once.Metrics {
		if m.Name == "revenue_cpm" && math.Abs(once.Values[i][2]-(30+2*40)/3.) > 1e-9 {
			t.Errorf("revenue of rows 1 and 2: %g", once.Values[i][2])
		}
		if m.Name == "auc" && !math.IsNaN(once.Values[i][3]) {
			t.Errorf("AUC of nothing is %g", once.Values[i][3])
		}
	}
}

func TestDeciles(t *testing.T) {
	s, _, treatment := hand(t)
	curve := s.Calibration(treatment)
	rows, clicks := 0, 0
	last := 0.0
	for _, d := range curve {
		rows, clicks = rows+d.Rows, clicks+d.Clicks
		if d.Rows == 0 {
			continue
		}
		if d.Predicted < last {
			t.Errorf("predictions fall from %g to %g", last, d.Predicted)
		}
		last = d.Predicted
	}
	if len(curve) != Deciles || rows != 4 || clicks != 2 {
		t.Errorf("%d bins with %d rows and %d clicks", len(curve), rows, clicks)
	}
}
