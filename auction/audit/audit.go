// Package audit replays sealed auctions: given the auctioneer's transcript and the records of two trustees, it confirms winner and
// price, or says which check failed and at whom that points. Start with [Lines], [Gather] and [Replay]; `cipherbid replay` is made of
// these.
//
// What stands behind a confirmation is a chain of digests. The auctioneer signs the digests of the request and of the manifest, and
// commits to the outcome. The publisher signs the request's digest, which names the digests of the three parts of b, and these bind
// the sub-keys. The manifest names the digests of hints and the commitments to the parts of every bid. So whoever holds sub-keys and
// parts of two trustees holds the bids, and cannot have changed one. Winner and price follow by [auction.Rank].
//
// What a replay does not show: whether the auctioneer has listed every bid that came in time, and whether a trustee whose record is
// not given could open an answer. That is the trustee's word.
//
// Records are secret, and so is most of a [Report]: two trustees' records open the auction. Everything here is safe for concurrent
// use.
package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"cipherbid/auction"
)

// Finding is a check that has failed.
type Finding struct {
	Err      error
	Suspects string // at whom or what it points
}

func (f *Finding) Error() string { return fmt.Sprintf("%v; this points at %s", f.Err, f.Suspects) }

// Unwrap returns Err.
func (f *Finding) Unwrap() error { return f.Err }

func finding(suspects, format string, args ...any) *Finding {
	return &Finding{fmt.Errorf(format, args...), suspects}
}

// ErrMissing is wrapped where nothing is known to be wrong, but what was given does not suffice to confirm an auction.
var ErrMissing = errors.New("cannot be confirmed")

// Lines calls f with every transcript in a file of them whose auction id or request digest begins with name. Nothing is verified. It
// stops at the first error of f.
func Lines(r io.Reader, name string, f func(*auction.SignedTranscript) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, auction.MaxTranscriptBytes)
	n := 0
	for s.Scan() {
		n++
		if len(s.Bytes()) == 0 || !bytes.Contains(s.Bytes(), []byte(name)) {
			continue
		}
		t, err := parse(s.Bytes())
		if err == nil && isNamed(t, name) {
			err = f(t)
		}
		if err != nil {
			return fmt.Errorf("transcripts: line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("transcripts: line %d: %w", n+1, err)
	}
	return nil
}

func parse(line []byte) (*auction.SignedTranscript, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	t := &auction.SignedTranscript{}
	if err := d.Decode(t); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is data after the end")
	}
	return t, nil
}

func isNamed(t *auction.SignedTranscript, name string) bool {
	var x struct{ Auction, Request string }
	return json.Unmarshal(t.Transcript, &x) == nil && (strings.HasPrefix(x.Auction, name) || strings.HasPrefix(x.Request, name))
}
