// Package node runs one party of a market as a process: a trustee, a bidder or the auctioneer, from a config file. [RunTrustee],
// [RunBidder] and [RunAuctioneer] serve until their context ends, then finish what is under way.
//
// A node reads the market directory, verifies it with the pinned operator key, and looks at the file once a second: when the
// operator puts the next period's directory in its place, the node takes up the new period without a restart. Auctions under
// way at that moment finish under the old one or are refused; none is decided wrongly.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// Common is what every party's config file holds. Paths are relative to the config file.
type Common struct {
	ID        string      `json:"id"`               // name in the directory
	Listen    string      `json:"listen,omitempty"` // address and port of a server
	Directory string      `json:"directory"`        // signed directory file
	Operator  keys.Public `json:"operator"`         // pinned public key of the market's operator, base64
	Keys      string      `json:"keys"`             // folder of this party's private key files

	base string // folder of the config file
}

func (c *Common) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.base, p)
}

// instance is a party in one period.
type instance struct {
	handler fasthttp.RequestHandler
	maxBody int
	enrol   func(deadline time.Time) error // nil if there is nobody to enrol with
	stop    func(ctx context.Context) error
	tidy    func() error // removes what earlier periods have left, once none of them is in use; may be nil

	using  sync.RWMutex // held for reading by requests
	closed bool
}

// build makes a party for a directory's period.
type build func(dir *directory.Directory, sch scheme.Scheme) (*instance, error)

// node is a running party.
type node struct {
	config  *Common
	build   build
	log     *slog.Logger
	current atomic.Pointer[instance]
	period  uint32
	stamp   time.Time // modification time of the directory file last looked at
}

const (
	watchEvery   = time.Second
	enrolTimeout = 5 * time.Second
	stopTimeout  = 5 * time.Second
)

func run(ctx context.Context, c *Common, log *slog.Logger, b build) error {
	n := &node{config: c, build: b, log: log.With("party", c.ID)}
	if err := n.load(); err != nil {
		return err
	}
	first := n.current.Load()
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), n.retire(first))
	}
	n.log.Info("serving", "address", ln.Addr().String(), "period", n.period)
	watching, stopWatching := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { n.watch(watching) })
	err = transport.Serve(ctx, ln, n.serve, transport.ServerConfig{Name: c.ID, MaxBodyBytes: first.maxBody, Logger: n.log})
	stopWatching()
	watcher.Wait()
	n.log.Info("stopped")
	return errors.Join(err, n.retire(n.current.Load()))
}

// load takes up the directory file, if it is new. One that cannot be taken up is tried again: a key file may still be missing.
func (n *node) load() error {
	path := n.config.path(n.config.Directory)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	if info.ModTime().Equal(n.stamp) {
		return nil
	}
	dir, err := directory.Load(path, n.config.Operator)
	if err != nil {
		return err
	}
	old := n.current.Load()
	if old != nil && dir.Period().Number <= n.period {
		n.stamp = info.ModTime()
		return nil
	}
	sch, err := dir.Scheme()
	if err != nil {
		return err
	}
	next, err := n.build(dir, sch)
	if err != nil {
		return err
	}
	n.current.Store(next)
	n.period = dir.Period().Number
	n.stamp = info.ModTime()
	if old != nil {
		n.log.Info("new period", "period", n.period)
		err = n.retire(old)
	}
	if next.tidy != nil {
		err = errors.Join(err, next.tidy())
	}
	if err != nil {
		n.log.Error("earlier periods are not cleared away", "error", err)
	}
	return nil
}

// retire waits for the requests that an instance is serving and stops it. Requests that come meanwhile do not wait for it to
// stop.
func (n *node) retire(i *instance) error {
	i.using.Lock()
	i.closed = true
	i.using.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return i.stop(ctx)
}

// serve passes a request to the current period's instance.
func (n *node) serve(ctx *fasthttp.RequestCtx) {
	for {
		i := n.current.Load()
		i.using.RLock()
		if !i.closed {
			defer i.using.RUnlock()
			i.handler(ctx)
			return
		}
		i.using.RUnlock()
		if n.current.Load() == i {
			transport.Fail(ctx, fasthttp.StatusServiceUnavailable, "shutting down")
			return
		}
	}
}

// watch enrols with the trustees until all know this party, and takes up new directories.
func (n *node) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var enrolled *instance
	reported := ""
	for {
		if i := n.current.Load(); i.enrol != nil && i != enrolled {
			if err := i.enrol(time.Now().Add(enrolTimeout)); err != nil {
				n.log.Warn("not enrolled with all trustees yet", "error", err)
			} else {
				n.log.Info("enrolled with all trustees")
				enrolled = i
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		refused := ""
		if err := n.load(); err != nil {
			refused = err.Error()
		}
		if refused != "" && refused != reported {
			n.log.Error("new directory refused, staying with the old one", "error", refused)
		}
		reported = refused
	}
}
