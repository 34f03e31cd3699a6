package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cipherbid/bench/replay"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/node"
)

func runMarket(ctx context.Context, args []string) error {
	f := flags("market", "Starts an auctioneer, three trustees and the bidders as separate local processes, and stops them cleanly when it is\n"+
		"interrupted. Models are fitted to the built-in market, or to -data. A party that dies is reported; the others go on.",
		"cipherbid market -dir market")
	dir := f.String("dir", "", "folder for keys, configs, models, state and logs; a temporary one if empty")
	data := f.String("data", "", "iPinYou-format log to fit the models to")
	seed := f.Uint64("seed", 1, "seed of the built-in market and of the split")
	dim := f.Int("dim", 128, "private features, a power of two")
	presetName := f.String("preset", "default", "parameters: default (N = 2048), wide (N = 4096) or plain (no encryption)")
	mode := rankingFlag(f, message.Sealed, "")
	suite := f.String("suite", string(keys.Hybrid), "key encapsulation of the boxes: "+string(keys.Hybrid)+" or "+string(keys.X25519))
	if err := parse(f, args); err != nil {
		return err
	}
	p, err := preset(*presetName, *dim)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "cipherbid-market-"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
	}
	fmt.Fprintln(os.Stderr, "training models ...")
	d, err := replay.Load(*data, "", 1, *seed, *dim)
	if err != nil {
		return err
	}
	layout, err := node.WriteMarket(*dir, p, keys.Suite(*suite), *mode, d.Fit)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	ask := "ask -config " + layout.Agent
	if *mode != message.Sealed {
		ask += " -ranking " + mode.String()
	}
	return superviseMarket(ctx, self, layout, ask)
}

func superviseMarket(ctx context.Context, self string, layout *node.Layout, ask string) error {
	m, err := node.StartProcesses(self, layout)
	if err != nil {
		return err
	}
	ready, cancel := context.WithTimeout(ctx, 30*time.Second)
	err = m.WaitReady(ready)
	cancel()
	if err != nil {
		return errors.Join(err, m.Stop())
	}
	fmt.Println("party          process  address                 config")
	for _, p := range m.Parties() {
		fmt.Printf("%-14s %-8d %-23s %s\n", p.Name, p.PID, p.Address, p.Config)
	}
	fmt.Printf("\nLogs are in %s. Run an auction from another terminal:\n\n  %s %s\n\nInterrupt to stop.\n",
		layout.Logs, filepath.Base(self), ask)
	for {
		select {
		case <-ctx.Done():
			fmt.Println("stopping ...")
			return m.Stop()
		case died := <-m.Died():
			fmt.Printf("%s died: %v. Start it again with: %s %s -config %s\n", died.Name, died.Err, filepath.Base(self), died.Role, died.Config)
		}
	}
}
