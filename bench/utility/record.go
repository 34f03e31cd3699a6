package utility

import (
	"fmt"
	"maps"
	"slices"

	"cipherbid/bench/econ"
	"cipherbid/bench/record"
	"cipherbid/bench/stat"
)

// Gates of a run, and what they demand.
const (
	gateClicks       = "enough-clicks"
	gateQuantisation = "quantisation-within-bound"
	gateEncryption   = "encryption-within-bound"
	gateWinners      = "encrypted-winners"
	gateCap          = "cap-voids-nothing"

	leastClicks    = 100    // auctioned, in all repeats
	leastAgreement = 0.9999 // of encrypted and quantised winners, but for ties
)

// headlines are the metrics that go into summary.json.
func headlines() []string {
	return []string{
		"winner_agreement", "price_error_mean", "value_regret", "revenue_cpm", "welfare_true_cpm", "auc", "auc_within_seat", "normalised_entropy",
		"clicks_tuned_b8",
	}
}

// Manifest describes the run for the results folder root.
func (r *Result) manifest(command []string) record.Manifest {
	o := r.Options
	return record.Manifest{
		Suite: "utility", Started: r.Started, Command: command, Scenario: r.Log.Name, Data: &r.Log.Info,
		Params: map[string]any{
			"crypto": r.Params.Literal(), "dim": o.Dim, "max_l1": o.MaxL1, "repeats": o.Repeats, "draws": o.Draws, "without": o.Without,
			"train_fraction": econ.TrainFraction, "non_click_rate": r.Log.Rate, "confidence": stat.Confidence,
			"tie_tolerance": econ.TieTolerance, "budget_fractions": econ.Fractions(),
		},
		Seeds: map[string]uint64{"seed": o.Seed},
		Gates: []string{gateClicks, gateQuantisation, gateEncryption, gateWinners, gateCap},
	}
}

// Record writes the result as a run below the results folder root and returns the run's folder. command is how the process was
// called.
func (r *Result) Record(root string, command []string) (dir string, err error) {
	run, err := record.Open(root, r.manifest(command))
	if err != nil {
		return "", err
	}
	table := run.Table("utility", append([]string{"market", "gap", "system", "reference"}, econ.EstimateColumns()...)...)
	lanes := run.Table("lanes", "market", "gap", "log_bids", "error_mean", "error_std", "error_max", "error_bound")
	curve := run.Table("calibration", "market", "system", "decile", "rows", "clicks", "predicted", "seen", "seen_ci_low", "seen_ci_high")
	for _, m := range r.Markets {
		for _, c := range m.Comparisons {
			for _, e := range c.Estimates {
				table.Append(append([]any{m.Log.Name, c.Gap, c.System, c.Reference}, e.Cells()...)...)
			}
		}
		for _, l := range m.Lanes {
			lanes.Append(m.Log.Name, l.Gap, l.N, l.Mean, l.Std, l.Max, l.Bound)
		}
		for _, system := range slices.Sorted(maps.Keys(m.Calibration)) {
			for d, c := range m.Calibration[system] {
				low, high := econ.Wilson(float64(c.Clicks), c.Rows)
				curve.Append(m.Log.Name, system, d+1, c.Rows, c.Clicks, c.Predicted, c.Seen, low, high)
			}
		}
		m.summarise(run)
	}
	r.gates(run)
	return run.Close()
}

// summarise writes the headline numbers of a market: float's values, and the other systems' differences from it.
func (m *Market) summarise(run *record.Run) {
	for _, c := range m.Comparisons {
		for _, name := range headlines() {
			e := econ.Find(c.Estimates, name)
			v, key := e.Delta, "delta"
			if c.Gap == "none" || e.Reference.Estimate == 0 || name == "winner_agreement" {
				v, key = e.Value, "value"
			}
			if v.Estimate == v.Estimate { // not NaN
				run.Value(m.Log.Name+"."+c.Gap+"."+name+"."+key, v.Estimate, e.Unit, v.N, v.Low, v.High)
			}
		}
	}
	for _, l := range m.Lanes {
		none := econ.Find(nil, "").Value
		run.Value(m.Log.Name+"."+l.Gap+".log_bid_error_std", l.Std, "log-bid", l.N, none.Low, none.High)
		run.Value(m.Log.Name+"."+l.Gap+".log_bid_error_max", l.Max, "log-bid", l.N, none.Low, none.High)
	}
}

// gates decide whether the run counts, over all its markets.
func (r *Result) gates(run *record.Run) {
	clicks, void := r.Markets[0].Clicks, 0
	agreement := 1.0
	worst := []LaneError{{}, {}}
	within := []bool{true, true}
	for _, m := range r.Markets {
		clicks = min(clicks, m.Clicks)
		void += m.Void
		for _, c := range m.Comparisons {
			if c.Gap == "encryption" {
				agreement = min(agreement, econ.Find(c.Estimates, "winner_agreement").Value.Estimate)
			}
		}
		for i, l := range m.Lanes {
			within[i] = within[i] && l.Max <= l.Bound
			if l.Max >= worst[i].Max {
				worst[i] = l
			}
		}
	}
	run.Gate(gateClicks, clicks >= leastClicks, fmt.Sprintf("%d clicks auctioned, at least %d wanted", clicks, leastClicks))
	for i, name := range []string{gateQuantisation, gateEncryption} {
		run.Gate(name, within[i], fmt.Sprintf("log-bids moved by %.3g at most, the bound is %.3g", worst[i].Max, worst[i].Bound))
	}
	run.Gate(gateWinners, agreement >= leastAgreement, fmt.Sprintf("share %.6f of encrypted winners are the quantised ones or tied with them, %g wanted", agreement, leastAgreement))
	run.Gate(gateCap, void == 0, fmt.Sprintf("%d float bids at the cap", void))
}
