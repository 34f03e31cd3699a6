package node

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program stands for cipherbid: it says when it is ready, and when it is asked to end notes its role and ends with a status
// that its config file names.
const program = `#!/bin/sh
trap 'echo "$1" >> "$(dirname "$3")/ended"; exit "$(cat "$3")"' TERM
echo ready > "$3.ready"
while :; do sleep 0.05; done
`

// startFakes starts a market of fakes, with the exit status of each, and waits until all are ready.
func startFakes(t *testing.T, status map[string]string) (*Processes, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "cipherbid")
	if err := os.WriteFile(file, []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	l := &Layout{Logs: dir}
	for _, role := range []string{"trustee", "bidder", "auctioneer"} {
		p := Process{Role: role, Name: role + "-0", Config: filepath.Join(dir, role)}
		if err := os.WriteFile(p.Config, []byte(status[role]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(p.Config+".ready", 0o600); err != nil {
			t.Fatal(err)
		}
		l.Processes = append(l.Processes, p)
	}
	m, err := StartProcesses(file, l)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Processes {
		awaitReady(t, p)
	}
	return m, dir
}

// awaitReady blocks until the fake has opened its end of the pipe.
func awaitReady(t *testing.T, p Process) {
	t.Helper()
	if _, err := os.ReadFile(p.Config + ".ready"); err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsTheAuctioneerFirst(t *testing.T) {
	m, dir := startFakes(t, map[string]string{"trustee": "0", "bidder": "0", "auctioneer": "0"})
	var names []string
	for _, p := range m.Parties() {
		names = append(names, p.Name)
		if p.PID <= 0 {
			t.Errorf("%s is process %d", p.Name, p.PID)
		}
	}
	if want := []string{"trustee-0", "bidder-0", "auctioneer-0"}; !slices.Equal(names, want) {
		t.Errorf("%v run, want %v", names, want)
	}
	if err := m.Stop(); err != nil {
		t.Error(err)
	}
	if left := m.Parties(); len(left) > 0 {
		t.Errorf("%v still run", left)
	}
	ended, err := os.ReadFile(filepath.Join(dir, "ended"))
	if err != nil {
		t.Fatal(err)
	}
	if order := strings.Fields(string(ended)); len(order) != 3 || order[0] != "auctioneer" {
		t.Errorf("ended in the order %v", order)
	}
	select {
	case died := <-m.Died():
		t.Errorf("%s was stopped and is reported as dead: %v", died.Name, died.Err)
	default:
	}
}

func TestStopReportsWhoEndedBadly(t *testing.T) {
	m, _ := startFakes(t, map[string]string{"trustee": "0", "bidder": "3", "auctioneer": "4"})
	err := m.Stop()
	if err == nil {
		t.Fatal("all ended well")
	}
	for _, want := range []string{"bidder-0: exit status 3", "auctioneer-0: exit status 4"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "trustee-0") {
		t.Errorf("%q is about one that ended well", err)
	}
}

func TestProcessDiesAndIsStartedAgain(t *testing.T) {
	m, _ := startFakes(t, map[string]string{"trustee": "0", "bidder": "0", "auctioneer": "0"})
	defer func() {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for name, want := range map[string]string{"bidder-0": "it is running", "bidder-9": "no party"} {
		if err := m.Start(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("start %s: %v, want %q", name, err, want)
		}
	}
	if err := m.Signal("bidder-9", syscall.SIGTERM); err == nil {
		t.Error("a signal to nobody")
	}
	if err := m.Signal("bidder-0", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	died := <-m.Died()
	if died.Name != "bidder-0" || died.Role != "bidder" || !strings.Contains(died.Err.Error(), "killed") {
		t.Errorf("died: %+v", died)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := m.Wait(ctx, "bidder-0"); err != nil {
		t.Error(err)
	}
	if err := m.Start("bidder-0"); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, m.layout.Processes[1])
	if n := len(m.Parties()); n != 3 {
		t.Errorf("%d processes run", n)
	}
	cancel()
	if err := m.Wait(ctx, "bidder-0"); err == nil {
		t.Error("a process that runs has ended")
	}
}

func TestWaitReadyReportsADeath(t *testing.T) {
	m, dir := startFakes(t, map[string]string{"trustee": "0", "bidder": "0", "auctioneer": "0"})
	if err := m.Signal("trustee-0", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for i := range m.layout.Processes {
		m.layout.Processes[i].Address = "127.0.0.1:1" // nobody listens there
	}
	err := m.WaitReady(t.Context())
	if err == nil || !strings.Contains(err.Error(), "trustee-0 died at once") || !strings.Contains(err.Error(), filepath.Join(dir, "trustee-0.log")) {
		t.Error(err)
	}
	if err := m.Stop(); err != nil {
		t.Error(err)
	}
}

func TestStartProcessesStopsWhatItHasStarted(t *testing.T) {
	l := &Layout{Logs: t.TempDir(), Processes: []Process{{Role: "trustee", Name: "trustee-0", Config: "a"}}}
	if _, err := StartProcesses(filepath.Join(l.Logs, "nowhere"), l); err == nil || !strings.Contains(err.Error(), "start trustee-0") {
		t.Error(err)
	}
}
