package target

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"cipherbid/bench/replay"
	"cipherbid/bidder/synth"
	"cipherbid/bidder/train"
	"cipherbid/crypto/params"
	"cipherbid/node"
)

// TestMain lets the test binary stand in for the cipherbid program: called with a role, it serves that party.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[2] == "-config" {
		if err := serve(os.Args[1], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serve(role, config string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	switch role {
	case "trustee":
		var c node.Trustee
		if err := node.Load(config, &c); err != nil {
			return err
		}
		return node.RunTrustee(ctx, &c, log)
	case "bidder":
		var c node.Bidder
		if err := node.Load(config, &c); err != nil {
			return err
		}
		return node.RunBidder(ctx, &c, log)
	case "auctioneer":
		var c node.Auctioneer
		if err := node.Load(config, &c); err != nil {
			return err
		}
		return node.RunAuctioneer(ctx, &c, log)
	}
	return fmt.Errorf("no role %q", role)
}

const dim = 64

// fitted is a small market's log and models, made once for all tests.
var fitted = sync.OnceValues(func() (*replay.Data, error) {
	rows := synth.Market(1, 3000)
	fit, err := train.Fit(rows, train.Options{Dim: dim, NonClickRate: synth.NonClickRate, Values: synth.Values()})
	return &replay.Data{Source: "test", Fit: fit, Rows: rows[:500]}, err
})

func data(t *testing.T) *replay.Data {
	t.Helper()
	d, err := fitted()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func encrypted(t *testing.T) *params.Params {
	t.Helper()
	p, err := params.Default(dim)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plain(t *testing.T) *params.Params {
	t.Helper()
	p, err := params.Plain(11, dim)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
