package main

import (
	"context"
	"fmt"
	"os"

	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
)

func runTrain(_ context.Context, args []string) error {
	f := flags("train", "Fits one model for each advertiser of an iPinYou-format log and prints how good they are on rows held out.\n"+
		"Writes features.json, the feature map that all parties of a market share, and a private <advertiser>.model.json each.",
		"cipherbid train -data impressions.csv.gz -out models")
	data := f.String("data", "", "log with clicks: .csv, .tsv or .txt, plain, .gz or .bz2 (required)")
	out := f.String("out", "", "folder for the models (required)")
	seed := f.Uint64("seed", 1, "seed of the split into training and held-out rows")
	fraction := f.Float64("fraction", 0.7, "share of the rows to train on")
	dim := f.Int("dim", 128, "private features, a power of two")
	rate := f.Float64("nonclicks", replay.SampleNonClickRate, "share of the impressions without click that the log kept; 1 for a full log")
	link := f.String("link", model.LinkLogit, "link of the model: logit or log; the report compares both")
	maxBid := f.Float64("max-bid", 0, "CPM above which a campaign's bid is void; 0 for none")
	folds := f.Int("folds", 0, "choose the penalties by cross-validation with this many folds; 0 takes the defaults")
	if err := parse(f, args); err != nil {
		return err
	}
	if *data == "" || *out == "" {
		return fmt.Errorf("%w: train needs -data and -out", errUsage)
	}
	rows, err := ipinyou.ReadTrainingFile(*data)
	if err != nil {
		return err
	}
	values, err := ipinyou.Values(*data, rows, *rate)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "read %d impressions, fitting %d advertisers ...\n", len(rows), len(values))
	result, err := train.Fit(rows, train.Options{
		Dim: *dim, Seed: *seed, TrainFraction: *fraction, NonClickRate: *rate, Link: *link, MaxBid: *maxBid, Folds: *folds,
		Values: values, Without: leakingTag,
	})
	if err != nil {
		return err
	}
	if err := result.Save(*out); err != nil {
		return err
	}
	fmt.Print(result.Report)
	fmt.Printf("\nWrote features.json and %d models to %s\n", len(result.Models), *out)
	return nil
}

// leakingTag is the user tag of the iPinYou set that nearly gives the click of one advertiser away; the report has a part
// without it.
const leakingTag = "11278"
