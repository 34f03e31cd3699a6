package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cipherbid/bench/market"
	"cipherbid/bench/replay"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
	"cipherbid/node"
	"cipherbid/transport"
)

// Processes is a market of separate processes on this machine.
type Processes struct {
	*Remote
	layout    *node.Layout
	processes *node.Processes
	network   *netem.Network
	bidders   []*transport.Client
}

// StartProcesses writes a market into dir, which must not hold one yet, starts its parties with the given cipherbid program and
// waits until they are ready or ctx ends.
func StartProcesses(ctx context.Context, program, dir string, c Config) (_ *Processes, err error) {
	if c, err = c.withDefaults(); err != nil {
		return nil, err
	}
	fit, err := Seats(c.Data.Fit, c.Bidders, c.Campaigns, c.Seed)
	if err != nil {
		return nil, err
	}
	layout, err := node.WriteMarket(dir, c.Params, c.Suite, c.Mode, fit)
	if err != nil {
		return nil, err
	}
	p := &Processes{layout: layout, network: netem.NewNetwork(c.Seed, c.Links.between)}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.configure(dir, layout, &c); err != nil {
		return nil, err
	}
	if p.processes, err = node.StartProcesses(program, layout); err != nil {
		return nil, err
	}
	if err := p.processes.WaitReady(ctx); err != nil {
		return nil, err
	}
	var a node.Agent
	if err := node.Load(layout.Agent, &a); err != nil {
		return nil, err
	}
	if p.Remote, err = Connect(RemoteConfig{
		Agent: &a, Mode: c.Mode, Rows: c.Data.Rows, TMax: c.TMax, Lanes: c.Bidders * c.Campaigns, Live: c.Live, Device: c.Device, Seed: c.Seed,
		Link: c.Links.Publisher,
	}); err != nil {
		return nil, err
	}
	p.check = &reference{models: fit.Models, step: replay.Step(c.Mode)}
	for _, each := range layout.Processes {
		if each.Role != "bidder" {
			continue
		}
		client, err := transport.NewClient("http://"+each.Address, maxMetrics)
		if err != nil {
			return nil, err
		}
		p.bidders = append(p.bidders, client)
	}
	return p, nil
}

// configure gives every party a directory of its own, in which it finds the others behind the emulated networks, and the
// auctioneer the reserves that those need.
func (p *Processes) configure(dir string, layout *node.Layout, c *Config) error {
	k, err := keyring.Load(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	d, err := k.Directory()
	if err != nil {
		return err
	}
	for _, party := range layout.Processes {
		view, err := market.Reroute(d.File(), party.Name, p.network.Route)
		if err != nil {
			return err
		}
		signed, err := directory.Sign(view.File(), k.Operator)
		if err != nil {
			return err
		}
		name := filepath.Join("keys", "directory-"+party.Name+".json")
		if err := os.WriteFile(filepath.Join(dir, name), signed, 0o644); err != nil {
			return fmt.Errorf("directory of %s: %w", party.Name, err)
		}
		if err := rewrite(party, name, c); err != nil {
			return err
		}
	}
	return nil
}

func rewrite(party node.Process, directoryFile string, c *Config) error {
	switch party.Role {
	case "trustee":
		var x node.Trustee
		if err := node.Load(party.Config, &x); err != nil {
			return err
		}
		x.Directory = directoryFile
		if stock := max(c.Stock, 0); c.Stock != 0 {
			x.Stock = &stock
		}
		return node.Save(party.Config, x)
	case "bidder":
		var x node.Bidder
		if err := node.Load(party.Config, &x); err != nil {
			return err
		}
		x.Directory = directoryFile
		return node.Save(party.Config, x)
	}
	var x node.Auctioneer
	if err := node.Load(party.Config, &x); err != nil {
		return err
	}
	network, rank := c.reserves()
	x.Directory, x.NetworkReserveMS, x.RankReserveMS = directoryFile, int(network.Milliseconds()), int(rank.Milliseconds())
	return node.Save(party.Config, x)
}

// Counters returns the parties' CPU time and memory, and what the auctioneer's metrics and the bidders' status tell.
func (p *Processes) Counters(ctx context.Context) (*loadgen.Counters, error) {
	c, err := p.Remote.Counters(ctx)
	c.CPU, c.Memory = map[string]time.Duration{}, map[string]int64{}
	running := p.processes.Parties()
	if n := len(p.layout.Processes) - len(running); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d of the parties have ended; see %s", n, p.layout.Logs))
	}
	for _, party := range running {
		cpu, cpuErr := processCPU(party.PID)
		err = errors.Join(err, cpuErr)
		c.CPU[party.Name], c.Memory[party.Name] = cpu, processPeak(party.PID)
	}
	for link, t := range p.network.Traffic() {
		c.Traffic[link] = loadgen.Traffic{In: t.Up, Out: t.Down}
	}
	late, lateErr := p.late()
	outOfTime(c.Bidders, late)
	return c, errors.Join(err, lateErr)
}

// late is how often bidders have declined because their time was over.
func (p *Processes) late() (n int64, err error) {
	for _, client := range p.bidders {
		body, err := client.Get("/status", time.Now().Add(scrapeTimeout))
		if err != nil {
			return n, fmt.Errorf("bidder's status: %w", err)
		}
		var status struct {
			Late int64 `json:"late"`
		}
		if err := json.Unmarshal(body, &status); err != nil {
			return n, fmt.Errorf("bidder's status: %w", err)
		}
		n += status.Late
	}
	return n, nil
}

// Close stops the processes.
func (p *Processes) Close() error {
	var err error
	if p.Remote != nil {
		err = p.Remote.Close()
	}
	for _, client := range p.bidders {
		client.Close()
	}
	if p.processes != nil {
		err = errors.Join(err, p.processes.Stop())
	}
	return errors.Join(err, p.network.Close())
}
