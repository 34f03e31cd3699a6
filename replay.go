package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cipherbid/auction"
	"cipherbid/auction/audit"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

func runReplay(_ context.Context, args []string) error {
	f := flags("replay", "Replays sealed auctions for an auditor: confirms winner and price from the auctioneer's transcript and the records of two\n"+
		"trustees, or says which check failed and at whom that points. It exits with 0 if every auction is confirmed.\n\n"+
		"An auctioneer with \"transcripts\" in its config writes transcripts, a trustee with \"records\" keeps records.\n\n"+
		"CAUTION: the records of two trustees open the user's features and every bid of an auction. Keep them encrypted and apart,\n"+
		"bring them together for the audit only, and delete them afterwards.",
		"cipherbid replay -directory keys/directory.json -operator KEY -transcript transcripts.jsonl \\\n"+
			"    -auction 5c01f3a2 -record trustee-0/records -record trustee-2/records")
	var r replayFlags
	f.StringVar(&r.directory, "directory", "", "signed directory of the auction's period, or the folder that it is in (required)")
	operator := f.String("operator", "", "public `key` of the market's operator (required)")
	f.StringVar(&r.transcript, "transcript", "", "file of transcripts (required)")
	f.StringVar(&r.name, "auction", "", "`id` or request digest of the auction to replay, or the start of either; all of the directory's period if empty")
	f.Func("record", "a trustee's `folder` of records, or one record's file; give it twice, for two trustees, or three times", func(path string) error {
		r.records = append(r.records, path)
		return nil
	})
	f.BoolVar(&r.showBids, "show-bids", false, "print every bid")
	if err := parse(f, args); err != nil {
		return err
	}
	if r.directory == "" || *operator == "" || r.transcript == "" {
		return fmt.Errorf("%w: replay needs -directory, -operator and -transcript", errUsage)
	}
	pinned, err := operatorKey(*operator)
	if err != nil {
		return err
	}
	return r.run(pinned, os.Stdout)
}

// operatorKey parses -operator.
func operatorKey(text string) (keys.Public, error) {
	var k keys.Public
	if err := json.Unmarshal([]byte(`"`+text+`"`), &k); err != nil {
		return nil, fmt.Errorf("%w: -operator is not base64", errUsage)
	}
	return k, nil
}

type replayFlags struct {
	directory, transcript, name string
	records                     []string
	showBids                    bool
}

// replayer replays the auctions of a file.
type replayer struct {
	*replayFlags
	dir    *directory.Directory
	scheme scheme.Scheme
	out    io.Writer
	seen   map[auction.Hash]bool

	confirmed, undecided, failed, others int // others are of other periods
}

func (r *replayFlags) run(operator keys.Public, out io.Writer) error {
	path := r.directory
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, keyring.DirectoryFile)
	}
	dir, err := directory.Load(path, operator)
	if err != nil {
		return err
	}
	sch, err := dir.Scheme()
	if err != nil {
		return err
	}
	file, err := os.Open(r.transcript)
	if err != nil {
		return fmt.Errorf("transcripts: %w", err)
	}
	defer file.Close()
	p := &replayer{replayFlags: r, dir: dir, scheme: sch, out: out, seen: map[auction.Hash]bool{}}
	if err := audit.Lines(file, r.name, p.one); err != nil {
		return err
	}
	total := p.confirmed + p.undecided + p.failed
	switch {
	case total == 0 && r.name != "":
		return fmt.Errorf("%s has no transcript of auction or request %s", r.transcript, r.name)
	case total == 0:
		return fmt.Errorf("%s has no transcripts of period %d", r.transcript, dir.Period().Number)
	case p.failed > 0:
		return fmt.Errorf("%d of %d auctions are not confirmed", p.failed, total)
	}
	fmt.Fprintf(out, "%d confirmed, %d not decided, %d of other periods\n", p.confirmed, p.undecided, p.others)
	return nil
}

// one replays one auction and goes on with the next, whatever comes of it.
func (p *replayer) one(signed *auction.SignedTranscript) error {
	t, report, err := p.replay(signed)
	if errors.Is(err, message.ErrPeriod) && p.name == "" {
		p.others++
		return nil
	}
	if t != nil {
		fmt.Fprintf(p.out, "auction     %s, request %s\n", t.Auction, t.Request)
	}
	switch {
	case err != nil:
		p.failed++
		fmt.Fprintf(p.out, "NOT CONFIRMED: %v\n\n", err)
		return nil
	case report.Terms == nil:
		p.undecided++
	default:
		p.confirmed++
	}
	p.print(report)
	return nil
}

func (p *replayer) replay(signed *auction.SignedTranscript) (*auction.Transcript, *audit.Report, error) {
	t, err := audit.Verify(p.dir, signed)
	if err != nil {
		return nil, nil, err
	}
	if p.seen[t.Request] {
		return t, nil, &audit.Finding{Err: errors.New("there is another transcript of this request"), Suspects: "the auctioneer"}
	}
	p.seen[t.Request] = true
	var evidence *audit.Evidence
	if t.Deciding() != nil {
		if evidence, err = audit.Gather(p.records, p.dir.Epoch(), message.Digest(t.Request)); err != nil {
			return t, nil, err
		}
	}
	report, err := audit.Replay(p.dir, p.scheme, signed, evidence)
	return t, report, err
}
