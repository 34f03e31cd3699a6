package sealed

import (
	"context"
	"sync"
	"time"

	"cipherbid/auction"
	"cipherbid/loadgen"
	"cipherbid/loadgen/target"
)

// stagePriced is the stage from the publisher's sending to the auctioneer's having the price.
const stagePriced = "priced"

// probe is an embedded market that also tells when the auctioneer had the price, and how large messages were.
type probe struct {
	*target.Embedded
	alone bool // one auction at a time
	ready int  // requests that are encrypted at once

	mu     sync.Mutex
	priced time.Time // of the last auction
	bodies Bodies
}

// Bodies are the mean sizes of messages, in bytes, without HTTP's headers.
type Bodies struct {
	Auctions   int
	Request    float64 // publisher to auctioneer
	BidRequest float64 // auctioneer to each bidder
	Answer     float64 // bidder to auctioneer, the largest of an auction
	Ranking    float64 // auctioneer to all trustees and back
}

func (p *probe) observe(r *auction.Record) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.priced = now
	if r.Err != nil {
		return
	}
	p.bodies.Auctions++
	for _, x := range []struct {
		mean *float64
		size int
	}{{&p.bodies.Request, r.InBytes}, {&p.bodies.BidRequest, r.OutBytes}, {&p.bodies.Answer, r.Answer}, {&p.bodies.Ranking, r.Ranking}} {
		*x.mean += (float64(x.size) - *x.mean) / float64(p.bodies.Auctions)
	}
}

func (p *probe) heard() Bodies {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bodies
}

// Call runs one auction and, if it is the only one under way, adds when it had its price.
func (p *probe) Call(ctx context.Context, i int) loadgen.Answer {
	sent := time.Now()
	a := p.Embedded.Call(ctx, i)
	if !p.alone {
		return a
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.priced.Sub(sent); d > 0 {
		a.Stages = append(a.Stages, loadgen.Stage{Name: stagePriced, Duration: d})
	}
	return a
}

// Limits are those of the market, but for auctions one after another, which need few requests.
func (p *probe) Limits() (queries int, age time.Duration) {
	queries, age = p.Embedded.Limits()
	return min(queries, p.ready), age
}
