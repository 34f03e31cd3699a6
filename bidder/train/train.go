// Package train fits bidders' models to a log: one log-linear model for each advertiser, over a feature map that it takes
// from the log as well.
//
// [Fit] does all of it and reports how good the models are on rows it has not seen; [Result.Save] writes the files that
// package model loads. [Split] gives the same training and test rows to anyone who wants to replay the latter.
//
// All advertisers are fitted at once, each with weights that are a shared part plus an own deviation, both shrunk by a
// ridge. An advertiser with thirty clicks then bids by what the market has in common, one with hundreds by its own data.
// The problem is convex and solved by Newton's method to a fixed tolerance, so the same rows give the same model.
//
// Logs of this kind keep all clicks and a small share of the other impressions. Options.NonClickRate says which; the
// models' probabilities and bids are on the true scale.
//
// Fit refuses rows without clicks. It promises that the sum of the magnitudes of a campaign's private weights stays
// within Options.MaxL1, since weights beyond that could wrap a lane of an encrypted auction. It never looks at the price
// paid, the bid, or an id, but to value a click. Functions here are safe for concurrent use on rows nobody changes.
package train

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// Options of a fit. Zero values take the default named with each.
type Options struct {
	Dim           int     // of the feature map, a power of two: 128
	MinCount      int     // training rows that a feature must occur in: 10
	Seed          uint64  // of the split
	TrainFraction float64 // share of the rows to fit on, in (0, 1): 0.7
	NonClickRate  float64 // share of the non-clicks that the log kept, in (0, 1]: 1

	// Link is model.LinkLogit, the default, or model.LinkLog. Both give log-linear bids. On the iPinYou sample logit is
	// better, since it does not blow a sampled non-click up to 112 rows: AUC 0.874 against 0.862, the mean of five splits.
	Link string
	// Penalties default to DefaultPenalties(Link), or to what cross-validation chooses if Folds is 2 or more.
	Penalties Penalties
	Folds     int

	// Values is each advertiser's value of a click, as package ipinyou's Values gives it. Default: the cost of a click in
	// the training rows.
	Values map[string]float64
	MaxBid float64 // CPM above which an encrypted bid is void, since it cannot be clamped: 0, no maximum
	MaxL1  float64 // largest L1 norm of a campaign's private weights, up to 32: 16

	// Without names a user tag to measure the worth of: the report has a second part on a fit that does not know it.
	Without string
}

// DefaultPenalties returns the strengths that three-fold cross-validation chose on the training part of the iPinYou
// sample, among those that Options.Folds would try.
func DefaultPenalties(link string) Penalties {
	if link == model.LinkLog {
		return Penalties{Shared: 8, Deviation: 4}
	}
	return Penalties{Shared: 8, Deviation: 2}
}

func (o Options) withDefaults() (Options, error) {
	set := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.TrainFraction, 0.7)
	set(&o.NonClickRate, 1)
	set(&o.MaxL1, 16)
	if o.Dim == 0 {
		o.Dim = 128
	}
	if o.MinCount == 0 {
		o.MinCount = 10
	}
	if o.Link == "" {
		o.Link = model.LinkLogit
	}
	switch {
	case o.MinCount < 0 || o.Folds < 0:
		return o, errors.New("options MinCount and Folds must not be negative")
	case !(o.TrainFraction > 0 && o.TrainFraction < 1):
		return o, fmt.Errorf("TrainFraction %g is not in (0, 1)", o.TrainFraction)
	case !(o.NonClickRate > 0 && o.NonClickRate <= 1):
		return o, fmt.Errorf("NonClickRate %g is not in (0, 1]", o.NonClickRate)
	case o.Link != model.LinkLog && o.Link != model.LinkLogit:
		return o, fmt.Errorf("option Link %q is neither %s nor %s", o.Link, model.LinkLog, model.LinkLogit)
	case !(o.MaxL1 > 0 && o.MaxL1 <= 32):
		return o, fmt.Errorf("MaxL1 %g is not in (0, 32]", o.MaxL1)
	case o.MaxBid < 0 || o.Penalties.Shared < 0 || o.Penalties.Deviation < 0:
		return o, errors.New("options MaxBid and Penalties must not be negative")
	case math.IsInf(o.MaxBid, 0) || math.IsNaN(o.MaxBid+o.Penalties.Shared+o.Penalties.Deviation):
		return o, errors.New("options MaxBid and Penalties must be finite")
	}
	return o, nil
}

// Result is what a fit gives: the feature map, the models in order of advertiser, and how good they are.
type Result struct {
	FeatureMap *model.FeatureMap
	Models     []*model.GLM // the seat is the advertiser, with one campaign of the same name
	Report     *Report
}

// Fit splits the rows, fits on the training part and measures on the rest.
func Fit(rows []ipinyou.Row, opts Options) (*Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	learn, held := Split(rows, opts.Seed, opts.TrainFraction)
	if opts.Values == nil {
		if opts.Values, err = ipinyou.ValuesFromRows(learn, opts.NonClickRate); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	f, err := fitBoth(learn, opts)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	models, err := f.models()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	report := &Report{Options: opts, TrainRows: len(learn), Penalties: f.main.penalties, Tables: []Table{f.table("all features", held)}}
	if opts.Without != "" {
		report.Tables = append(report.Tables, f.table("same models, only users without tag "+opts.Without, lacking(held, opts.Without)))
		g, err := fitBoth(withoutTag(learn, opts.Without), opts)
		if err != nil {
			return nil, fmt.Errorf("train without tag %s: %w", opts.Without, err)
		}
		report.Tables = append(report.Tables, g.table("fitted without tag "+opts.Without, withoutTag(held, opts.Without)))
	}
	return &Result{FeatureMap: f.space.features, Models: models, Report: report}, nil
}

// Save writes features.json and <advertiser>.model.json into dir, which it makes if need be. Each file appears whole or
// not at all; models carry the digest of the feature map, so files of two fits cannot be mixed up.
func (r *Result) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save models: %w", err)
	}
	for _, g := range r.Models {
		name := g.Seat() + ".model.json"
		if filepath.Base(name) != name || !filepath.IsLocal(name) {
			return fmt.Errorf("save models: advertiser %q cannot name a file", g.Seat())
		}
		if err := g.Save(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return r.FeatureMap.Save(filepath.Join(dir, "features.json"))
}
