package target

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
)

const (
	// lifetime is how long the requests live. A slice of them is encrypted, used and drained within it.
	lifetime = message.MaxLifetime
	// sliceAge is how long a slice lasts; up to as long again goes to its encryption, and the rest to draining.
	sliceAge = 20 * time.Second
	// sliceBytes bounds the memory that requests made in advance take.
	sliceBytes = 256 << 20
	// liveSlice is how many queries are numbered at once where nothing is made in advance.
	liveSlice = 1 << 20
)

// users makes a request for each query: query i is row i modulo their number, counted over all slices.
type users struct {
	agent    *agent.Agent
	features *model.FeatureMap
	rows     []ipinyou.Row
	tmax     time.Duration
	mode     message.Mode
	lanes    int // that all bidders together may answer with
	live     bool
	size     int // of a request, roughly

	first, n int // of the current slice
	ready    []request
}

// request is one encrypted query.
type request struct {
	raw     []byte
	digest  message.Digest
	encrypt time.Duration // if live
	err     error
}

// user is what a row tells about a user and an imp.
type user struct {
	row     ipinyou.Row
	x       []float64
	context *model.RowContext
}

func (u *users) user(i int) *user {
	row := u.rows[(u.first+i)%len(u.rows)]
	return &user{row, u.features.Encode(model.Attributes(row.User, nil), nil), model.NewRowContext(row)}
}

// Limits says how many requests are made at once.
func (u *users) Limits() (int, time.Duration) {
	if u.live {
		return liveSlice, 0
	}
	return sliceBytes / u.size, sliceAge
}

// Prepare goes on to the next n queries and, unless live, encrypts them on all cores.
func (u *users) Prepare(ctx context.Context, n int) error {
	u.first, u.n = u.first+u.n, n
	u.ready = nil
	if u.live {
		return nil
	}
	u.ready = make([]request, n)
	var next atomic.Int64
	var workers sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for w := range errs {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[w] = ctx.Err(); errs[w] != nil {
					return
				}
				u.ready[i] = u.encrypt(i)
				if errs[w] = u.ready[i].err; errs[w] != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

// take returns the request of query i, and forgets it: no request is used twice.
func (u *users) take(i int) request {
	if u.live {
		start := time.Now()
		r := u.encrypt(i)
		r.encrypt = time.Since(start)
		return r
	}
	r := u.ready[i]
	u.ready[i] = request{}
	return r
}

func (u *users) encrypt(i int) request {
	p := u.user(i)
	o := replay.Opportunity(p.x, p.context, p.row.Floor, u.mode)
	o.TMax, o.Lifetime, o.MaxLanes = u.tmax, lifetime, max(o.MaxLanes, u.lanes)
	var r request
	r.raw, r.digest, r.err = u.agent.Request(o)
	return r
}
