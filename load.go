package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"cipherbid/bench/record"
	"cipherbid/crypto/message"
	"cipherbid/loadgen"
)

// loadFlags is the command line of cipherbid load.
type loadFlags struct {
	target, config, scenario, arrivals, params, rates, rtt, data string
	mode                                                         message.Mode
	rate, share                                                  float64
	duration, warmup, tmax, jitter                               time.Duration
	bidders, campaigns, batch, inFlight, dim                     int
	live, device                                                 bool
	seed                                                         uint64
	results, jsonFile                                            string
}

func runLoad(ctx context.Context, args []string) error {
	f := flags("load", "Puts load on a market and prints goodput within tmax, latency from the scheduled arrival, the stages of the auction,\n"+
		"requests per second and core, and whether the run is valid.\n\n"+
		"  -target embedded   a market in this process\n"+
		"  -target market     a market of separate processes, started for the run\n"+
		"  -target url        the running auctioneer that -config names\n\n"+
		"  -scenario single   one auction at a time\n"+
		"  -scenario server   open loop at -rate, or at each of -rates\n"+
		"  -scenario offline  a batch, as fast as possible\n"+
		"  -scenario peak     double -rate, then bisect, to the highest that holds: 99 % good, and percentile 99 within tmax\n\n"+
		"Requests are encrypted in advance, in slices just before their use, while the clock stands still; with -live as part of the call.",
		"cipherbid load -scenario peak -rate 50 -duration 20s -rtt publisher=20ms,bidders=20ms,trustees=1ms -results results")
	var l loadFlags
	f.StringVar(&l.target, "target", "embedded", "what to load: embedded, market or url")
	f.StringVar(&l.config, "config", "", "target url: user agent's config file, as cipherbid market writes it")
	f.StringVar(&l.scenario, "scenario", "server", "single, server, offline or peak")
	f.Float64Var(&l.rate, "rate", 50, "queries per second offered; the first one that a search for the peak tries")
	f.StringVar(&l.rates, "rates", "", "scenario server: offer each of these, such as 50,100,200")
	f.DurationVar(&l.duration, "duration", 10*time.Second, "of the measured part of every load")
	f.DurationVar(&l.warmup, "warmup", 2*time.Second, "before the measured part of every load")
	f.StringVar(&l.arrivals, "arrivals", string(loadgen.PoissonArrivals), "gaps between arrivals: poisson or constant")
	f.DurationVar(&l.tmax, "tmax", 300*time.Millisecond, "time that an auction may take")
	f.Float64Var(&l.share, "share", 1, "scenario peak: share of tmax within which percentile 99 has to be")
	f.IntVar(&l.bidders, "bidders", 9, "bidders of the market that is started")
	f.IntVar(&l.campaigns, "campaigns", 1, "campaigns of each bidder")
	f.StringVar(&l.params, "params", "default", "parameters: default (N = 2048), wide (N = 4096) or plain (no encryption)")
	mode := rankingFlag(f, message.Sealed, "; of target url, as that auctioneer does")
	f.IntVar(&l.dim, "dim", 128, "private features, a power of two")
	f.StringVar(&l.rtt, "rtt", "", "emulated round trips: one for all links, or by name: publisher=20ms,bidders=20ms,trustees=1ms,enrolment=1ms,peers=1ms")
	f.DurationVar(&l.jitter, "jitter", 0, "of the emulated links, each way")
	f.BoolVar(&l.live, "live", false, "encrypt as part of the call")
	f.BoolVar(&l.device, "device", false, "make requests as a user's device does, without sessions with the trustees")
	f.IntVar(&l.batch, "batch", 0, "scenario offline: auctions to run; 0 runs for -duration")
	f.IntVar(&l.inFlight, "inflight", 0, "calls under way at most; 0 means 256, or 16 in scenario offline")
	f.StringVar(&l.data, "data", "", "iPinYou-format log with the users and, for a market that is started, to train on")
	f.Uint64Var(&l.seed, "seed", 1, "of the schedule, the users, the bidders and the emulated links")
	f.StringVar(&l.results, "results", "", "record the run in this results folder")
	f.StringVar(&l.jsonFile, "json", "", "write the report to this file")
	if err := parse(f, args); err != nil {
		return err
	}
	l.mode = *mode
	rates, err := l.check()
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return l.run(ctx, rates)
}

// check refuses command lines before anything expensive starts.
func (l *loadFlags) check() (rates []float64, err error) {
	switch l.scenario {
	case "single", "server", "offline", "peak":
	default:
		return nil, fmt.Errorf("-scenario %q: want single, server, offline or peak", l.scenario)
	}
	switch {
	case l.target != "embedded" && l.target != "market" && l.target != "url":
		return nil, fmt.Errorf("-target %q: want embedded, market or url", l.target)
	case (l.target == "url") != (l.config != ""):
		return nil, errors.New("-target url and -config go together")
	case !(l.rate > 0):
		return nil, fmt.Errorf("-rate %g: want more than 0", l.rate)
	case l.bidders < 1 || l.campaigns < 1:
		return nil, fmt.Errorf("%d bidders with %d campaigns: want at least one", l.bidders, l.campaigns)
	}
	if l.rates == "" {
		return []float64{l.rate}, nil
	}
	if l.scenario != "server" {
		return nil, fmt.Errorf("-rates is for scenario server, not %s", l.scenario)
	}
	for _, text := range strings.Split(l.rates, ",") {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
			return nil, fmt.Errorf("-rates: %q is not a rate", text)
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

func (l *loadFlags) run(ctx context.Context, rates []float64) (err error) {
	report := &loadgen.Report{Scenario: l.scenario, Seeds: map[string]uint64{"seed": l.seed}}
	t, cleanup, err := l.open(ctx, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close(), cleanup()) }()
	loadErr := l.load(ctx, t, report, rates)
	report.Cut = ctx.Err() != nil || loadErr != nil
	report.Print(os.Stdout)
	if l.jsonFile != "" {
		err = writeTo(l.jsonFile, report.WriteJSON)
	}
	if l.results != "" {
		dir, saveErr := report.Save(l.results, record.CommandLine())
		err = errors.Join(err, saveErr)
		if dir != "" {
			fmt.Println("recorded in", dir)
		}
	}
	return errors.Join(loadErr, err)
}

// load runs the scenario and puts the results into the report, also those before an error.
func (l *loadFlags) load(ctx context.Context, t loadgen.Target, report *loadgen.Report, rates []float64) error {
	o := loadgen.Options{
		Scenario: loadgen.Scenario(l.scenario), Rate: rates[0], Arrivals: loadgen.Arrivals(l.arrivals), Duration: l.duration, Batch: l.batch,
		Warmup: l.warmup, TMax: l.tmax, MaxInFlight: l.inFlight, Seed: l.seed,
	}
	if o.Scenario == loadgen.Offline && o.MaxInFlight == 0 {
		o.MaxInFlight = 16
	}
	bar := newProgress("load, ms", int((l.warmup + l.duration).Milliseconds()))
	defer bar.done()
	o.Progress = func(p loadgen.Progress) { bar.set(int(p.Elapsed.Milliseconds()), int(p.Total.Milliseconds())) }
	goal := loadgen.Goal{Share: l.share}
	told := func(s loadgen.Step) {
		verdict := "holds"
		if !s.Held {
			verdict = "does not hold: " + s.Why
		}
		fmt.Fprintf(os.Stderr, "%g per second: goodput %.1f, %s\n", s.Result.Options.Rate, s.Result.Goodput(), verdict)
	}
	var err error
	switch {
	case l.scenario == loadgen.ScenarioPeak:
		search := &loadgen.Search{Start: l.rate, Max: 1e5, Tolerance: 0.05}
		report.Results, report.Peak, err = loadgen.FindPeak(ctx, t, o, goal, search, told)
	case l.rates != "":
		report.Results, err = loadgen.Sweep(ctx, t, o, rates, goal, told)
	default:
		var r *loadgen.Result
		if r, err = loadgen.Run(ctx, t, o); r != nil {
			report.Results = append(report.Results, r)
		}
	}
	return err
}
