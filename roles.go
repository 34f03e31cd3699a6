package main

import (
	"context"
	"fmt"

	"cipherbid/node"
)

// roleFlags parses the flags that the three servers share.
func roleFlags(role, description string, args []string) (path string, verbose bool, err error) {
	f := flags(role, description+"\nIt serves until it is interrupted, then finishes what is under way.", "cipherbid "+role+" -config "+role+".json")
	config := f.String("config", "", "config file (required); cipherbid market writes examples")
	quiet := f.Bool("quiet", false, "log warnings only")
	if err := parse(f, args); err != nil {
		return "", false, err
	}
	if *config == "" {
		return "", false, fmt.Errorf("%w: %s needs -config", errUsage, role)
	}
	return *config, !*quiet, nil
}

func runTrustee(ctx context.Context, args []string) error {
	path, verbose, err := roleFlags("trustee", "Serves one of a market's three trustees.", args)
	if err != nil {
		return err
	}
	var c node.Trustee
	if err := node.Load(path, &c); err != nil {
		return err
	}
	return node.RunTrustee(ctx, &c, logger(verbose))
}

func runBidder(ctx context.Context, args []string) error {
	path, verbose, err := roleFlags("bidder", "Serves one seat with a model file.", args)
	if err != nil {
		return err
	}
	var c node.Bidder
	if err := node.Load(path, &c); err != nil {
		return err
	}
	return node.RunBidder(ctx, &c, logger(verbose))
}

func runAuctioneer(ctx context.Context, args []string) error {
	path, verbose, err := roleFlags("auctioneer", "Serves a market's auctioneer.", args)
	if err != nil {
		return err
	}
	var c node.Auctioneer
	if err := node.Load(path, &c); err != nil {
		return err
	}
	return node.RunAuctioneer(ctx, &c, logger(verbose))
}
