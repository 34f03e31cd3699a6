package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"cipherbid/bidder/synth"
)

// invocation is the program, started by a test.
type invocation struct {
	t   *testing.T
	cmd *exec.Cmd

	mu      sync.Mutex
	changed *sync.Cond
	output  bytes.Buffer // both streams
	ended   bool
	err     error // how it ended
}

// start starts the program in a folder.
func start(t *testing.T, dir string, args ...string) *invocation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	c := &invocation{t: t, cmd: exec.CommandContext(ctx, "cipherbid", args...)}
	c.changed = sync.NewCond(&c.mu)
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = dir, c, c
	must(t, c.cmd.Start())
	go func() {
		err := c.cmd.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended, c.err = true, err
		c.changed.Broadcast()
	}()
	t.Cleanup(func() { c.interrupt(); c.wait() })
	return c
}

// Write takes the program's output.
func (c *invocation) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
	return c.output.Write(b)
}

// await waits until the program has said something, and returns all that it has said.
func (c *invocation) await(text string) string {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !strings.Contains(c.output.String(), text) {
		if c.ended {
			c.t.Fatalf("ended (%v) without saying %q:\n%s", c.err, text, c.output.String())
		}
		c.changed.Wait()
	}
	return c.output.String()
}

func (c *invocation) interrupt() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Error(err)
	}
}

// wait waits until the program has ended, and returns how and what it has said.
func (c *invocation) wait() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.ended {
		c.changed.Wait()
	}
	return c.output.String(), c.err
}

func TestInterruptedDemoReportsWhatItHas(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds: a demo has to be under way")
	}
	dir := t.TempDir()
	c := start(t, dir, "demo", "-auctions", "5000", "-json", "result.json")
	c.await("auctions: ") // progress, every few seconds
	c.interrupt()
	output, err := c.wait()
	if err != nil || !strings.Contains(output, "same winner") {
		t.Errorf("%v: %s", err, output)
	}
	b, err := os.ReadFile(filepath.Join(dir, "result.json"))
	must(t, err)
	var summary struct{ Auctions int }
	must(t, json.Unmarshal(b, &summary))
	if summary.Auctions < 1 || summary.Auctions >= 5000 {
		t.Errorf("%d auctions", summary.Auctions)
	}
}

// Commands that have nothing to put in order end on the spot.
func TestInterruptedTrainingEnds(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "log.csv"))
	must(t, err)
	must(t, writeLog(f, synth.Market(1, 2000)))
	must(t, f.Close())
	c := start(t, dir, "train", "-data", "log.csv", "-out", "models", "-folds", "50")
	c.await("fitting")
	c.interrupt()
	output, err := c.wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("%v: %s", err, output)
	}
	if _, err := os.Stat(filepath.Join(dir, "models")); !os.IsNotExist(err) {
		t.Errorf("models are there: %v", err)
	}
}

// TestMarket does what the market command's output tells its user to do.
func TestMarket(t *testing.T) {
	if testing.Short() {
		t.Skip("starts thirteen processes, for a few seconds")
	}
	dir := t.TempDir()
	c := start(t, dir, "market", "-dir", "market")
	pids := processTable(c.await("Interrupt to stop."))
	if len(pids) != 13 {
		t.Fatalf("parties %v", pids)
	}
	ask := func(row string) {
		t.Helper()
		a := start(t, dir, "ask", "-config", "market/agent.json", "-row", row, "-tmax", "5s")
		if output, err := a.wait(); err != nil || !strings.Contains(output, "imp 1 ") || !strings.Contains(output, "encrypted in") {
			t.Errorf("%v: %s", err, output)
		}
	}
	ask("1")
	must(t, syscall.Kill(pids["1458"], syscall.SIGKILL))
	c.await("1458 died: signal: killed. Start it again with: cipherbid bidder -config ")
	ask("2")
	c.interrupt()
	if output, err := c.wait(); err != nil || !strings.Contains(output, "stopping ...") {
		t.Errorf("%v: %s", err, output)
	}
	for name, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s still runs: %v", name, err)
		}
	}
	again := start(t, dir, "market", "-dir", "market")
	if output, err := again.wait(); err == nil || !strings.Contains(output, "holds a market already") {
		t.Errorf("second market in one folder: %v: %s", err, output)
	}
}

// processTable reads the market command's table: party, process, address, config.
func processTable(output string) map[string]int {
	pids := map[string]int{}
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) != 4 || !strings.HasSuffix(fields[3], ".json") {
			continue
		}
		if pid, err := strconv.Atoi(fields[1]); err == nil {
			pids[fields[0]] = pid
		}
	}
	return pids
}
