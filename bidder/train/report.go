package train

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// Report says how good the models are on rows that were not fitted.
type Report struct {
	Options   Options
	TrainRows int
	Penalties Penalties // used
	Tables    []Table
}

// Table holds the measurements of one fit, or of one selection of rows.
type Table struct {
	Title string
	Lines []Line // the first is all advertisers pooled
}

// Line measures the models of one advertiser, or of all, each row scored by its own advertiser's model.
type Line struct {
	Advertiser   string
	Rows, Clicks int

	Main  Scores // the link asked for
	Other Scores // the other link, on the same features

	// LinkGap is the mean difference in magnitude between the two fits' log-bids, OddsGap that between bidding by the odds
	// and by the probability of the logit fit. Both count a non-click as 1/NonClickRate impressions.
	LinkGap, OddsGap float64

	L1             float64 // of the private weights, the largest of all in the pooled line
	LowBid, TopBid float64 // range of the log-bids before any cap
}

// Scores of one model. AUC is the same on both scales.
type Scores struct {
	AUC               float64
	LogLoss           float64 // nats a row of the sample
	TrueLogLoss       float64 // nats an impression, non-clicks counting 1/NonClickRate
	Calibration       float64 // clicks predicted for each click seen, true scale
	SampleCalibration float64 // the same on the scale of the sample, which no single large probability dominates
}

// scored holds rows' linear forms under both fits.
type scored struct {
	eta, other []float64
	value      []float64 // ln of the value of a click
	weight     []float64
	click      []bool
	l1         float64
}

func (f *fits) table(title string, rows []ipinyou.Row) Table {
	d := newDesign(f.space, rows)
	all, each := &scored{}, make([]*scored, len(f.space.advertisers))
	for a := range each {
		each[a] = &scored{l1: l1(f.main.weights[a][:f.space.features.Dim()])}
		all.l1 = max(all.l1, each[a].l1)
	}
	for i := range d.rows() {
		a := d.advertiser[i]
		weight := 1.0
		if !d.click[i] {
			weight = 1 / f.opts.NonClickRate
		}
		for _, s := range []*scored{all, each[a]} {
			s.eta = append(s.eta, d.own(i, f.main.weights[a]))
			s.other = append(s.other, d.own(i, f.other.weights[a]))
			s.value = append(s.value, math.Log(f.opts.Values[f.space.advertisers[a]]))
			s.weight = append(s.weight, weight)
			s.click = append(s.click, d.click[i])
		}
	}
	t := Table{Title: title, Lines: []Line{f.line("all", all)}}
	for a, name := range f.space.advertisers {
		t.Lines = append(t.Lines, f.line(name, each[a]))
	}
	return t
}

func (f *fits) line(name string, s *scored) Line {
	l := Line{
		Advertiser: name, Rows: len(s.eta), L1: s.l1, LowBid: math.Inf(1), TopBid: math.Inf(-1),
		Main:  f.main.loss.scores(s.eta, s),
		Other: f.other.loss.scores(s.other, s),
	}
	logit := s.eta
	if f.main.loss.link == model.LinkLog {
		logit = s.other
	}
	total := 0.0
	for i, eta := range s.eta {
		if s.click[i] {
			l.Clicks++
		}
		l.LinkGap += s.weight[i] * math.Abs(eta-s.other[i])
		l.OddsGap += s.weight[i] * math.Log1p(math.Exp(logit[i]))
		total += s.weight[i]
		if bid := s.value[i] + eta; !math.IsInf(bid, 0) {
			l.LowBid, l.TopBid = min(l.LowBid, bid), max(l.TopBid, bid)
		}
	}
	l.LinkGap /= total
	l.OddsGap /= total
	return l
}

func (l loss) scores(eta []float64, s *scored) Scores {
	p, sampled := make([]float64, len(eta)), make([]float64, len(eta))
	for i, v := range eta {
		p[i] = l.probability(v)
		sampled[i] = sampledP(p[i], l.rate)
	}
	return Scores{
		AUC:               AUC(eta, s.click, nil),
		LogLoss:           LogLoss(sampled, s.click, nil),
		TrueLogLoss:       LogLoss(p, s.click, s.weight),
		Calibration:       Calibration(p, s.click, s.weight),
		SampleCalibration: Calibration(sampled, s.click, nil),
	}
}

func l1(w []float64) float64 {
	sum := 0.0
	for _, v := range w {
		sum += math.Abs(v)
	}
	return sum
}

// Write prints the report as plain text tables.
func (r *Report) Write(w io.Writer) error {
	other := model.LinkLog
	if r.Options.Link == model.LinkLog {
		other = model.LinkLogit
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "link %s, fitted on %d rows, penalties %g shared and %g own, non-clicks kept %g\n",
		r.Options.Link, r.TrainRows, r.Penalties.Shared, r.Penalties.Deviation, r.Options.NonClickRate)
	for _, table := range r.Tables {
		fmt.Fprintf(t, "\n%s\n", table.Title)
		fmt.Fprintf(t, "advertiser\trows\tclicks\tAUC\tlog loss\ttrue log loss\tcalibration\tin sample\tAUC %s\tlog loss\tcalibration\tlink gap\todds gap\tL1\tlog-bids\t\n", other)
		for _, l := range table.Lines {
			fmt.Fprintf(t, "%s\t%d\t%d\t%.4f\t%.4f\t%.6f\t%.3f\t%.3f\t%.4f\t%.4f\t%.3f\t%.3f\t%.4f\t%.1f\t%.1f to %.1f\t\n",
				l.Advertiser, l.Rows, l.Clicks, l.Main.AUC, l.Main.LogLoss, l.Main.TrueLogLoss, l.Main.Calibration, l.Main.SampleCalibration,
				l.Other.AUC, l.Other.LogLoss, l.Other.Calibration, l.LinkGap, l.OddsGap, l.L1, l.LowBid, l.TopBid)
		}
	}
	return t.Flush()
}

// String returns what Write prints.
func (r *Report) String() string {
	var b strings.Builder
	r.Write(&b) // a strings.Builder does not fail
	return b.String()
}
