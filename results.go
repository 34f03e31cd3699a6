package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"cipherbid/bench/compare"
	"cipherbid/bench/report"
	"cipherbid/bench/verify"
)

func runReport(_ context.Context, args []string) error {
	f := flags("report", "Regenerates everything that is made from the recorded runs: the results' README, plots and one self-contained HTML page.",
		"cipherbid report -results results")
	root := f.String("results", "results", "folder of the runs")
	if err := parse(f, args); err != nil {
		return err
	}
	if err := report.Generate(*root); err != nil {
		return err
	}
	fmt.Printf("Wrote %s, %s and plots\n", filepath.Join(*root, report.ReadmeFile), filepath.Join(*root, report.PageFile))
	return nil
}

func runVerify(_ context.Context, args []string) error {
	f := flags("verify", "Checks the recorded runs: schema, hashes, gates, claims, and that every number quoted in the README and in the results'\n"+
		"README stems from a run.",
		"cipherbid verify -results results -readme README.md")
	root := f.String("results", "results", "folder of the runs")
	readme := f.String("readme", "README.md", "document that quotes numbers; empty for none")
	if err := parse(f, args); err != nil {
		return err
	}
	problems, err := verify.Check(*root, *readme)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems", len(problems))
	}
	fmt.Println("Everything holds.")
	return nil
}

func runCompare(_ context.Context, args []string) error {
	f := flags("compare", "Compares the values of two recorded runs of one suite, with intervals, and names what got worse beyond noise.",
		"cipherbid compare -a results/latency/RUN1 -b results/latency/RUN2")
	a := f.String("a", "", "folder of the run to compare with (required)")
	b := f.String("b", "", "folder of the new run (required)")
	if err := parse(f, args); err != nil {
		return err
	}
	if *a == "" || *b == "" {
		return fmt.Errorf("%w: compare needs -a and -b", errUsage)
	}
	return compare.Print(os.Stdout, *a, *b)
}
