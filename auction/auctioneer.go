// Package auction runs auctions over encrypted users. An [Auctioneer] validates a request, asks all bidders at once, closes the
// auction when time is up, lets a [Ranker] find winner and price, and tells bidders. [Rank] is the reference of what winner and
// price are. Start with [New] and [Auctioneer.Handler].
//
// What it promises:
//
//   - The auctioneer holds nothing secret about users or bids. With a sealed ranker it learns who took part, the winner and the
//     price; with the open ranker, which is a baseline, it learns every bid.
//   - An auction ends within the request's tmax. What is late is left out for everybody; what is malformed, late, declined or
//     invalid is told apart and costs no other bid anything.
//   - A request is auctioned once.
//   - Either the winner and the price are right or nothing is sold: if trustees contradict each other, the auction fails. One
//     lying trustee is noticed as long as all three answer; an auction decided by two trusts both.
//
// All types are safe for concurrent use.
package auction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/sealed"
)

// Config configures an auctioneer. The zero value of a duration means its default.
type Config struct {
	NetworkReserve time.Duration // of tmax, for the way back to the publisher; default 2 ms
	RankReserve    time.Duration // of tmax, for the trustees and the ranking; default 20 ms
	Logger         *slog.Logger
	// Observe, if set, is called after every auction, from its own goroutine's point of view synchronously.
	Observe func(*Record)
	// Transcript, if set, is called after every sealed auction with its transcript, one call at a time and outside the auction
	// path. What it fails to keep is counted. If it does not keep pace, auctions go without.
	Transcript func(*SignedTranscript) error
}

// Record is what happened in one auction.
type Record struct {
	Request  message.Digest
	Result   *Result
	Err      error
	Bidders  map[string]BidderOutcome
	Stages   Stages
	InBytes  int // request
	OutBytes int // to one bidder
	Answer   int // largest answer of a bidder, to all trustees
	Ranking  int // sent and received for the ranking
}

// Stages are durations of the parts of an auction.
type Stages struct {
	Validate, Bidders, Ranking, Total time.Duration
}

// Result is what the publisher learns.
type Result struct {
	Auction string    `json:"auction"`
	Imps    []Outcome `json:"imps"`
	// NoBid is OpenRTB's no-bid reason where nothing was sold, else 0; reasons from 500 on are cipherbid's own.
	NoBid int `json:"nbr,omitempty"`
}

// No-bid reasons.
const (
	NoBidTechnical = 1   // technical error
	NoBidInvalid   = 2   // invalid request
	NoBidTime      = 15  // insufficient auction time
	NoBidNoAnswer  = 500 // nobody bid
	NoBidBelow     = 501 // no bid counted: below the floor, above a cap, or out of range
	NoBidOrgs      = 502 // fewer organisations bid than the request demands
	NoBidTrustees  = 503 // the trustees could not or would not decide
)

// Errors of Run. The HTTP handler turns them into statuses.
var (
	ErrReplay  = errors.New("request was auctioned before")
	ErrTooLate = errors.New("tmax leaves no time for bidders")
)

// Auctioneer runs auctions.
type Auctioneer struct {
	dir     *directory.Directory
	ranker  Ranker
	fanout  *fanout
	notices *notices
	scribe  *transcriber // nil if no transcripts are kept
	seen    recent.Map[struct{}]
	metrics *metrics
	config  Config
	log     *slog.Logger
}

// New returns an auctioneer. Call Close when done.
func New(dir *directory.Directory, identity keys.Identity, ranker Ranker, c Config) (*Auctioneer, error) {
	if string(identity.Public()) != string(dir.Auctioneer().Identity) {
		return nil, fmt.Errorf("auctioneer %q has another identity in the directory", dir.Auctioneer().ID)
	}
	if c.NetworkReserve == 0 {
		c.NetworkReserve = 2 * time.Millisecond
	}
	if c.RankReserve == 0 {
		c.RankReserve = 20 * time.Millisecond
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	f, err := newFanout(dir, c.Logger)
	if err != nil {
		return nil, err
	}
	a := &Auctioneer{dir: dir, ranker: ranker, fanout: f, config: c, log: c.Logger, metrics: newMetrics(dir)}
	a.notices = newNotices(f.bidders, identity, a.metrics, c.Logger)
	a.scribe = newTranscriber(dir, identity, a.metrics, &a.config)
	return a, nil
}

// Close sends the notices and makes the transcripts that are still waiting, until ctx ends.
func (a *Auctioneer) Close(ctx context.Context) {
	a.notices.close(ctx)
	a.scribe.close(ctx)
	a.fanout.close()
}

// Run runs one auction on an encoded request that arrived at the given time. raw must not change meanwhile, and for a while
// afterwards: bidders that are late may still be reading it.
func (a *Auctioneer) Run(raw []byte, arrival time.Time) (*Result, error) {
	rec := &Record{InBytes: len(raw), Bidders: map[string]BidderOutcome{}}
	rec.Result, rec.Err = a.run(raw, arrival, rec)
	rec.Stages.Total = time.Since(arrival)
	a.metrics.observe(rec)
	if a.config.Observe != nil {
		a.config.Observe(rec)
	}
	return rec.Result, rec.Err
}

func (a *Auctioneer) run(raw []byte, arrival time.Time, rec *Record) (*Result, error) {
	r, err := a.admit(raw, arrival)
	if err != nil {
		return nil, err
	}
	rec.Request = r.Digest
	end := arrival.Add(time.Duration(r.Terms.TMax)*time.Millisecond - a.config.NetworkReserve)
	bidEnd := end.Add(-a.config.RankReserve)
	rec.Stages.Validate = time.Since(arrival)
	left := time.Until(bidEnd)
	if left <= 0 {
		return nil, fmt.Errorf("%w: %d ms, of which %s are reserved", ErrTooLate, r.Terms.TMax, a.config.NetworkReserve+a.config.RankReserve)
	}
	body := a.dir.Epoch().AppendBidRequest(nil, r)
	rec.OutBytes = len(body)
	start := time.Now()
	replies := a.fanout.ask(r, body, bidEnd, left)
	rec.Stages.Bidders = time.Since(start)
	c := a.close(r, replies, rec)
	result := &Result{Auction: auctionName(r.Terms)}
	if nbr := a.tooFew(c); nbr != 0 {
		result.NoBid = nbr
		result.Imps = unsold(r.Terms)
		a.scribe.add(c, arrival, nil, result.Imps)
		return result, nil
	}
	report, err := a.rank(c, end, result, rec)
	a.scribe.add(c, arrival, report, result.Imps)
	if err != nil {
		return nil, err
	}
	a.notices.send(c, result)
	return result, nil
}

// admit decodes and validates a request.
func (a *Auctioneer) admit(raw []byte, now time.Time) (*message.Request, error) {
	r, err := a.dir.Epoch().DecodeRequest(raw)
	if err != nil {
		return nil, err
	}
	if !a.ranker.Serves(r.Terms.Mode) {
		return nil, fmt.Errorf("request wants %s ranking, which this auctioneer does not offer", r.Terms.Mode)
	}
	if err := a.dir.VerifyRequest(r.Terms, r.Digest, r.Signature, now); err != nil {
		return nil, err
	}
	if _, seen, err := a.seen.Put(&r.Digest, struct{}{}, now); err != nil {
		return nil, err
	} else if seen {
		return nil, ErrReplay
	}
	return r, nil
}

// close lists the answers that take part, in ascending order of seat, so that the order in which they came decides nothing.
func (a *Auctioneer) close(r *message.Request, replies []reply, rec *Record) *Case {
	c := &Case{Request: r, Manifest: &message.Manifest{Request: r.Digest}}
	for i, rep := range replies {
		rec.Bidders[a.fanout.bidders[i].seat] = rep.outcome
		rec.Answer = max(rec.Answer, rep.bytes)
		if rep.outcome == Answered {
			c.Answers = append(c.Answers, rep.answer)
		}
	}
	slices.SortFunc(c.Answers, func(x, y *message.Answer) int { return strings.Compare(x.Seat, y.Seat) })
	c.Answers = withinLimit(c.Answers, r, rec)
	for _, answer := range c.Answers {
		c.Manifest.Entries = append(c.Manifest.Entries, message.NewEntry(answer))
	}
	c.RawManifest = a.dir.Epoch().EncodeManifest(c.Manifest)
	return c
}

// withinLimit drops answers beyond the request's limit on lanes, in an order that its digest decides.
func withinLimit(answers []*message.Answer, r *message.Request, rec *Record) []*message.Answer {
	total := 0
	for _, x := range answers {
		total += len(x.Lanes)
	}
	if total <= int(r.Terms.MaxLanes) {
		return answers
	}
	drawn := slices.Clone(answers)
	slices.SortFunc(drawn, func(x, y *message.Answer) int {
		kx, ky := sealed.DrawOrder(&r.Digest, -1, x.Seat, 0), sealed.DrawOrder(&r.Digest, -1, y.Seat, 0)
		return slices.Compare(kx[:], ky[:])
	})
	keep, total := map[string]bool{}, 0
	for _, x := range drawn {
		if total+len(x.Lanes) <= int(r.Terms.MaxLanes) {
			total += len(x.Lanes)
			keep[x.Seat] = true
		} else {
			rec.Bidders[x.Seat] = Invalid
		}
	}
	return slices.DeleteFunc(answers, func(x *message.Answer) bool { return !keep[x.Seat] })
}

// tooFew returns the no-bid reason of an auction that need not be ranked, or 0.
func (a *Auctioneer) tooFew(c *Case) int {
	if len(c.Answers) == 0 {
		return NoBidNoAnswer
	}
	orgs := map[string]bool{}
	for _, x := range c.Answers {
		b, _ := a.dir.Bidder(x.Seat)
		orgs[b.Organisation] = true
	}
	if len(orgs) < int(c.Request.Terms.MinOrgs) {
		return NoBidOrgs
	}
	return 0
}

// auctionName is how results name an auction.
func auctionName(t *message.Terms) string { return fmt.Sprintf("%x", t.Auction) }

func unsold(t *message.Terms) []Outcome {
	out := make([]Outcome, len(t.Imps))
	for i := range out {
		out[i].Imp = t.Imps[i].ID
	}
	return out
}

func (a *Auctioneer) rank(c *Case, end time.Time, result *Result, rec *Record) (*RankReport, error) {
	start := time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	outcomes, report, err := a.ranker.Rank(ctx, c)
	rec.Stages.Ranking = time.Since(start)
	if report != nil {
		rec.Ranking = report.Bytes
		for seat, why := range report.Refused {
			rec.Bidders[seat] = Refused
			a.log.Warn("answer refused", "seat", seat, "reason", why)
		}
	}
	if err != nil {
		return report, err
	}
	result.Imps = outcomes
	if !slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Sold }) {
		result.NoBid = NoBidBelow
	}
	return report, nil
}
