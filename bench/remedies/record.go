package remedies

import (
	"fmt"
	"math"

	"cipherbid/bench/econ"
	"cipherbid/bench/record"
	"cipherbid/bench/stat"
)

// Gates of a run, and what they demand.
const (
	gateClicks    = "enough-clicks"
	gateClasses   = "classes-keep-their-promise"
	gateEncrypted = "encrypted-winners"
	gateCap       = "cap-voids-little"

	leastClicks    = 100   // auctioned in a repeat
	leastAgreement = 0.999 // of encrypted winners with the plaintext ones, but for ties
	mostVoid       = 1e-4  // share of a treatment's bids that the cap voids
)

// Headline is the metric that stands for conversions: clicks that each advertiser buys with an eighth of what winning everything
// would cost, bidding by the multiplier that did best on the fitted rows. The tables have other budgets and metrics.
const Headline = "clicks_tuned_b8"

// name joins remedy and parameter.
func (t *Treatment) name() string {
	if t.Parameter == "" {
		return t.Remedy
	}
	return t.Remedy + "." + t.Parameter
}

func (r *Result) manifest(command []string) record.Manifest {
	o := r.Options
	return record.Manifest{
		Suite: "remedies", Started: r.Started, Command: command, Scenario: r.Log.Name, Data: &r.Log.Info,
		Params: map[string]any{
			"crypto": r.Params.Literal(), "dim": o.Dim, "max_l1": o.MaxL1, "repeats": o.Repeats, "draws": o.Draws, "targets": o.Targets,
			"without": o.Without, "quick": o.Quick, "train_fraction": econ.TrainFraction, "non_click_rate": r.Log.Rate, "confidence": stat.Confidence,
			"tie_tolerance": econ.TieTolerance, "budget_fractions": econ.Fractions(), "headline": Headline, "tags": r.Tags,
			"rare_tag": minTag, "high_risk": highRisk, "ldp_set_size": setSize, "sensitive_tags": inMarket(),
		},
		Seeds: map[string]uint64{"seed": o.Seed},
		Gates: []string{gateClicks, gateClasses, gateEncrypted, gateCap},
	}
}

// Record writes the result as a run below the results folder root and returns the run's folder. command is how the process was
// called.
func (r *Result) Record(root string, command []string) (dir string, err error) {
	run, err := record.Open(root, r.manifest(command))
	if err != nil {
		return "", err
	}
	id := []string{"market", "remedy", "parameter", "epsilon_profile"}
	metrics := run.Table("remedies", append(id[:4:4], econ.EstimateColumns()...)...)
	risks := run.Table("risk", append(id[:4:4], "risk", "facts", "value", "ci_low", "ci_high", "n")...)
	leaks := run.Table("leakage", "remedy", "who", "learns")
	for i := range r.Treatments {
		t := &r.Treatments[i]
		epsilon := t.Epsilon
		if epsilon == 0 {
			epsilon = math.NaN()
		}
		cells := []any{r.Log.Name, t.Remedy, t.Parameter, epsilon}
		for _, e := range t.Estimates {
			metrics.Append(append(cells[:4:4], e.Cells()...)...)
		}
		t.risks(func(risk, facts string, v stat.Interval) {
			risks.Append(append(cells[:4:4], risk, facts, v.Estimate, v.Low, v.High, v.N)...)
		})
		t.summarise(run)
	}
	for _, l := range Leakage() {
		leaks.Append(Encrypted, l.Who, l.Learn)
	}
	r.gates(run)
	return run.Close()
}

// risks lists all risks of a treatment.
func (t *Treatment) risks(each func(risk, facts string, v stat.Interval)) {
	if t.Risk == nil {
		return
	}
	nan := math.NaN()
	for _, m := range t.Risk.measures() {
		each(m.name, "", stat.Interval{Estimate: *m.value, Low: nan, High: nan})
	}
	for _, l := range t.Linkage {
		each("linkage", l.facts(), l.Success)
		each("linkage_ratio", l.facts(), l.Ratio)
		each("linkage_guess", l.facts(), stat.Interval{Estimate: l.Guess, Low: nan, High: nan})
	}
}

func (l *Linkage) facts() string {
	if l.Facts == Everything {
		return "all"
	}
	return fmt.Sprint(l.Facts)
}

// summarise writes the headline numbers: what is left of clicks, of prediction and of linkability.
func (t *Treatment) summarise(run *record.Run) {
	value := func(key, unit string, v stat.Interval) {
		if !math.IsNaN(v.Estimate) {
			run.Value(key+"."+t.name(), v.Estimate, unit, v.N, v.Low, v.High)
		}
	}
	value(Headline+"_ratio", "ratio", econ.Find(t.Estimates, Headline).Ratio)
	value("clicks_logged_ratio", "ratio", econ.Find(t.Estimates, "clicks_logged_per_million").Ratio)
	value("welfare_true_ratio", "ratio", econ.Find(t.Estimates, "welfare_true_cpm").Ratio)
	value("auc_within_seat", "share", econ.Find(t.Estimates, "auc_within_seat").Value)
	value("winner_agreement", "share", econ.Find(t.Estimates, "winner_agreement").Value)
	for _, l := range t.Linkage {
		value("linkage_"+l.facts(), "share", l.Success)
		value("linkage_"+l.facts()+"_ratio", "ratio", l.Ratio)
	}
}

// gates decide whether the run counts. None of them judges a remedy.
func (r *Result) gates(run *record.Run) {
	worst, promised, broken := 0, 0, 0
	for i := range r.Treatments {
		t := &r.Treatments[i]
		worst = max(worst, t.Void)
		if t.k > 0 {
			promised++
			if t.Risk.SmallestClass < float64(t.k) {
				broken++
			}
		}
	}
	run.Gate(gateClicks, r.Clicks >= leastClicks, fmt.Sprintf("%d clicks auctioned in the repeat with the fewest, at least %d wanted", r.Clicks, leastClicks))
	run.Gate(gateClasses, broken == 0, fmt.Sprintf("%d of %d k-anonymous releases have a class below k", broken, promised))
	agreement := math.NaN()
	for i := range r.Treatments {
		if t := &r.Treatments[i]; t.Remedy == Encrypted {
			agreement = econ.Find(t.Estimates, "winner_agreement").Value.Estimate
		}
	}
	run.Gate(gateEncrypted, agreement >= leastAgreement,
		fmt.Sprintf("share %.6f of encrypted winners are the plaintext ones or tied with them, %g wanted", agreement, leastAgreement))
	run.Gate(gateCap, float64(worst) <= mostVoid*float64(r.Bids), fmt.Sprintf("%d of %d bids at the cap in the worst treatment", worst, r.Bids))
}
