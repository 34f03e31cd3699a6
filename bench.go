package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cipherbid/bench/latency"
	"cipherbid/bench/precision"
	"cipherbid/bench/record"
	"cipherbid/bench/remedies"
	"cipherbid/bench/replay"
	"cipherbid/bench/sealed"
	"cipherbid/bench/utility"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// benchFlags is the command line of cipherbid bench.
type benchFlags struct {
	data, results, jsonFile string
	seed                    uint64
	repeats, campaigns      int
	duration                time.Duration
	quick                   bool
	mode                    message.Mode
}

// suite is a benchmark suite: it measures, prints, and records a run in the results folder if that is not empty.
type suite struct {
	name, does string
	run        func(ctx context.Context, b *benchFlags) (dir string, err error)
}

func suites() []suite {
	return []suite{
		{"latency", "latency and throughput, encrypted against plaintext and textbook", benchLatency},
		{"sealed", "sealed ranking against open ranking and plaintext: latency over round trips, throughput, CPU and bytes of each party", benchSealed},
		{"scaling", "cost against bidders, campaigns, features, trustees and cores", benchScaling},
		{"utility", "winners, prices, revenue, welfare, clicks: encryption and its gaps against plaintext", benchUtility},
		{"remedies", "what masking, k-anonymity and differential privacy cost and protect, on the same market", benchRemedies},
		{"precision", "log-bid error against scales, and where winners flip", benchPrecision},
	}
}

func runBench(ctx context.Context, args []string) error {
	list := ""
	for _, s := range suites() {
		list += fmt.Sprintf("  bench %-10s %s\n", s.name, s.does)
	}
	f := flags("bench", "Runs a benchmark suite and records it as a run of its own:\n\n"+list,
		"cipherbid bench latency -data impressions.csv.gz -ranking sealed\n  cipherbid bench sealed -campaigns 6 -repeats 3")
	var b benchFlags
	f.StringVar(&b.data, "data", "", "iPinYou-format log; the built-in market if empty")
	f.StringVar(&b.results, "results", "results", "folder to record the run in; empty to record nothing")
	f.StringVar(&b.jsonFile, "json", "", "also write the run's summary to this file")
	f.Uint64Var(&b.seed, "seed", 1, "of data, schedules and order")
	f.IntVar(&b.campaigns, "campaigns", 1, "of each bidder; of suite sealed, where it measures latency")
	f.IntVar(&b.repeats, "repeats", 0, "of everything, interleaved; 0 for the suite's own number")
	f.DurationVar(&b.duration, "duration", 0, "of each load; 0 for the suite's own")
	f.BoolVar(&b.quick, "quick", false, "fewer sizes and repeats: a smoke test, not evidence")
	mode := rankingFlag(f, message.Open, "; of suites latency and scaling, for both markets")
	name := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	if err := parse(f, args); err != nil {
		return err
	}
	b.mode = *mode
	for _, s := range suites() {
		if s.name == name {
			return b.measure(ctx, s)
		}
	}
	return fmt.Errorf("%w: bench %q: name a suite\n%s", errUsage, name, list)
}

// measure runs a suite. A summary that is asked for without a results folder comes from a run that is thrown away.
func (b *benchFlags) measure(ctx context.Context, s suite) error {
	if b.results == "" && b.jsonFile != "" {
		tmp, err := os.MkdirTemp("", "cipherbid-results-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		b.results = tmp
	} else if b.results != "" {
		fmt.Fprintln(os.Stderr, "recording in", b.results)
	}
	dir, err := s.run(ctx, b)
	if dir != "" && b.jsonFile != "" {
		return errors.Join(err, copySummary(dir, b.jsonFile))
	}
	return err
}

// copySummary copies a run's headline values.
func copySummary(dir, to string) error {
	b, err := record.ReadFile(dir + "/" + record.SummaryFile)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

func (b *benchFlags) loads(duration time.Duration, repeats int) latency.Options {
	o := latency.Options{
		Source: b.data, Duration: duration, Warmup: time.Second, Repeats: repeats, TMax: 300 * time.Millisecond, Seed: b.seed, Quick: b.quick, Mode: b.mode,
		Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	if b.quick {
		o.Duration, o.Repeats = 2*time.Second, 1
	}
	if b.duration > 0 {
		o.Duration = b.duration
	}
	if b.repeats > 0 {
		o.Repeats = b.repeats
	}
	return o
}

func benchLatency(ctx context.Context, b *benchFlags) (string, error) {
	res, err := latency.Run(ctx, b.loads(5*time.Second, 3))
	if err != nil || b.results == "" {
		return "", err
	}
	return res.Save(b.results, record.CommandLine())
}

func benchSealed(ctx context.Context, b *benchFlags) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	bar := newProgress("steps", 1)
	res, err := sealed.Run(ctx, sealed.Options{
		Source: b.data, Campaigns: b.campaigns, Duration: b.duration, Repeats: b.repeats, Program: program, Seed: b.seed, Quick: b.quick, Progress: bar.set,
	})
	bar.done()
	if err != nil {
		return "", err
	}
	return b.publish(res)
}

func benchScaling(ctx context.Context, b *benchFlags) (string, error) {
	res, err := latency.Scale(ctx, b.loads(3*time.Second, 3))
	if err != nil {
		return "", err
	}
	for _, g := range res.Growth {
		fmt.Printf("%s, growing %s: latency %.2f ms + %.4f ms each (R2 %.2f), CPU %.2f ms + %.4f ms each (R2 %.2f)\n", g.Market, g.Sweep,
			g.Latency.Intercept, g.Latency.Slope, g.Latency.R2, g.CPU.Intercept, g.CPU.Slope, g.CPU.R2)
	}
	if b.results == "" {
		return "", nil
	}
	return res.Save(b.results, record.CommandLine())
}

func benchUtility(ctx context.Context, b *benchFlags) (string, error) {
	bar := newProgress("steps", 1)
	res, err := utility.Run(ctx, utility.Options{
		Data: b.data, Without: b.without(), Seed: b.seed, Repeats: b.repeats, Quick: b.quick, Progress: bar.set,
	})
	bar.done()
	if err != nil {
		return "", err
	}
	return b.publish(res)
}

// publish prints a result and records it, unless nothing is to be recorded.
func (b *benchFlags) publish(res interface {
	Print(w io.Writer)
	Record(root string, command []string) (string, error)
}) (string, error) {
	res.Print(os.Stdout)
	if b.results == "" {
		return "", nil
	}
	return res.Record(b.results, record.CommandLine())
}

// without names the tag that both utility suites also leave out of a real log, since it nearly gives clicks away.
func (b *benchFlags) without() string {
	if b.data == "" {
		return ""
	}
	return leakingTag
}

func benchRemedies(ctx context.Context, b *benchFlags) (string, error) {
	bar := newProgress("steps", 1)
	res, err := remedies.Run(ctx, remedies.Options{Data: b.data, Seed: b.seed, Repeats: b.repeats, Quick: b.quick, Progress: bar.set})
	bar.done()
	if err != nil {
		return "", err
	}
	return b.publish(res)
}

// precisionUsers is how many users the suite encrypts for each setting.
const precisionUsers = 300

// sourceName says where users come from without naming a folder.
func sourceName(data string) string {
	if data == "" {
		return "built-in market"
	}
	return "iPinYou-format log"
}

func benchPrecision(ctx context.Context, b *benchFlags) (string, error) {
	users := precisionUsers
	if b.quick {
		users /= 10
	}
	d, err := replay.Load(b.data, "", users, b.seed, 128)
	if err != nil {
		return "", err
	}
	p, err := params.Default(128)
	if err != nil {
		return "", err
	}
	started := time.Now()
	bar := newProgress("settings", 1)
	o := precision.Options{Fit: d.Fit, Rows: d.Rows, Params: p, Progress: bar.set}
	points, err := precision.Run(ctx, o)
	bar.done()
	cut := ctx.Err() != nil
	if err != nil && !cut || b.results == "" {
		return "", err
	}
	return precision.Save(b.results, record.CommandLine(), o, points, sourceName(b.data), b.seed, started, b.quick, cut)
}
