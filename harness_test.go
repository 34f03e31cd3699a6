package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/replay"
	"cipherbid/bidder"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/trustee/server"
	"cipherbid/node"
	"cipherbid/transport"
)

const (
	// tmax is generous, so that no bidder is late because the machine is busy.
	tmax = 5 * time.Second
	// patience bounds the wait for something that has to happen.
	patience = time.Minute
)

// processes is a market of four bidders, every party a process of its own.
type processes struct {
	t       *testing.T // that is running now
	dir     string
	program string
	layout  *node.Layout
	running *node.Processes
	fit     *train.Result
	bidders []string

	mu       sync.Mutex
	seats    map[string]seat
	trustees seat
}

// startProcesses starts a market and waits until all have enrolled.
func startProcesses(t *testing.T) *processes {
	t.Helper()
	m := &processes{t: t, dir: t.TempDir(), fit: fourBidders(t), seats: map[string]seat{}}
	for _, b := range m.fit.Models {
		m.bidders = append(m.bidders, b.Seat())
		m.seats[b.Seat()] = seat{up: true}
	}
	p, err := params.Default(m.fit.FeatureMap.Dim())
	must(t, err)
	m.checkDistances()
	m.layout, err = node.WriteMarket(m.dir, p, keys.Hybrid, message.Sealed, m.fit)
	must(t, err)
	m.program, err = exec.LookPath("cipherbid")
	must(t, err)
	m.running, err = node.StartProcesses(m.program, m.layout)
	must(t, err)
	t.Cleanup(func() { m.close(t) })
	m.waitReady()
	return m
}

// subtest runs a part of a test on the market as the parts before have left it.
func (m *processes) subtest(name string, f func(t *testing.T)) {
	outer := m.t
	defer func() { m.t = outer }()
	outer.Run(name, func(t *testing.T) {
		if outer.Failed() {
			t.Skip("a part before has failed")
		}
		m.t = t
		f(t)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *processes) close(t *testing.T) {
	for _, p := range m.running.Parties() {
		m.running.Signal(p.Name, syscall.SIGCONT) // a stopped process does not end; errors: it has ended
	}
	if err := m.running.Stop(); err != nil {
		t.Error(err)
	}
	if !t.Failed() {
		return
	}
	for _, p := range m.layout.Processes {
		log, err := os.ReadFile(filepath.Join(m.layout.Logs, p.Name+".log"))
		if err != nil {
			t.Log(err)
		}
		t.Logf("log of %s ends with:\n%s", p.Name, log[max(0, len(log)-1500):])
	}
}

func (m *processes) waitReady() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	must(m.t, m.running.WaitReady(ctx))
}

// openAgent opens the market's user agent with the directory as it is now, and a client of the auctioneer.
func (m *processes) openAgent() (*agent.Agent, *directory.Directory, *transport.Client) {
	m.t.Helper()
	var c node.Agent
	must(m.t, node.Load(m.layout.Agent, &c))
	a, dir, _, err := node.OpenAgent(&c)
	must(m.t, err)
	client, err := transport.NewClient(dir.Auctioneer().URL, 1<<20)
	must(m.t, err)
	m.t.Cleanup(client.Close)
	return a, dir, client
}

// request encrypts a user.
func (m *processes) request(a *agent.Agent, row ipinyou.Row) ([]byte, error) {
	x := m.fit.FeatureMap.Encode(model.Attributes(row.User, nil), nil)
	o := replay.Opportunity(x, model.NewRowContext(row), row.Floor, message.Sealed)
	o.TMax, o.Lifetime = tmax, 30*time.Second
	raw, _, err := a.Request(o)
	return raw, err
}

// sell runs one auction. An answer that is later than tmax and a second is an error.
func (m *processes) sell(a *agent.Agent, client *transport.Client, row ipinyou.Row) (sale, error) {
	raw, err := m.request(a, row)
	if err != nil {
		return sale{}, err
	}
	body, err := client.Post("/auction", raw, time.Now().Add(tmax+time.Second), 0)
	if err != nil {
		return sale{}, err
	}
	var result auction.Result
	if err := json.Unmarshal(body, &result); err != nil {
		return sale{}, err
	}
	if imp := result.Imps[0]; imp.Sold {
		return sale{imp.Seat, imp.Price}, nil
	}
	return sale{}, nil
}

// kill ends a party as a power cut would.
func (m *processes) kill(name string) {
	m.t.Helper()
	m.changing(name)
	if isTrustee(name) {
		m.settle(false)
		defer m.settle(true)
	}
	must(m.t, m.running.Signal(name, syscall.SIGKILL))
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	must(m.t, m.running.Wait(ctx, name))
	if died := m.nextDeath(); died.Name != name {
		m.t.Fatalf("%s died: %v", died.Name, died.Err)
	}
	if slices.Contains(m.bidders, name) {
		m.set(name, false, true)
	}
}

func isTrustee(name string) bool { return strings.HasPrefix(name, "trustee-") }

// restart starts parties that were killed, and waits until everybody does its work.
func (m *processes) restart(names ...string) {
	m.t.Helper()
	for _, name := range names {
		m.changing(name)
		if isTrustee(name) {
			m.settle(false) // until the auctioneer asks it again, see awaitOpened
		}
		must(m.t, m.running.Start(name))
	}
	m.waitReady()
	for _, name := range names {
		if slices.Contains(m.bidders, name) {
			m.set(name, true, false)
		}
	}
}

// changing notes that a bidder may be up or down from now on.
func (m *processes) changing(name string) {
	if slices.Contains(m.bidders, name) {
		m.set(name, false, false)
	}
}

func (m *processes) nextDeath() node.Death {
	m.t.Helper()
	select {
	case d := <-m.running.Died():
		return d
	case <-time.After(patience):
		m.t.Fatal("no party died")
		panic("unreachable")
	}
}

// post sends a message to a party, and returns the answer.
func post(url, path string, body []byte) ([]byte, error) {
	client, err := transport.NewClient(url, 1<<22)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.Post(path, body, time.Now().Add(patience), 0)
}

// get fetches JSON from a party.
func (m *processes) get(name, path string, into any) error {
	at := slices.IndexFunc(m.layout.Processes, func(p node.Process) bool { return p.Name == name })
	client, err := transport.NewClient("http://"+m.layout.Processes[at].Address, 1<<20)
	if err != nil {
		return err
	}
	defer client.Close()
	body, err := client.Get(path, time.Now().Add(patience))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (m *processes) trusteeStatus(name string) (s server.Status) {
	m.t.Helper()
	must(m.t, m.get(name, "/status", &s))
	return s
}

func (m *processes) bidderStatus(name string) (s bidder.Status) {
	m.t.Helper()
	must(m.t, m.get(name, "/status", &s))
	return s
}
