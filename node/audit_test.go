package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/auction/audit"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/transport"
)

// loadAs loads a party's config as T and changes it.
func loadAs[T any, C interface {
	*T
	config
}](t *testing.T, path string, change func(c C)) C {
	t.Helper()
	c := C(new(T))
	if err := Load(path, c); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	return c
}

// What nodes are told to keep suffices to replay an auction after they have stopped.
func TestNodesKeepRecordsAndTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: a market starts up")
	}
	p, err := encrypted()
	l, dir := writeMarket(t, p, message.Sealed, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log, ended := make(lineLog, 1000), make(chan error)
	logger := slog.New(slog.NewTextHandler(log, nil))
	for _, x := range l.Processes {
		switch x.Role {
		case "trustee":
			c := loadAs(t, x.Config, func(c *Trustee) { c.Records = filepath.Join("records", c.ID) })
			go func() { ended <- RunTrustee(ctx, c, logger) }()
			log.wait(t, "keeping records", c.ID)
			log.wait(t, "serving", c.ID)
		case "bidder":
			c := loadAs[Bidder](t, x.Config, nil)
			go func() { ended <- RunBidder(ctx, c, logger) }()
			log.wait(t, "enrolled with all trustees", c.ID)
		case "auctioneer":
			c := loadAs(t, x.Config, func(c *Auctioneer) { c.Transcripts = "transcripts.jsonl" })
			go func() { ended <- RunAuctioneer(ctx, c, logger) }()
			log.wait(t, "enrolled with all trustees", c.ID)
		}
	}
	if err := (&Processes{layout: l}).WaitReady(ctx); err != nil { // not processes, but the same addresses
		t.Fatal(err)
	}
	a, d, _, err := OpenAgent(loadAs[Agent](t, l.Agent, nil))
	if err != nil {
		t.Fatal(err)
	}
	raw, request, err := a.Request(&agent.Opportunity{
		Features: make([]float64, p.Dim()), Imps: []message.Imp{{ID: "1", Floor: 0.1}}, Mode: message.Sealed, PriceRule: message.SecondPrice,
		Cap: 1000, GridBits: 7, TMax: 10 * time.Second, Lifetime: 30 * time.Second, MaxLanes: 64, MinOrgs: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := transport.NewClient(d.Auctioneer().URL, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Post("/auction", raw, time.Now().Add(time.Minute), 0); err != nil {
		t.Fatal(err)
	}
	stop()
	for range l.Processes {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}

	file, err := os.Open(filepath.Join(dir, "transcripts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("transcripts: %v, %v", info.Mode(), err)
	}
	sch, err := d.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	replayed := 0
	err = audit.Lines(file, "", func(signed *auction.SignedTranscript) error {
		replayed++
		e, err := audit.Gather([]string{filepath.Join(dir, "records", "trustee-0"), filepath.Join(dir, "records", "trustee-2")}, d.Epoch(), request)
		if err != nil {
			return err
		}
		r, err := audit.Replay(d, sch, signed, e)
		if err == nil && (!r.Outcome[0].Sold || r.Transcript.Request != auction.Hash(request)) {
			err = errors.New("another auction, or not sold")
		}
		return err
	})
	if err != nil || replayed != 1 {
		t.Errorf("%d replayed: %v", replayed, err)
	}
}

// A line that was cut short when an auctioneer was killed is ended before the next one begins.
func TestTranscriptsGoOnBehindATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "transcripts.jsonl")
	const line = `{"transcript":{"n":1},"signature":"AAAA"}` + "\n"
	for _, tc := range []struct{ before, after string }{{"", line}, {line, line + line}, {line + `{"tran`, line + "{\"tran\n" + line}} {
		if err := os.WriteFile(path, []byte(tc.before), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := openTranscripts(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.add(&auction.SignedTranscript{Transcript: []byte(`{"n":1}`), Signature: make([]byte, 3)}), f.Close()); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != tc.after {
			t.Errorf("after %q the file holds %q, want %q: %v", tc.before, got, tc.after, err)
		}
		if err := f.add(&auction.SignedTranscript{Transcript: []byte(`{}`)}); err == nil {
			t.Error("a line that was not written was not missed")
		}
	}
	if _, err := openTranscripts(filepath.Join(path, "nowhere")); err == nil || !strings.HasPrefix(err.Error(), "transcripts: ") {
		t.Error(err)
	}
}

// A folder of records that others can read stops a trustee.
func TestTrusteeWithOpenFolderOfRecordsIsRefused(t *testing.T) {
	p, err := encrypted()
	l, dir := writeMarket(t, p, message.Sealed, err)
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	c := loadAs(t, l.Processes[0].Config, func(c *Trustee) { c.Records = "open" })
	if err := RunTrustee(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil))); err == nil || !strings.Contains(err.Error(), "run chmod 700") {
		t.Error(err)
	}
}
