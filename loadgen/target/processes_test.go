package target

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
	"cipherbid/node"
)

func TestProcessesAndConnect(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "market")
	links, err := ParseLinks("publisher=8ms,bidders=6ms,trustees=4ms,peers=4ms", 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := StartProcesses(t.Context(), self, dir, Config{Params: encrypted(t), Data: data(t), Bidders: 3, TMax: patient, Links: links, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := batch(t, p, 40)
	if !r.Valid() || r.Short != 0 || r.Participation() != 1 || r.Good != 40 {
		t.Errorf("%d good, %d short, %g heard: %v", r.Good, r.Short, r.Participation(), r.Gates)
	}
	if got := time.Duration(r.Stages[loadgen.StageLatency].Min()); got < 20*time.Millisecond*99/100 {
		t.Errorf("fastest auction took %s on links of 20 ms", got)
	}
	if len(r.Used.CPU) != 7 || r.Used.Memory["auctioneer"] < 1<<20 {
		t.Errorf("CPU time of %v, memory %v", r.Used.CPU, r.Used.Memory)
	}
	for _, link := range []string{"publisher>auctioneer", "auctioneer>trustee-0", "trustee-0>trustee-2", "trustee-1>trustee-2"} {
		if got := r.Used.Traffic[link]; got.In == 0 || got.Out == 0 {
			t.Errorf("link %s carried %+v", link, got)
		}
	}
	if h := r.Coarse["bidders"]; h == nil || h.TotalCount() != 40 || h.ValueAtPercentile(50) < int64(6*time.Millisecond) {
		t.Errorf("the auctioneer's stages are %v", r.Coarse)
	}

	var a node.Agent
	if err := node.Load(filepath.Join(dir, "agent.json"), &a); err != nil {
		t.Fatal(err)
	}
	remote, err := Connect(RemoteConfig{Agent: &a, Rows: data(t).Rows, TMax: patient, Link: netem.Link{RTT: 2 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	r = batch(t, remote, 20)
	if !r.Valid() || r.Good != 20 || r.Used.CPU != nil || r.Used.Traffic["publisher>auctioneer"].In < 20*20_000 {
		t.Errorf("%d good, traffic %v: %v", r.Good, r.Used.Traffic, r.Gates)
	}

	// A party that dies spoils the run's counters.
	if err := p.processes.Signal("trustee-0", os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := p.processes.Wait(t.Context(), "trustee-0"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Counters(t.Context()); err == nil {
		t.Error("nobody noticed that a trustee died")
	}
}

func TestConnectRefuses(t *testing.T) {
	if _, err := Connect(RemoteConfig{Agent: &node.Agent{}, Rows: data(t).Rows, TMax: time.Second}); err == nil {
		t.Error("an empty config was accepted")
	}
	if _, err := Connect(RemoteConfig{Agent: &node.Agent{}, TMax: time.Second}); err == nil {
		t.Error("no users were accepted")
	}
	if _, err := Connect(RemoteConfig{Agent: &node.Agent{}, Rows: data(t).Rows}); err == nil {
		t.Error("no time was accepted")
	}
}
