package target

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cipherbid/bidder/ipinyou"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/message"
	"cipherbid/crypto/trustee/server"
	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
	"cipherbid/node"
	"cipherbid/transport"
)

// Remote is an auctioneer that runs somewhere.
type Remote struct {
	*users
	publisher publisher
	check     checker
	dir       *directory.Directory
	network   *netem.Network
	metrics   *transport.Client // straight to the auctioneer
	sent      atomic.Int64
}

// checker decides whether an answer is right.
type checker interface {
	check(u *user, a *loadgen.Answer) error
}

// RemoteConfig says which auctioneer to load, and with whom.
type RemoteConfig struct {
	Agent *node.Agent   // as `cipherbid ask` uses it
	Mode  message.Mode  // in which the auctioneer ranks: message.Sealed if zero
	Rows  []ipinyou.Row // the users to auction
	TMax  time.Duration
	Lanes int // that all bidders together may answer with; 0 for the default of a request
	Live  bool
	Seed  uint64
	Link  netem.Link // between publisher and auctioneer
	// Device makes requests box to the trustees' period keys, as a user's device does, not under a publisher's sessions.
	Device bool
}

// Connect prepares to load a running auctioneer: it opens sessions with the trustees, unless c says not to.
func Connect(c RemoteConfig) (*Remote, error) {
	if len(c.Rows) == 0 {
		return nil, errors.New("target: there are no users to auction")
	}
	if c.TMax < time.Millisecond || c.TMax > maxTMax {
		return nil, fmt.Errorf("target: tmax of %s is not in [1ms, %s]", c.TMax, maxTMax)
	}
	if c.Mode == 0 {
		c.Mode = message.Sealed
	}
	a, dir, features, err := node.OpenAgent(c.Agent)
	if err != nil {
		return nil, err
	}
	links := Links{Publisher: c.Link}
	if err := links.check(); err != nil {
		return nil, err
	}
	if !c.Device && dir.Params().Encrypted() {
		if err := openSessions(a, dir); err != nil {
			return nil, err
		}
	}
	r := &Remote{dir: dir, check: shape{dir}, network: netem.NewNetwork(c.Seed, links.between)}
	r.users = &users{
		agent: a, features: features, rows: c.Rows, tmax: c.TMax, live: c.Live, mode: c.Mode, lanes: c.Lanes,
		size: dir.Epoch().MaxRequestBytes() - message.MaxTermsBytes,
	}
	address, err := r.network.Route("publisher", "auctioneer", dir.Auctioneer().URL)
	if err == nil {
		r.publisher.tmax = c.TMax
		r.publisher.client, err = transport.NewClient(address, maxAnswer)
	}
	if err == nil {
		r.metrics, err = transport.NewClient(dir.Auctioneer().URL, maxMetrics)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// enrolTimeout bounds the opening of sessions.
const enrolTimeout = 10 * time.Second

func openSessions(a *agent.Agent, dir *directory.Directory) error {
	s, err := a.NewSessions()
	if err != nil {
		return err
	}
	if _, err := server.Deliver(dir, s.Messages, time.Now().Add(enrolTimeout)); err != nil {
		return err
	}
	a.Use(s)
	return nil
}

// maxMetrics bounds the auctioneer's metrics.
const maxMetrics = 8 << 20

// Call runs one auction.
func (r *Remote) Call(_ context.Context, i int) loadgen.Answer {
	req := r.take(i)
	r.sent.Add(int64(len(req.raw)))
	return r.publisher.call(&req)
}

// Check checks the shape of an answer.
func (r *Remote) Check(i int, a *loadgen.Answer) error { return r.check.check(r.user(i), a) }

// Counters reads the auctioneer's metrics. Without an emulated link the only bytes known are those of the requests sent.
func (r *Remote) Counters(context.Context) (*loadgen.Counters, error) {
	c := &loadgen.Counters{Traffic: map[string]loadgen.Traffic{}}
	for link, t := range r.network.Traffic() {
		c.Traffic[link] = loadgen.Traffic{In: t.Up, Out: t.Down}
	}
	if len(c.Traffic) == 0 {
		c.Traffic["requests"] = loadgen.Traffic{In: r.sent.Load()}
	}
	return c, scrape(r.metrics, c)
}

// Directory is the market's directory.
func (r *Remote) Directory() *directory.Directory { return r.dir }

// Close drops the connections. The auctioneer goes on.
func (r *Remote) Close() error {
	for _, c := range []*transport.Client{r.publisher.client, r.metrics} {
		if c != nil {
			c.Close()
		}
	}
	return r.network.Close()
}
