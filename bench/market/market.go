// Package market runs a whole market inside one process, over real HTTP on loopback: three trustees, bidders, an auctioneer
// and a user agent. [Start] starts it, [Market.Auction] runs one auction, [Market.Close] stops it. The demo, the benchmarks and
// tests use it; `cipherbid market` runs the same parties as separate processes.
package market

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/auction"
	"cipherbid/bidder"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/trustee"
	"cipherbid/crypto/trustee/records"
	"cipherbid/crypto/trustee/server"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// Seat is a bidder of the market.
type Seat struct {
	ID           string
	Organisation string // the seat's own name if empty
	Model        bidder.Model
}

// Config describes a market.
type Config struct {
	Params   *params.Params
	Suite    keys.Suite // keys.Hybrid if empty
	Features string     // digest of the feature map
	Seats    []Seat
	Logger   *slog.Logger
	Auction  auction.Config
	// Mode is how trustees rank: message.Sealed if zero. A plaintext market serves requests of both modes.
	Mode message.Mode
	// Stock is how many circuits of a shape trustees make in advance: server.DefaultStock if zero, none if negative.
	Stock int
	// Opened, if set, sees the lanes of every open auction.
	Opened func(c *auction.Case, lanes [][]uint32)
	// Device makes every request box its sub-keys to the trustees' period keys, as a user's device does. Without it the agent
	// has sessions with the trustees, as a publisher's server does.
	Device bool
	// Route, if set, says at which URL a party reaches another one that listens at url: through an emulated network, say. The
	// publisher and the auctioneer are called so, trustees trustee-0 to trustee-2, bidders by their seats. A trustee that reaches
	// another one at its link, which is no HTTP, asks with a URL too.
	Route func(from, to, url string) (string, error)
	// Listener, if set, wraps a party's listener: to count bytes, say. A trustee has a second one, called trustee-0/link, for
	// the other trustees.
	Listener func(party string, ln net.Listener) net.Listener
	// Records, if set, is a folder in which every trustee keeps records of sealed auctions, in a folder of its own: trustee-0, say.
	Records string
}

func (c *Config) stock() int {
	if c.Stock == 0 {
		return server.DefaultStock
	}
	return max(c.Stock, 0)
}

// Publisher is the publisher of the market's user agent.
const Publisher = "publisher"

const trustees = scheme.Trustees

// Market is a running market. It is safe for concurrent use, except for Close.
type Market struct {
	Dir        *directory.Directory
	Keys       *keyring.Keyring
	Agent      *agent.Agent
	Bidders    map[string]*bidder.Server
	Auctioneer *auction.Auctioneer

	scheme scheme.Scheme
	client *transport.Client
	config Config
	log    *slog.Logger
	folder string

	closeRanker func()
	closing     atomic.Bool

	mu    sync.Mutex
	stops map[string]func() error // party -> stop and wait
	links [trustees]*server.Links // among the trustees; nil in a plaintext market
}

// Start starts all parties and returns when every bidder has enrolled with every trustee.
func Start(c Config) (m *Market, err error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Suite == "" {
		c.Suite = keys.Hybrid
	}
	m = &Market{Bidders: map[string]*bidder.Server{}, stops: map[string]func() error{}, config: c, log: c.Logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	if m.folder, err = os.MkdirTemp("", "cipherbid-market-"); err != nil {
		return m, fmt.Errorf("start market: %w", err)
	}
	listeners, err := m.makeKeys(c)
	if err != nil {
		return m, err
	}
	defer func() { // those that no server has taken over
		for _, ln := range listeners {
			err = errors.Join(err, ln.Close())
		}
	}()
	take := func(name string) net.Listener {
		ln := listeners[name]
		delete(listeners, name)
		return ln
	}
	if m.scheme, err = m.Dir.Scheme(); err != nil {
		return m, err
	}
	for i := range m.Dir.Trustees() {
		if err := m.startTrustee(i, take(trusteeName(i)), take(linkName(i))); err != nil {
			return m, err
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, s := range c.Seats {
		dir, err := m.view(s.ID)
		if err != nil {
			return m, err
		}
		b, err := bidder.New(dir, m.scheme, s.ID, m.Keys.Bidders[s.ID], s.Model, c.Logger)
		if err != nil {
			return m, err
		}
		m.Bidders[s.ID] = b
		m.serve(s.ID, take(s.ID), b.Handler(), b.MaxBodyBytes())
		if err := b.Enrol(deadline); err != nil {
			return m, err
		}
	}
	if err := m.startAuctioneer(c, take("auctioneer"), deadline); err != nil {
		return m, err
	}
	return m, m.startAgent(deadline)
}

func (m *Market) startAgent(deadline time.Time) (err error) {
	if m.Agent, err = agent.New(m.Dir, m.scheme, Publisher, m.Keys.Publishers[Publisher]); err != nil {
		return err
	}
	if m.config.Device || !m.Dir.Params().Encrypted() {
		return nil
	}
	sessions, err := m.Agent.NewSessions()
	if err != nil {
		return err
	}
	if _, err := server.Deliver(m.Dir, sessions.Messages, deadline); err != nil {
		return err
	}
	m.Agent.Use(sessions)
	return nil
}

func trusteeName(i int) string { return fmt.Sprintf("trustee-%d", i) }

// linkName names the listener for the other trustees.
func linkName(i int) string { return trusteeName(i) + "/link" }

// makeKeys listens for every party, since the directory names their addresses, and makes the market's keys.
func (m *Market) makeKeys(c Config) (map[string]net.Listener, error) {
	listeners := map[string]net.Listener{}
	var failed error
	listen := func(name string) string {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("start market: %w", err))
			return ""
		}
		listeners[name] = ln
		return "http://" + ln.Addr().String()
	}
	spec := keyring.Spec{Params: c.Params.Literal(), Suite: c.Suite, Period: directory.MaxPeriod, Features: c.Features, Publishers: []string{Publisher}}
	if c.Params.Encrypted() {
		for i := range trustees {
			spec.Trustees = append(spec.Trustees, keyring.Site{
				ID: trusteeName(i), URL: listen(trusteeName(i)), Link: strings.TrimPrefix(listen(linkName(i)), "http://"),
			})
		}
	}
	for _, s := range c.Seats {
		org := s.Organisation
		if org == "" {
			org = s.ID
		}
		spec.Bidders = append(spec.Bidders, keyring.Seat{ID: s.ID, Organisation: org, URL: listen(s.ID)})
	}
	spec.Auctioneer = keyring.Site{ID: "auctioneer", URL: listen("auctioneer")}
	err := failed
	if err == nil {
		m.Keys, err = keyring.Make(spec, time.Now())
	}
	if err == nil {
		m.Dir, err = m.Keys.Directory()
	}
	return listeners, err
}

// startTrustee serves trustee i, and takes over the listeners.
func (m *Market) startTrustee(i int, ln, linkLn net.Listener) error {
	name := trusteeName(i)
	dir, err := m.view(name)
	if err != nil {
		return errors.Join(err, ln.Close(), linkLn.Close())
	}
	if m.config.Listener != nil {
		linkLn = m.config.Listener(linkName(i), linkLn)
	}
	links, err := server.StartLinks(dir, i, m.Keys.Trustees[i].Identity, linkLn, trustee.RankConfig{Stock: m.config.stock()}, slog.New(hush{m.log.Handler(), &m.closing}))
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	store, err := trustee.OpenStore(filepath.Join(m.folder, name))
	if err != nil {
		return errors.Join(err, links.Close(), ln.Close())
	}
	// A request may have been issued in the millisecond in which a trustee starts: times travel in milliseconds.
	boot := time.Now().Truncate(time.Millisecond)
	t, err := trustee.New(dir, m.scheme, i, m.Keys.Trustees[i].Period, store, boot)
	if err != nil {
		return errors.Join(err, store.Close(), links.Close(), ln.Close())
	}
	closeRecords := func() {}
	if m.config.Records != "" {
		folder, err := records.Open(filepath.Join(m.config.Records, name), m.Dir.Epoch(), m.log)
		if err != nil {
			return errors.Join(err, store.Close(), links.Close(), ln.Close())
		}
		t.RecordTo(folder)
		closeRecords = folder.Close
	}
	links.Attach(t)
	m.links[i] = links
	s := server.New(t, links, name, m.Dir.Period().Number, boot, m.log)
	m.serve(name, ln, s.Handler(), m.Dir.Epoch().MaxRankRequestBytes())
	stop := m.stops[name]
	m.stops[name] = func() error {
		err := errors.Join(links.Close(), stop()) // the others go on without it at once, not when its last request has ended
		closeRecords()
		return errors.Join(err, store.Close())
	}
	return nil
}

func (m *Market) startAuctioneer(c Config, ln net.Listener, deadline time.Time) error {
	dir, err := m.view("auctioneer")
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	ranker, err := newRanker(m, dir, c, deadline)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	config := c.Auction
	config.Logger = c.Logger
	if m.Auctioneer, err = auction.New(dir, m.Keys.Auctioneer, ranker, config); err != nil {
		return errors.Join(err, ln.Close())
	}
	m.serve("auctioneer", ln, m.Auctioneer.Handler(), m.Auctioneer.MaxBodyBytes())
	if dir, err = m.view(Publisher); err != nil {
		return err
	}
	m.client, err = transport.NewClient(dir.Auctioneer().URL, 1<<20)
	return err
}

func newRanker(m *Market, dir *directory.Directory, c Config, deadline time.Time) (auction.Ranker, error) {
	if !dir.Params().Encrypted() {
		return &auction.Cleartext{Opened: c.Opened}, nil
	}
	if c.Mode != message.Open {
		r, err := auction.NewSealedRanker(dir, m.Keys.Auctioneer, c.Logger)
		if err != nil {
			return nil, err
		}
		m.closeRanker = r.Close
		return r, errors.Join(r.Enrol(deadline), m.waitLinked(deadline))
	}
	r, err := auction.NewOpenRanker(dir, m.Keys.Auctioneer, c.Logger)
	if err != nil {
		return nil, err
	}
	r.Opened = c.Opened
	m.closeRanker = r.Close
	return r, r.Enrol(deadline)
}

// waitLinked waits until all trustees have links to each other.
func (m *Market) waitLinked(deadline time.Time) error {
	for _, links := range m.links {
		for slices.Contains(links.Linked(), false) {
			if time.Now().After(deadline) {
				return errors.New("start market: the trustees are not linked")
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// serve serves a party until it is stopped.
func (m *Market) serve(name string, ln net.Listener, h fasthttp.RequestHandler, maxBody int) {
	if m.config.Listener != nil {
		ln = m.config.Listener(name, ln)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- transport.Serve(ctx, ln, h, transport.ServerConfig{Name: name, MaxBodyBytes: maxBody, Logger: m.log})
	}()
	m.stops[name] = func() error { cancel(); return <-done }
}

// Stop stops one party, trustee-0 to trustee-2 or a seat, and leaves the others to cope.
func (m *Market) Stop(name string) error {
	m.mu.Lock()
	stop := m.stops[name]
	delete(m.stops, name)
	m.mu.Unlock()
	if stop == nil {
		return fmt.Errorf("no party %q is running", name)
	}
	return stop()
}

// Restart starts a stopped trustee again, at its address and with its store.
func (m *Market) Restart(i int) error {
	ln, err := net.Listen("tcp4", m.Dir.Trustees()[i].URL[len("http://"):])
	if err != nil {
		return fmt.Errorf("restart trustee: %w", err)
	}
	linkLn, err := net.Listen("tcp4", m.Dir.Trustees()[i].Link)
	if err != nil {
		return errors.Join(fmt.Errorf("restart trustee: %w", err), ln.Close())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.startTrustee(i, ln, linkLn)
}

// Auction encrypts an opportunity and runs the auction over HTTP, as a publisher would.
func (m *Market) Auction(o *agent.Opportunity) (*auction.Result, message.Digest, error) {
	raw, digest, err := m.Agent.Request(o)
	if err != nil {
		return nil, digest, err
	}
	result, err := m.Send(raw, o.TMax)
	return result, digest, err
}

// Send runs the auction of an encoded request over HTTP.
func (m *Market) Send(raw []byte, tmax time.Duration) (*auction.Result, error) {
	body, err := m.client.Post("/auction", raw, time.Now().Add(tmax+time.Second), 0)
	if err != nil {
		return nil, err
	}
	result := &auction.Result{}
	if err := json.Unmarshal(body, result); err != nil {
		return nil, fmt.Errorf("auctioneer's answer: %w", err)
	}
	return result, nil
}

// HintBytes is the size of one bidder's enrolment with one trustee, 0 in a plaintext market.
func (m *Market) HintBytes() int {
	for _, b := range m.Bidders {
		return b.EnrolmentBytes()
	}
	return 0
}

// LinkBytes is what the trustees have sent each other since they started.
func (m *Market) LinkBytes() (n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.links {
		if l != nil {
			sent, _ := l.Traffic()
			n += sent
		}
	}
	return n
}

// Close stops everybody: the auctioneer first, so that its last notices still find the bidders.
func (m *Market) Close() error {
	m.closing.Store(true)
	var err error
	if m.stops["auctioneer"] != nil {
		err = m.Stop("auctioneer")
	}
	if m.Auctioneer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		m.Auctioneer.Close(ctx)
		cancel()
	}
	for name := range m.stops {
		err = errors.Join(err, m.Stop(name))
	}
	if m.closeRanker != nil {
		m.closeRanker()
	}
	if m.client != nil {
		m.client.Close()
	}
	if m.folder != "" {
		err = errors.Join(err, os.RemoveAll(m.folder))
	}
	return err
}
