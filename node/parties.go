package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"cipherbid/auction"
	"cipherbid/bidder"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/trustee"
	"cipherbid/crypto/trustee/records"
	"cipherbid/crypto/trustee/server"
)

// RunTrustee serves a trustee until ctx ends.
func RunTrustee(ctx context.Context, c *Trustee, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	t := &trusteeNode{config: c, boot: time.Now(), log: log, ctx: ctx, unlinked: make(chan error, 1)}
	err := run(ctx, &c.Common, log, t.build)
	end()
	if t.links != nil {
		err = errors.Join(err, <-t.unlinked)
	}
	return err
}

// trusteeNode is what a trustee has beyond a period.
type trusteeNode struct {
	config *Trustee
	boot   time.Time
	log    *slog.Logger
	links  *server.Links // nil without a link address

	ctx      context.Context // of the links
	unlinked chan error      // gets what closing them says
}

// link connects the trustee with the others, once.
func (n *trusteeNode) link(dir *directory.Directory, index int) error {
	if n.links != nil {
		return nil
	}
	if n.config.Link == "" {
		if dir.Linked() {
			n.log.Warn("the directory names a link for this trustee, its config none: it takes no part in sealed ranking")
		}
		return nil
	}
	if !dir.Linked() {
		return errors.New("this trustee has a link address, but the directory names none")
	}
	identity, err := keyring.LoadIdentity(filepath.Join(n.config.path(n.config.Keys), keyring.KeyFile("trustee", n.config.ID)))
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", n.config.Link)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	links, err := server.StartLinks(dir, index, identity, ln, n.config.ranking(), n.log)
	if err != nil {
		return err
	}
	n.links = links
	// A trustee that is told to end leaves the others at once: they do not go on without it as long as it is linked, and it may
	// have requests to finish.
	context.AfterFunc(n.ctx, func() { n.unlinked <- links.Close() })
	return nil
}

func (n *trusteeNode) build(dir *directory.Directory, sch scheme.Scheme) (*instance, error) {
	c, index := n.config, -1
	for i, t := range dir.Trustees() {
		if t.ID == c.ID {
			index = i
		}
	}
	if index < 0 {
		return nil, fmt.Errorf("trustee %q is not in the directory", c.ID)
	}
	period := dir.Period().Number
	keyFolder := c.path(c.Keys)
	key, err := keyring.LoadPeriodKey(filepath.Join(keyFolder, keyring.PeriodKeyFile(c.ID, period)), dir.Suite())
	if err != nil {
		return nil, err
	}
	if err := n.link(dir, index); err != nil {
		return nil, err
	}
	state := c.path(c.State)
	folder := filepath.Join(state, fmt.Sprintf("period-%d", period))
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	store, err := trustee.OpenStore(folder)
	if err != nil {
		return nil, err
	}
	t, err := trustee.New(dir, sch, index, key, store, n.boot)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	closeRecords := func() {}
	if c.Records != "" {
		folder, err := records.Open(c.path(c.Records), dir.Epoch(), n.log)
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		n.log.Warn("keeping records: those of two trustees open every auction in them", "folder", c.path(c.Records))
		t.RecordTo(folder)
		closeRecords = folder.Close
	}
	if n.links != nil {
		n.links.Attach(t)
	}
	return &instance{
		handler: server.New(t, n.links, c.ID, period, n.boot, n.log).Handler(),
		maxBody: dir.Epoch().MaxRankRequestBytes(),
		stop:    func(context.Context) error { closeRecords(); return store.Close() },
		tidy: func() error {
			return errors.Join(keyring.DestroyOldPeriodKeys(keyFolder, c.ID, period), removeOldState(state, folder))
		},
	}, nil
}

// removeOldState removes the stores of earlier periods.
func removeOldState(state, current string) error {
	old, err := filepath.Glob(filepath.Join(state, "period-*"))
	if err != nil {
		return fmt.Errorf("old state: %w", err)
	}
	for _, folder := range old {
		if folder == current {
			continue
		}
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("old state: %w", err)
		}
	}
	return nil
}

// RunBidder serves a bidder until ctx ends.
func RunBidder(ctx context.Context, c *Bidder, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	features, err := model.LoadFeatureMap(c.path(c.Features))
	if err != nil {
		return err
	}
	m, err := model.LoadGLM(c.path(c.Model), features)
	if err != nil {
		return err
	}
	identity, err := keyring.LoadIdentity(filepath.Join(c.path(c.Keys), keyring.KeyFile("bidder", c.ID)))
	if err != nil {
		return err
	}
	return run(ctx, &c.Common, log, func(dir *directory.Directory, sch scheme.Scheme) (*instance, error) {
		if err := checkFeatures(dir, features); err != nil {
			return nil, err
		}
		s, err := bidder.New(dir, sch, c.ID, identity, m, log)
		if err != nil {
			return nil, err
		}
		return &instance{
			handler: s.Handler(), maxBody: s.MaxBodyBytes(), enrol: s.Enrol,
			stop: func(context.Context) error { return nil },
		}, nil
	})
}

func checkFeatures(dir *directory.Directory, m *model.FeatureMap) error {
	if dir.Features() != m.Digest() {
		return errors.New("the feature map is not the one that the directory names")
	}
	if dir.Params().Dim() != m.Dim() {
		return fmt.Errorf("the feature map has %d features, the directory's parameters %d", m.Dim(), dir.Params().Dim())
	}
	return nil
}

// RunAuctioneer serves the auctioneer until ctx ends.
func RunAuctioneer(ctx context.Context, c *Auctioneer, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	identity, err := keyring.LoadIdentity(filepath.Join(c.path(c.Keys), keyring.KeyFile("auctioneer", c.ID)))
	if err != nil {
		return err
	}
	settings := auction.Config{
		NetworkReserve: time.Duration(c.NetworkReserveMS) * time.Millisecond,
		RankReserve:    time.Duration(c.RankReserveMS) * time.Millisecond,
		Logger:         log,
	}
	if c.Transcripts != "" {
		file, err := openTranscripts(c.path(c.Transcripts))
		if err != nil {
			return err
		}
		defer file.Close()
		settings.Transcript = file.add
	}
	return run(ctx, &c.Common, log, func(dir *directory.Directory, _ scheme.Scheme) (*instance, error) {
		i := &instance{}
		ranker, err := newRanker(c, dir, identity, log)
		if err != nil {
			return nil, err
		}
		closeRanker := func() {}
		if r, ok := ranker.(trusteesRanker); ok {
			i.enrol, closeRanker = r.Enrol, r.Close
		}
		a, err := auction.New(dir, identity, ranker, settings)
		if err != nil {
			return nil, err
		}
		i.handler, i.maxBody = a.Handler(), a.MaxBodyBytes()
		i.stop = func(ctx context.Context) error { a.Close(ctx); closeRanker(); return nil }
		return i, nil
	})
}

// trusteesRanker is a ranker that has sessions with the trustees.
type trusteesRanker interface {
	auction.Ranker
	Enrol(deadline time.Time) error
	Close()
}

func newRanker(c *Auctioneer, dir *directory.Directory, identity keys.Identity, log *slog.Logger) (auction.Ranker, error) {
	mode, err := c.mode()
	switch {
	case err != nil:
		return nil, err
	case !dir.Params().Encrypted():
		return &auction.Cleartext{}, nil
	case mode == message.Open:
		return auction.NewOpenRanker(dir, identity, log)
	}
	return auction.NewSealedRanker(dir, identity, log)
}

// OpenAgent returns the user agent of a config, its directory and the market's feature map.
func OpenAgent(c *Agent) (*agent.Agent, *directory.Directory, *model.FeatureMap, error) {
	dir, err := directory.Load(c.path(c.Directory), c.Operator)
	if err != nil {
		return nil, nil, nil, err
	}
	features, err := model.LoadFeatureMap(c.path(c.Features))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := checkFeatures(dir, features); err != nil {
		return nil, nil, nil, err
	}
	identity, err := keyring.LoadIdentity(filepath.Join(c.path(c.Keys), keyring.KeyFile("publisher", c.ID)))
	if err != nil {
		return nil, nil, nil, err
	}
	sch, err := dir.Scheme()
	if err != nil {
		return nil, nil, nil, err
	}
	a, err := agent.New(dir, sch, c.ID, identity)
	return a, dir, features, err
}
