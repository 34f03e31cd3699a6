package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cipherbid/bench/record"
	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/synth"
	"cipherbid/loadgen"
	"cipherbid/loadgen/target"
	"cipherbid/node"
)

// loadTarget is a target that can be closed.
type loadTarget interface {
	loadgen.Target
	Close() error
}

// open starts or finds the target, and describes it in the report.
func (l *loadFlags) open(ctx context.Context, report *loadgen.Report) (t loadTarget, cleanup func() error, err error) {
	cleanup = func() error { return nil }
	links, err := target.ParseLinks(l.rtt, l.jitter)
	if err != nil {
		return nil, cleanup, fmt.Errorf("%w: -rtt: %w", errUsage, err)
	}
	report.Params = map[string]any{
		"target": l.target, "rate_per_s": l.rate, "rates": l.rates, "duration_ns": int64(l.duration), "warmup_ns": int64(l.warmup), "arrivals": l.arrivals,
		"tmax_ns": int64(l.tmax), "live": l.live, "device": l.device, "batch": l.batch, "in_flight": l.inFlight, "rtt": l.rtt, "jitter_ns": int64(l.jitter),
		"tmax_share": l.share, "ranking": l.mode.String(),
	}
	if l.target == "url" {
		t, err = l.connect(report, links)
		return t, cleanup, err
	}
	p, err := preset(l.params, l.dim)
	if err != nil {
		return nil, cleanup, fmt.Errorf("%w: %w", errUsage, err)
	}
	fmt.Fprintln(os.Stderr, "training models ...")
	d, err := replay.Load(l.data, "", 0, l.seed, l.dim)
	if err != nil {
		return nil, cleanup, err
	}
	c := target.Config{
		Params: p, Mode: l.mode, Data: d, Bidders: l.bidders, Campaigns: l.campaigns, TMax: l.tmax, Live: l.live, Device: l.device, Seed: l.seed,
		Links: links,
	}
	report.Params["params"], report.Params["bidders"], report.Params["campaigns"] = p.Literal(), l.bidders, l.campaigns
	report.Params["users"], report.Data = len(d.Rows), dataInfo(l.data, d.Rows)
	if l.target == "embedded" {
		t, err = target.StartEmbedded(c)
		return t, cleanup, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, cleanup, fmt.Errorf("find this program: %w", err)
	}
	dir, err := os.MkdirTemp("", "cipherbid-load-")
	if err != nil {
		return nil, cleanup, err
	}
	ready, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if t, err = target.StartProcesses(ready, self, dir, c); err != nil {
		return nil, cleanup, errors.Join(err, os.RemoveAll(dir))
	}
	return t, func() error { return os.RemoveAll(dir) }, nil
}

// builtInUsers is how many users of the built-in market are auctioned where no models are needed.
const builtInUsers = 5000

func (l *loadFlags) connect(report *loadgen.Report, links target.Links) (*target.Remote, error) {
	var a node.Agent
	if err := node.Load(l.config, &a); err != nil {
		return nil, err
	}
	rows := synth.Market(l.seed, builtInUsers)
	if l.data != "" {
		var err error
		if rows, err = ipinyou.ReadFile(l.data); err != nil {
			return nil, err
		}
	}
	t, err := target.Connect(target.RemoteConfig{
		Agent: &a, Mode: l.mode, Rows: rows, TMax: l.tmax, Live: l.live, Device: l.device, Seed: l.seed, Link: links.Publisher, Lanes: l.bidders * l.campaigns,
	})
	if err != nil {
		return nil, err
	}
	d := t.Directory()
	report.Params["params"], report.Params["bidders"], report.Params["users"] = d.Params().Literal(), len(d.Bidders()), len(rows)
	report.Data = dataInfo(l.data, rows)
	return t, nil
}

// dataInfo names the log that the users come from, and hashes the rows that are auctioned.
func dataInfo(path string, rows []ipinyou.Row) *record.DataInfo {
	d := &record.DataInfo{Name: "built-in market", Licence: "generated", Rows: len(rows)}
	if path != "" {
		d.Name, d.Licence = filepath.Base(path), "not ours to pass on"
	}
	h := sha256.New()
	for i := range rows {
		fmt.Fprintf(h, "%+v\n", rows[i])
	}
	d.SHA256 = hex.EncodeToString(h.Sum(nil))
	return d
}
