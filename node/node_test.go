package node

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/message"

	"github.com/valyala/fasthttp"
)

// lineLog hands the lines of a log to a test.
type lineLog chan string

func (l lineLog) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default: // the test waits for none of them
	}
	return len(b), nil
}

// wait waits for a line with all the words.
func (l lineLog) wait(t *testing.T, words ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case line := <-l:
			found := true
			for _, w := range words {
				found = found && strings.Contains(line, w)
			}
			if found {
				return
			}
		case <-ctx.Done():
			t.Fatalf("log never said %q", words)
		}
	}
}

// While an instance of the last period takes its time to stop, requests are served by the new one.
func TestRequestsDoNotWaitForTheLastPeriodToStop(t *testing.T) {
	n := &node{}
	stopping, release := make(chan struct{}), make(chan struct{})
	old := &instance{stop: func(context.Context) error { close(stopping); <-release; return nil }}
	next := &instance{handler: func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(fasthttp.StatusTeapot) }}
	n.current.Store(next)
	retired := make(chan error)
	go func() { retired <- n.retire(old) }()
	<-stopping
	if !old.using.TryRLock() { // as a request does that has just looked the old instance up
		t.Fatal("a request would wait until the old instance has stopped")
	}
	if !old.closed {
		t.Error("the old instance would serve a request while it stops")
	}
	old.using.RUnlock()
	var ctx fasthttp.RequestCtx
	n.serve(&ctx)
	if ctx.Response.StatusCode() != fasthttp.StatusTeapot {
		t.Errorf("status %d", ctx.Response.StatusCode())
	}
	close(release)
	if err := <-retired; err != nil {
		t.Error(err)
	}
}

func TestStoppedNodeRefuses(t *testing.T) {
	n := &node{}
	only := &instance{stop: func(context.Context) error { return nil }}
	n.current.Store(only)
	if err := n.retire(only); err != nil {
		t.Fatal(err)
	}
	var ctx fasthttp.RequestCtx
	n.serve(&ctx)
	if ctx.Response.StatusCode() != fasthttp.StatusServiceUnavailable {
		t.Errorf("status %d", ctx.Response.StatusCode())
	}
}

// copyFile puts a copy in place at once.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to+".new", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".new", to); err != nil {
		t.Fatal(err)
	}
}

// A trustee whose next period key comes after the directory, or not at all, serves the old period until it has both.
func TestTrusteeWaitsForItsNextPeriodKey(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds: a trustee looks for a new directory once a second")
	}
	p, err := encrypted()
	_, dir := writeMarket(t, p, message.Sealed, err)
	folder, state := filepath.Join(dir, "keys"), filepath.Join(dir, "state", "trustee-0")
	var c Trustee
	if err := Load(filepath.Join(dir, "trustee-0.json"), &c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, ended := make(lineLog, 100), make(chan error)
	go func() { ended <- RunTrustee(ctx, &c, slog.New(slog.NewTextHandler(log, nil))) }()
	log.wait(t, "serving", "period=1")

	k, err := keyring.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Roll(time.Now(), directory.MaxPeriod); err != nil {
		t.Fatal(err)
	}
	rolled := t.TempDir()
	if err := k.Save(rolled); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(rolled, keyring.DirectoryFile), filepath.Join(folder, keyring.DirectoryFile))
	log.wait(t, "new directory refused", "period-2.key")
	copyFile(t, filepath.Join(rolled, keyring.PeriodKeyFile("trustee-0", 2)), filepath.Join(folder, keyring.PeriodKeyFile("trustee-0", 2)))
	log.wait(t, "new period", "period=2")

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for path, want := range map[string]bool{
		filepath.Join(folder, keyring.PeriodKeyFile("trustee-0", 1)): false,
		filepath.Join(folder, keyring.PeriodKeyFile("trustee-0", 2)): true,
		filepath.Join(folder, keyring.PeriodKeyFile("trustee-1", 1)): true, // another trustee's
		filepath.Join(state, "period-1"):                             false,
		filepath.Join(state, "period-2"):                             true,
	} {
		if _, err := os.Stat(path); (err == nil) != want || err != nil && !os.IsNotExist(err) {
			t.Errorf("%s: %v, want it there: %t", path, err, want)
		}
	}
}

// withoutLinks writes another directory of a market, in which trustees have no links, and returns its file.
func withoutLinks(t *testing.T, dir string) string {
	t.Helper()
	k, err := keyring.Load(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.Directory()
	if err != nil {
		t.Fatal(err)
	}
	f := d.File()
	for i := range f.Trustees {
		f.Trustees[i].Link = ""
	}
	signed, err := directory.Sign(f, k.Operator)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "keys", "unlinked.json")
	if err := os.WriteFile(file, signed, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRunRefuses(t *testing.T) {
	p, err := encrypted()
	_, dir := writeMarket(t, p, message.Sealed, err)
	load := func(name string, c config) {
		t.Helper()
		if err := Load(filepath.Join(dir, name+".json"), c); err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	unlinked := withoutLinks(t, dir)
	for _, tc := range []struct {
		name string
		run  func() error
		want string
	}{
		{"trustee that is not in the directory", func() error {
			var c Trustee
			load("trustee-0", &c)
			c.ID = "trustee-7"
			return RunTrustee(t.Context(), &c, quiet)
		}, `"trustee-7" is not in the directory`},
		{"another trustee's key", func() error {
			var c Trustee
			load("trustee-0", &c)
			elsewhere := t.TempDir()
			copyFile(t, filepath.Join(dir, "keys", keyring.PeriodKeyFile("trustee-1", 1)), filepath.Join(elsewhere, keyring.PeriodKeyFile("trustee-0", 1)))
			copyFile(t, filepath.Join(dir, "keys", keyring.KeyFile("trustee", "trustee-0")), filepath.Join(elsewhere, keyring.KeyFile("trustee", "trustee-0")))
			c.Keys = elsewhere
			return RunTrustee(t.Context(), &c, quiet)
		}, "period key is not the one in the directory"},
		{"another trustee's identity", func() error {
			var c Trustee
			load("trustee-0", &c)
			elsewhere := t.TempDir()
			copyFile(t, filepath.Join(dir, "keys", keyring.PeriodKeyFile("trustee-0", 1)), filepath.Join(elsewhere, keyring.PeriodKeyFile("trustee-0", 1)))
			copyFile(t, filepath.Join(dir, "keys", keyring.KeyFile("trustee", "trustee-1")), filepath.Join(elsewhere, keyring.KeyFile("trustee", "trustee-0")))
			c.Keys = elsewhere
			return RunTrustee(t.Context(), &c, quiet)
		}, "another identity"},
		{"another bidder's identity", func() error {
			var c Bidder
			load("ada", &c)
			elsewhere := t.TempDir()
			copyFile(t, filepath.Join(dir, "keys", keyring.KeyFile("bidder", "bob")), filepath.Join(elsewhere, keyring.KeyFile("bidder", "ada")))
			c.Keys = elsewhere
			return RunBidder(t.Context(), &c, quiet)
		}, "another identity"},
		{"config without a state folder", func() error {
			var c Trustee
			load("trustee-0", &c)
			c.State = ""
			return RunTrustee(t.Context(), &c, quiet)
		}, `"state" is missing`},
		{"no model file", func() error {
			var c Bidder
			load("ada", &c)
			c.Model = "nowhere.json"
			return RunBidder(t.Context(), &c, quiet)
		}, "nowhere.json"},
		{"link that cannot be listened at", func() error {
			var c Trustee
			load("trustee-0", &c)
			c.Link = "256.0.0.1:1"
			return RunTrustee(t.Context(), &c, quiet)
		}, "link"},
		{"link that the directory does not know", func() error {
			var c Trustee
			load("trustee-0", &c)
			c.Directory = unlinked
			return RunTrustee(t.Context(), &c, quiet)
		}, "the directory names none"},
		{"sealed ranking without links", func() error {
			var c Auctioneer
			load("auctioneer", &c)
			c.Directory = unlinked
			return RunAuctioneer(t.Context(), &c, quiet)
		}, "trustees with links"},
		{"address that cannot be listened at", func() error {
			var c Auctioneer
			load("auctioneer", &c)
			c.Listen = "256.0.0.1:1"
			return RunAuctioneer(t.Context(), &c, quiet)
		}, "listen"},
	} {
		if err := tc.run(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "keys", keyring.PeriodKeyFile("trustee-0", 1))); err != nil {
		t.Errorf("a refused start has cost a key: %v", err)
	}
}
