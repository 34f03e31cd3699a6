package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cipherbid/auction"
	"cipherbid/bidder"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/trustee"
	"cipherbid/crypto/trustee/server"
)

// RunTrustee serves a trustee until ctx ends.
func RunTrustee(ctx context.Context, c *Trustee, log *slog.Logger) error {
	if err := c.check(); err != nil {
		return err
	}
	boot := time.Now()
	return run(ctx, &c.Common, log, func(dir *directory.Directory, sch scheme.Scheme) (*instance, error) {
		return newTrustee(c, dir, sch, boot, log)
	})
}

func newTrustee(c *Trustee, dir *directory.Directory, sch scheme.Scheme, boot time.Time, log *slog.Logger) (*instance, error) {
	index := -1
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
	state := c.path(c.State)
	folder := filepath.Join(state, fmt.Sprintf("period-%d", period))
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	store, err := trustee.OpenStore(folder)
	if err != nil {
		return nil, err
	}
	t, err := trustee.New(dir, sch, index, key, store, boot)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &instance{
		handler: server.New(t, c.ID, period, boot, log).Handler(),
		maxBody: dir.Epoch().MaxOpenRequestBytes(),
		stop:    func(context.Context) error { return store.Close() },
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
	return run(ctx, &c.Common, log, func(dir *directory.Directory, _ scheme.Scheme) (*instance, error) {
		i := &instance{}
		var ranker auction.Ranker = &auction.Cleartext{}
		closeRanker := func() {}
		if dir.Params().Encrypted() {
			open, err := auction.NewOpenRanker(dir, identity, log)
			if err != nil {
				return nil, err
			}
			ranker, i.enrol, closeRanker = open, open.Enrol, open.Close
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
