// Package replay auctions the users of a log twice, once encrypted and once in plaintext, and says what the encrypted market
// did differently. [Load] prepares models and rows, [Run] replays them.
//
// Every impression becomes an auction among all advertisers' models. The plaintext side of winners and prices is the float64
// model, exact to the last digit; the plaintext side of latency is the stand-in, which runs through the same auctioneer and HTTP
// under the same terms. With sealed ranking prices are compared too, and so the price grid shows; bids are not, since nobody
// sees them.
package replay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Options of a replay.
type Options struct {
	Data     *Data
	Params   *params.Params
	Mode     message.Mode // of ranking: message.Sealed if zero
	Logger   *slog.Logger
	Progress func(done, total int) // called after every auction, if set
}

// Cap is the highest bid that counts: above the most valuable click of any advertiser in the iPinYou set, so that no honest
// bid is void.
const Cap = 1e6

// GridBits is the price grid of [Opportunity]: with sealed ranking, prices lie on a grid of 2^-GridBits in log price.
const GridBits = 8

// Step is what the price grid takes off a price at most, as a share of it: 0.39 % with sealed ranking, nothing with open
// ranking, which has no grid. It never takes a price below the floor.
func Step(mode message.Mode) float64 {
	if mode == message.Open {
		return 0
	}
	return -math.Expm1(-math.Ldexp(1, -GridBits))
}

// Record is one auction, encrypted and plaintext.
type Record struct {
	Auction     string
	Winner      string // seat, "" if unsold
	Price       float64
	PlainWinner string
	PlainPrice  float64
	TopBid      float64 // highest and second highest plaintext bid
	SecondBid   float64

	latency, plainLatency float64 // ms
	score, plainScore     float64 // of the impression's own advertiser; NaN if there is none
	gap                   float64 // where the winners differ, see reference.gap
	click                 bool
	stages                map[string]float64 // ms
}

// run is the state of a replay.
type run struct {
	options   Options
	reference reference
	linked    uint64 // bytes among the trustees before the first auction
	byID      map[string]*model.GLM
	encrypted *market.Market
	plain     *market.Market

	mu     sync.Mutex
	opened map[message.Digest]map[string]float64 // request -> seat -> opened log-bid relative to the cap
	stages map[message.Digest]*auction.Record
	sizes  Bytes
}

// Run replays all rows, one after another, and reports. It returns early with what it has if ctx ends.
func Run(ctx context.Context, o Options) (_ *Summary, _ []Record, err error) {
	if o.Mode == 0 {
		o.Mode = message.Sealed
	}
	r := &run{options: o, byID: map[string]*model.GLM{}, opened: map[message.Digest]map[string]float64{}, stages: map[message.Digest]*auction.Record{}}
	r.reference = reference{models: o.Data.Fit.Models, cap: Cap}
	for _, m := range o.Data.Fit.Models {
		r.byID[m.Seat()] = m
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.start(); err != nil {
		return nil, nil, err
	}
	var records []Record
	for i, row := range o.Data.Rows {
		if ctx.Err() != nil {
			break
		}
		rec, err := r.auction(newUser(o.Data.Fit.FeatureMap, row))
		if err != nil {
			return nil, nil, fmt.Errorf("auction %d: %w", i+1, err)
		}
		records = append(records, rec)
		if o.Progress != nil {
			o.Progress(i+1, len(o.Data.Rows))
		}
	}
	if len(records) == 0 {
		return nil, nil, errors.New("stopped before the first auction")
	}
	s, err := r.summarise(records)
	return s, records, err
}

func (r *run) start() error {
	var seats []market.Seat
	for _, m := range r.options.Data.Fit.Models {
		seats = append(seats, market.Seat{ID: m.Seat(), Model: m})
	}
	plain, err := params.Plain(r.options.Params.LogN(), r.options.Params.Dim())
	if err != nil {
		return err
	}
	config := market.Config{
		Params: r.options.Params, Features: r.options.Data.Fit.FeatureMap.Digest(), Seats: seats, Logger: r.options.Logger,
		Auction: auction.Config{Observe: r.observe}, Mode: r.options.Mode, Opened: r.see,
	}
	if r.encrypted, err = market.Start(config); err != nil {
		return fmt.Errorf("start encrypted market: %w", err)
	}
	r.linked = r.encrypted.LinkBytes()
	config.Params, config.Auction, config.Opened = plain, auction.Config{}, nil
	if r.plain, err = market.Start(config); err != nil {
		return fmt.Errorf("start plaintext market: %w", err)
	}
	return nil
}

func (r *run) close() error {
	var err error
	for _, m := range []*market.Market{r.encrypted, r.plain} {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
	}
	return err
}

// see notes what an open ranker saw.
func (r *run) see(c *auction.Case, lanes [][]uint32) {
	bids := map[string]float64{}
	for i := range c.Manifest.Entries {
		if lanes[i] != nil {
			bids[c.Manifest.Entries[i].Seat] = scheme.LogBid(lanes[i][0])
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opened[c.Request.Digest] = bids
}

func (r *run) observe(rec *auction.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stages[rec.Request] = rec
	r.sizes.Request = max(r.sizes.Request, rec.InBytes)
	r.sizes.Response = max(r.sizes.Response, rec.Answer)
	r.sizes.Ranking = max(r.sizes.Ranking, rec.Ranking)
}

// Opportunity puts a log row's impression up for auction, to be ranked in a mode.
func Opportunity(u []float64, ctx model.Context, floor float64, mode message.Mode) *agent.Opportunity {
	o := &agent.Opportunity{
		Features: u, Imps: []message.Imp{{ID: "1", Floor: floor}}, Mode: mode, PriceRule: message.SecondPrice, Cap: Cap,
		GridBits: GridBits, TMax: time.Second, Lifetime: 10 * time.Second, MaxLanes: 128, MinOrgs: 1,
	}
	for _, key := range model.ContextKeys() {
		if v := ctx.Get(key); v != "" && key != "floorband" {
			o.Attrs = append(o.Attrs, message.Attr{Key: key, Value: v})
		}
	}
	return o
}

// patience is the tmax of a replay's auctions. A replay compares decisions: none shall be lost because the machine was busy.
const patience = 10 * time.Second

func (r *run) auction(u *user) (Record, error) {
	o := Opportunity(u.x, u.context, u.row.Floor, r.options.Mode)
	o.TMax, o.Lifetime = patience, 2*patience
	start := time.Now()
	raw, digest, err := r.encrypted.Agent.Request(o)
	if err != nil {
		return Record{}, err
	}
	encrypt := time.Since(start)
	result, err := r.encrypted.Send(raw, o.TMax)
	if err != nil {
		return Record{}, err
	}
	rec := Record{Auction: result.Auction, latency: ms(time.Since(start)), click: u.row.Click}
	start = time.Now()
	if _, _, err := r.plain.Auction(o); err != nil {
		return Record{}, fmt.Errorf("plaintext market: %w", err)
	}
	rec.plainLatency = ms(time.Since(start))
	if imp := result.Imps[0]; imp.Sold {
		rec.Winner, rec.Price = imp.Seat, imp.Price
	}
	d := r.reference.decide(u)
	rec.PlainWinner, rec.PlainPrice, rec.TopBid, rec.SecondBid = d.winner, d.price, d.top, d.second
	if rec.Winner != rec.PlainWinner {
		rec.gap = r.reference.gap(u, rec.Winner, rec.PlainWinner)
	}
	r.note(&rec, u, digest, encrypt)
	return rec, nil
}

// note adds what ranker and auctioneer observed of the auction.
func (r *run) note(rec *Record, u *user, digest message.Digest, encrypt time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.score, rec.plainScore = math.NaN(), math.NaN()
	if m := r.byID[u.row.Advertiser]; m != nil {
		lane, opened := r.opened[digest][m.Seat()]
		if opened {
			rec.score = lane + math.Log(Cap) - params.BidRange - math.Log(m.Campaigns()[0].ValuePerClick)
		}
		if opened || r.options.Mode == message.Sealed {
			rec.plainScore = logClick(m, u)
		}
	}
	if s := r.stages[digest]; s != nil {
		rec.stages = map[string]float64{
			"encrypt": ms(encrypt), "validate": ms(s.Stages.Validate), "bidders": ms(s.Stages.Bidders),
			"ranking": ms(s.Stages.Ranking), "auction": ms(s.Stages.Total),
		}
	}
	delete(r.opened, digest)
	delete(r.stages, digest)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// aucOf is the area under the ROC curve of scores, over records that have one.
func aucOf(records []Record, score func(*Record) float64) float64 {
	var scores []float64
	var clicks []bool
	for i := range records {
		if s := score(&records[i]); !math.IsNaN(s) {
			scores, clicks = append(scores, s), append(clicks, records[i].click)
		}
	}
	if !slices.Contains(clicks, true) || !slices.Contains(clicks, false) {
		return math.NaN()
	}
	return train.AUC(scores, clicks, nil)
}
