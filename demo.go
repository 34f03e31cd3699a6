package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"cipherbid/bench/replay"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// builtInAuctions is how many auctions of the built-in market the demo runs unless told otherwise.
const builtInAuctions = 1000

func runDemo(ctx context.Context, args []string) error {
	f := flags("demo", "Runs an ad market on encrypted users and prints, beside each other, what the encrypted and the plaintext market did.\n"+
		"Without -data it makes a market of nine advertisers by itself. Everything runs in this process, over real HTTP.\n\n"+
		"With sealed ranking nobody sees a bid, and prices lie on a grid. With open ranking the auctioneer sees all bids, so that\n"+
		"the click predictions behind them can be compared too.",
		"cipherbid demo -data impressions.csv.gz -auctions 500 -ranking open -json result.json")
	data := f.String("data", "", "iPinYou-format log with clicks: train on 70 % of it, replay the rest")
	test := f.String("test", "", "log to replay whole, instead of the rest of -data")
	auctions := f.Int("auctions", 0, "auctions to run; 0 means all rows, or 1000 of the built-in market")
	seed := f.Uint64("seed", 1, "seed of the built-in market, the split and the order of auctions")
	mode := rankingFlag(f, message.Sealed, "")
	jsonFile := f.String("json", "", "write the summary to this file")
	recordsFile := f.String("records", "", "write one CSV row for each auction to this file")
	dim := f.Int("dim", 128, "private features, a power of two")
	if err := parse(f, args); err != nil {
		return err
	}
	if *auctions < 0 {
		return fmt.Errorf("%w: %d auctions", errUsage, *auctions)
	}
	if *data == "" && *auctions == 0 {
		*auctions = builtInAuctions
	}
	p, err := params.Default(*dim)
	if err != nil {
		return fmt.Errorf("%w: -dim: %w", errUsage, err)
	}
	fmt.Fprintln(os.Stderr, "training models ...")
	d, err := replay.Load(*data, *test, *auctions, *seed, *dim)
	if err != nil {
		return err
	}
	bar := newProgress("auctions", len(d.Rows))
	summary, records, err := replay.Run(ctx, replay.Options{Data: d, Params: p, Mode: *mode, Logger: logger(false), Progress: bar.set})
	bar.done()
	if err != nil {
		return err
	}
	if *jsonFile != "" {
		err = errors.Join(err, writeTo(*jsonFile, summary.WriteJSON))
	}
	if *recordsFile != "" {
		err = errors.Join(err, writeTo(*recordsFile, func(w io.Writer) error { return replay.WriteRecords(w, records) }))
	}
	summary.Print(os.Stdout)
	return err
}

// writeTo creates a file and fills it.
func writeTo(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
