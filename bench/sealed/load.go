package sealed

import (
	"context"
	"errors"

	"cipherbid/loadgen"
	"cipherbid/loadgen/target"
)

// Load is one system at saturation: a closed loop on loopback, with as many auctions under way as keep every core busy. Stocks
// are filled at the expense of auctions, as they must be where no core is idle.
type Load struct {
	System System
	Size   Size
	Repeat int
	Result *loadgen.Result
	Bodies Bodies
}

func (b *bench) load(ctx context.Context, system System, s Size, repeat int) error {
	p, err := b.start(system, s, target.Links{})
	if err != nil {
		return err
	}
	r, err := loadgen.Run(ctx, p, b.batch(b.loaded, inFlight, b.Duration, b.warmup(0)))
	if r != nil {
		b.result.Loads = append(b.result.Loads, Load{system, s, repeat, r, p.heard()})
	}
	return errors.Join(err, p.Close())
}
