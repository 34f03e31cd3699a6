package target

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/bench/replay"
	"cipherbid/bidder/model"
	"cipherbid/crypto/message"
	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
	"cipherbid/transport"
)

// Embedded is a market in this process.
type Embedded struct {
	*users
	publisher publisher
	reference reference
	market    *market.Market
	network   *netem.Network
	wires     *wires

	seen func(*auction.Record) // Config.Observe

	mu       sync.Mutex
	open     map[message.Digest]*auction.Record // requests under way, nil until they are decided
	outcomes map[string]int64                   // of bidders, over all auctions
}

// StartEmbedded starts a market in this process.
func StartEmbedded(c Config) (_ *Embedded, err error) {
	if c, err = c.withDefaults(); err != nil {
		return nil, err
	}
	fit, err := Seats(c.Data.Fit, c.Bidders, c.Campaigns, c.Seed)
	if err != nil {
		return nil, err
	}
	e := &Embedded{
		reference: reference{models: fit.Models, step: replay.Step(c.Mode), heard: true}, network: netem.NewNetwork(c.Seed, c.Links.between), wires: newWires(),
		seen: c.Observe, open: map[message.Digest]*auction.Record{}, outcomes: map[string]int64{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	network, rank := c.reserves()
	m, err := market.Start(market.Config{
		Params: c.Params, Suite: c.Suite, Features: fit.FeatureMap.Digest(), Seats: marketSeats(fit.Models), Logger: c.Logger, Device: c.Device, Mode: c.Mode,
		Auction: auction.Config{NetworkReserve: network, RankReserve: rank, Observe: e.observe},
		Stock:   c.Stock, Route: e.network.Route, Listener: e.wires.wrap,
	})
	if err != nil {
		return nil, err // Start has stopped what it had started
	}
	e.market = m
	address, err := e.network.Route("publisher", "auctioneer", e.market.Dir.Auctioneer().URL)
	if err != nil {
		return nil, err
	}
	client, err := transport.NewClient(address, maxAnswer)
	if err != nil {
		return nil, err
	}
	e.publisher = publisher{client, c.TMax}
	e.users = &users{
		agent: e.market.Agent, features: fit.FeatureMap, rows: c.Data.Rows, tmax: c.TMax, live: c.Live,
		mode: c.Mode, lanes: c.Bidders * c.Campaigns, size: e.market.Dir.Epoch().MaxRequestBytes() - message.MaxTermsBytes,
	}
	return e, nil
}

func marketSeats(models []*model.GLM) (seats []market.Seat) {
	for _, m := range models {
		seats = append(seats, market.Seat{ID: m.Seat(), Model: m})
	}
	return seats
}

// Call runs one auction, and adds what the auctioneer observed of it.
func (e *Embedded) Call(_ context.Context, i int) loadgen.Answer {
	r := e.take(i)
	e.mu.Lock()
	e.open[r.digest] = nil
	e.mu.Unlock()
	sent := time.Now()
	a := e.publisher.call(&r)
	total := time.Since(sent)
	e.mu.Lock()
	rec := e.open[r.digest]
	delete(e.open, r.digest)
	e.mu.Unlock()
	if rec == nil {
		return a
	}
	s := rec.Stages
	a.Stages = append(a.Stages, loadgen.Stage{Name: "network", Duration: total - s.Total}, loadgen.Stage{Name: "auction", Duration: s.Total})
	for _, stage := range []loadgen.Stage{{Name: "validate", Duration: s.Validate}, {Name: "bidders", Duration: s.Bidders}, {Name: "ranking", Duration: s.Ranking}} {
		if stage.Duration > 0 {
			a.Stages = append(a.Stages, stage)
		}
	}
	for seat, o := range rec.Bidders {
		if o != auction.Answered && o != auction.Declined {
			a.Missing = append(a.Missing, seat)
		}
	}
	slices.Sort(a.Missing)
	return a
}

func (e *Embedded) observe(rec *auction.Record) {
	if e.seen != nil {
		e.seen(rec)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range rec.Bidders {
		e.outcomes[o.String()]++
	}
	if _, ok := e.open[rec.Request]; ok {
		e.open[rec.Request] = rec
	}
}

// Check compares an answer with what the models decide in float64.
func (e *Embedded) Check(i int, a *loadgen.Answer) error { return e.reference.check(e.user(i), a) }

// Counters returns the process's CPU time and what the parties' listeners have carried.
func (e *Embedded) Counters(context.Context) (*loadgen.Counters, error) {
	cpu, err := ownCPU()
	if err != nil {
		return nil, err
	}
	c := &loadgen.Counters{CPU: map[string]time.Duration{"process": cpu}, Traffic: e.wires.traffic(), Bidders: map[string]int64{}}
	late := int64(0)
	for _, b := range e.market.Bidders {
		late += int64(b.Status().Late)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for outcome, n := range e.outcomes {
		c.Bidders[outcome] = n
	}
	outOfTime(c.Bidders, late)
	return c, nil
}

// outOfTime moves bidders that declined because their time was over from those that were heard: to an auctioneer, both are
// no-bids.
func outOfTime(bidders map[string]int64, late int64) {
	if late > 0 && bidders != nil {
		bidders[loadgen.Declined] -= late
		bidders["out_of_time"] += late
	}
}

// Market is the embedded market.
func (e *Embedded) Market() *market.Market { return e.market }

// Close stops the market and its network.
func (e *Embedded) Close() error {
	var err error
	if e.publisher.client != nil {
		e.publisher.client.Close()
	}
	if e.market != nil {
		err = e.market.Close()
	}
	return errors.Join(err, e.network.Close())
}
