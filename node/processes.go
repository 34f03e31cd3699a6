package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"cipherbid/transport"
)

// Processes are the running processes of a market. It is safe for concurrent use.
type Processes struct {
	layout  *Layout
	program string

	mu       sync.Mutex
	running  map[string]*child
	stopping bool
	died     chan Death
}

type child struct {
	process Process
	cmd     *exec.Cmd
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended, once done is closed
}

// Death is a process that ended by itself.
type Death struct {
	Process
	Err error
}

// Party is a running process.
type Party struct {
	Process
	PID int
}

// StartProcesses starts every party of a layout with the given cipherbid program, trustees first.
func StartProcesses(program string, l *Layout) (*Processes, error) {
	m := &Processes{layout: l, program: program, running: map[string]*child{}, died: make(chan Death, 4*len(l.Processes))}
	for _, p := range l.Processes {
		if err := m.Start(p.Name); err != nil {
			return nil, errors.Join(err, m.Stop())
		}
	}
	return m, nil
}

// Start starts a party that is not running.
func (m *Processes) Start(name string) error {
	p, err := m.find(name)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(m.layout.Logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close()
	cmd := exec.Command(m.program, p.Role, "-config", p.Config)
	cmd.Stdout, cmd.Stderr = log, log
	// A process group of its own: an interrupt at the terminal reaches the supervisor, which stops the parties in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running[name] != nil {
		return fmt.Errorf("start %s: it is running", name)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{process: p, cmd: cmd, done: make(chan struct{})}
	m.running[name] = c
	go m.reap(c)
	return nil
}

// reap waits for a process and reports a death that nobody asked for.
func (m *Processes) reap(c *child) {
	err := c.cmd.Wait()
	c.err = err
	m.mu.Lock()
	delete(m.running, c.process.Name)
	stopping := m.stopping
	m.mu.Unlock()
	close(c.done)
	if stopping {
		return
	}
	if err == nil {
		err = errors.New("ended")
	}
	select {
	case m.died <- Death{c.process, err}:
	default: // nobody listens
	}
}

func (m *Processes) find(name string) (Process, error) {
	for _, p := range m.layout.Processes {
		if p.Name == name {
			return p, nil
		}
	}
	return Process{}, fmt.Errorf("there is no party %q", name)
}

// Died tells of processes that ended by themselves.
func (m *Processes) Died() <-chan Death { return m.died }

// Parties lists what is running, in the order of the layout.
func (m *Processes) Parties() []Party {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Party
	for _, p := range m.layout.Processes {
		if c := m.running[p.Name]; c != nil {
			all = append(all, Party{p, c.cmd.Process.Pid})
		}
	}
	return all
}

// child finds a running party, or nil.
func (m *Processes) child(name string) *child {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running[name]
}

// Signal sends a signal to a party.
func (m *Processes) Signal(name string, s os.Signal) error {
	c := m.child(name)
	if c == nil {
		return fmt.Errorf("%s is not running", name)
	}
	return c.cmd.Process.Signal(s)
}

// Wait waits until a party has ended, whichever way.
func (m *Processes) Wait(ctx context.Context, name string) error {
	c := m.child(name)
	if c == nil {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s has not ended: %w", name, ctx.Err())
	}
}

const pollEvery = 50 * time.Millisecond

// WaitReady waits until every party answers, all trustees are linked, if they link, and every bidder has enrolled with all of
// them.
func (m *Processes) WaitReady(ctx context.Context) error {
	for _, p := range m.layout.Processes {
		if err := m.waitParty(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (m *Processes) waitParty(ctx context.Context, p Process) error {
	client, err := transport.NewClient("http://"+p.Address, 1<<20)
	if err != nil {
		return err
	}
	defer client.Close()
	var last error
	for {
		if last = m.ready(client, p); last == nil {
			return nil
		}
		select {
		case died := <-m.died:
			return fmt.Errorf("%s died at once (%w); see %s", died.Name, died.Err, filepath.Join(m.layout.Logs, died.Name+".log"))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.Name, last)
		case <-time.After(pollEvery):
		}
	}
}

// ready asks a party for its status.
func (m *Processes) ready(client *transport.Client, p Process) error {
	body, err := client.Get("/status", time.Now().Add(time.Second))
	if err != nil {
		return err
	}
	var status struct {
		Enrolled int    `json:"enrolled"` // a bidder's
		Linked   []bool `json:"linked"`   // a trustee's
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return err
	}
	if want := m.trustees(); p.Role == "bidder" && status.Enrolled < want {
		return fmt.Errorf("enrolled with %d of %d trustees", status.Enrolled, want)
	}
	if slices.Contains(status.Linked, false) {
		return errors.New("not linked with all other trustees")
	}
	return nil
}

func (m *Processes) trustees() (n int) {
	for _, p := range m.layout.Processes {
		if p.Role == "trustee" {
			n++
		}
	}
	return n
}

// stopGrace is how long a party has to finish what is under way before it is killed.
const stopGrace = 15 * time.Second

// Stop interrupts all parties, the auctioneer first so that its last notices find the bidders, and kills those that do not end.
// It returns an error if one did not end in good order.
func (m *Processes) Stop() error {
	m.mu.Lock()
	m.stopping = true
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	var children []*child
	for _, p := range m.Parties() {
		if c := m.child(p.Name); c != nil {
			children = append(children, c)
		}
	}
	var err error
	for _, c := range slices.Backward(children) {
		if c.cmd.Process.Signal(syscall.SIGTERM) == nil && c.process.Role == "auctioneer" {
			err = errors.Join(err, c.end(ctx))
		}
	}
	for _, c := range children {
		if c.process.Role != "auctioneer" {
			err = errors.Join(err, c.end(ctx))
		}
	}
	return err
}

// end waits for a process, or kills it when ctx ends.
func (c *child) end(ctx context.Context) error {
	select {
	case <-c.done:
	case <-ctx.Done():
		if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("kill %s: %w", c.process.Name, err)
		}
		<-c.done
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w", c.process.Name, c.err)
	}
	return nil
}
