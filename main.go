// Command cipherbid runs ad auctions on encrypted user data. See README.md; every subcommand has -help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"cipherbid/crypto/message"
)

// command is a subcommand. run parses its own flags. When the program is interrupted, a command that drains has its context
// ended and returns in good order; any other ends on the spot.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string) error
	drains     bool
}

func commands() []command {
	return []command{
		{"demo", "auction the users of a log encrypted and in plaintext, and compare", runDemo, true},
		{"train", "fit bidders' models to a log", runTrain, false},
		{"keys", "make, inspect and roll the keys and the directory of a market", runKeys, false},
		{"load", "put load on a market and measure how it holds up", runLoad, true},
		{"bench", "run a benchmark suite and record it", runBench, true},
		{"report", "regenerate plots and pages from recorded runs", runReport, false},
		{"verify", "check recorded runs and every number quoted from them", runVerify, false},
		{"compare", "compare two recorded runs", runCompare, false},
		{"market", "start a whole market as local processes", runMarket, true},
		{"ask", "run one auction as a user agent", runAsk, false},
		{"replay", "replay auctions from two trustees' records, as an auditor", runReplay, false},
		{"trustee", "serve a trustee", runTrustee, true},
		{"bidder", "serve a bidder", runBidder, true},
		{"auctioneer", "serve the auctioneer", runAuctioneer, true},
	}
}

func main() {
	err := dispatch(context.Background(), os.Args[1:], os.Stdout)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "cipherbid:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "cipherbid:", err)
		os.Exit(1)
	}
}

// errUsage is wrapped by errors about the command line.
var errUsage = errors.New("usage")

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		usage(out)
		return fmt.Errorf("%w: name a command", errUsage)
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		usage(out)
		return nil
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if c.drains {
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
			defer stop()
		}
		return c.run(ctx, args[1:])
	}
	return fmt.Errorf("%w: there is no command %q; run cipherbid help", errUsage, args[0])
}

func usage(out io.Writer) {
	fmt.Fprint(out, "cipherbid runs ad auctions on encrypted user data.\n\nCommands:\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-11s %s\n", c.name, c.does)
	}
	fmt.Fprint(out, "\nStart with: cipherbid demo\nEvery command explains itself: cipherbid demo -help\n")
}

// flags returns a flag set whose help shows a description and an example.
func flags(name, description, example string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "%s\n\nExample:\n\n  %s\n\nFlags:\n\n", description, example)
		f.PrintDefaults()
	}
	return f
}

// parse parses flags and refuses arguments that are none.
func parse(f *flag.FlagSet, args []string) error {
	for _, a := range args {
		if a == "-help" || a == "--help" || a == "-h" {
			f.SetOutput(os.Stdout)
		}
	}
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w of %s", errUsage, f.Name()) // flag has printed what is wrong
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%w: %s takes no argument %q", errUsage, f.Name(), f.Arg(0))
	}
	return nil
}

// ranking is a flag that says how winners are found.
type ranking message.Mode

func (r *ranking) String() string { return message.Mode(*r).String() }

func (r *ranking) Set(text string) error {
	mode, err := message.ParseMode(text)
	*r = ranking(mode)
	return err
}

// rankingFlag adds -ranking with a default, and returns where its value will be.
func rankingFlag(f *flag.FlagSet, mode message.Mode, note string) *message.Mode {
	f.Var((*ranking)(&mode), "ranking", "`mode` in which trustees rank: sealed, or open, a baseline that shows every bid to the auctioneer"+note)
	return &mode
}

// logger writes warnings, or everything if verbose, to standard error.
func logger(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
