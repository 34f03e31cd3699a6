package sealed

import (
	"context"
	"errors"
	"time"

	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
	"cipherbid/loadgen/target"
)

// Point is the latency of one system at one size and round trip, auctions one after another.
type Point struct {
	System System
	Size   Size
	RTT    time.Duration // between every two parties that talk during an auction
	Repeat int
	Result *loadgen.Result // stages: see [Clock], and validate, bidders and ranking of the auctioneer
	Bodies Bodies
}

// warmed is how many auctions come before those that are measured, roughly: connections are opened, circuits compiled, and every
// trustee's stock begun.
const warmed = 20

// warmup is how long so many auctions take, and a second at least.
func (o *Options) warmup(rtt time.Duration) time.Duration {
	if o.Quick {
		return 200*time.Millisecond + 4*rtt
	}
	return max(time.Second, warmed*4*rtt)
}

func (b *bench) point(ctx context.Context, system System, s Size, rtt time.Duration, repeat int) error {
	link := netem.Link{RTT: rtt}
	p, err := b.start(system, s, target.Links{Publisher: link, Bidders: link, Trustees: link, Peers: link})
	if err != nil {
		return err
	}
	p.alone, p.ready = true, aloneReady
	r, err := loadgen.Run(ctx, p, b.batch(b.Auctions, 1, 0, b.warmup(rtt)))
	if r != nil {
		b.result.Points = append(b.result.Points, Point{system, s, rtt, repeat, r, p.heard()})
	}
	return errors.Join(err, p.Close())
}

// start starts a market in this process.
func (b *bench) start(system System, s Size, links target.Links) (*probe, error) {
	params, err := system.params()
	if err != nil {
		return nil, err
	}
	p := &probe{ready: b.ready()}
	p.Embedded, err = target.StartEmbedded(target.Config{
		Params: params, Data: b.data, Bidders: s.Bidders, Campaigns: s.Campaigns, TMax: b.tmax, Seed: b.Seed, Mode: system.mode(),
		Stock: system.stock(), Links: links, Observe: p.observe,
	})
	return p, err
}
