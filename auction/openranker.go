package auction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// OpenRanker asks the three trustees to open every bid to it. A baseline to measure against, not a protection: it sees all
// bids, and with the help of one bidder, whose weights are known to that bidder, learns the features from them.
type OpenRanker struct {
	// Opened, if set, is called with the lanes of every auction. For experiments. Set it before the first auction.
	Opened func(c *Case, lanes [][]uint32)

	*trustees
	grace time.Duration
	log   *slog.Logger
}

// compareGrace is how long the third trustee may come after the second. Two suffice to rank; all three are asked so that they
// can be compared, but a dead one must not hold auctions up.
const compareGrace = 15 * time.Millisecond

// NewOpenRanker returns the ranker of the directory's auctioneer.
func NewOpenRanker(dir *directory.Directory, identity keys.Identity, log *slog.Logger) (*OpenRanker, error) {
	t, err := newTrustees(dir, identity)
	if err != nil {
		return nil, err
	}
	return &OpenRanker{trustees: t, grace: compareGrace, log: log}, nil
}

// Serves reports whether a mode is open.
func (r *OpenRanker) Serves(m message.Mode) bool { return m == message.Open }

type trusteeAnswer struct {
	index  int
	shares *message.Shares
	bytes  int
	err    error
}

// Rank asks all trustees at once and goes on with two when the third is late.
func (r *OpenRanker) Rank(ctx context.Context, c *Case) ([]Outcome, *RankReport, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, nil, errors.New("ranking needs a deadline")
	}
	answers := make(chan trusteeAnswer, scheme.Trustees)
	for _, l := range r.links {
		go func() {
			a := r.open(l, c, deadline)
			a.index = l.index
			answers <- a
		}()
	}
	report := &RankReport{}
	shares, err := r.gather(ctx, answers, report)
	lanes, refused, combineErr := combine(c.Manifest, shares)
	if combineErr != nil {
		return nil, report, errors.Join(combineErr, err)
	}
	report.Refused = refused
	if r.Opened != nil {
		r.Opened(c, lanes)
	}
	return Rank(c.Request.Terms, c.Manifest, lanes), report, nil
}

// gather waits for all three answers, but no longer than the grace once two are in.
func (r *OpenRanker) gather(ctx context.Context, answers <-chan trusteeAnswer, report *RankReport) (*[scheme.Trustees]*message.Shares, error) {
	var shares [scheme.Trustees]*message.Shares
	var errs []error
	var late <-chan time.Time
	good := 0
	for range scheme.Trustees {
		select {
		case a := <-answers:
			report.Bytes += a.bytes
			if a.err != nil {
				errs = append(errs, fmt.Errorf("trustee %q: %w", r.links[a.index].id, a.err))
				continue
			}
			shares[a.index] = a.shares
			if good++; good == 2 {
				timer := time.NewTimer(r.grace)
				defer timer.Stop()
				late = timer.C
			}
		case <-late:
			r.log.Warn("a trustee is late", "answers", good)
			return &shares, errors.Join(errs...)
		case <-ctx.Done():
			return &shares, errors.Join(append(errs, ctx.Err())...)
		}
	}
	if len(errs) > 0 {
		r.log.Warn("a trustee failed", "error", errors.Join(errs...))
	}
	return &shares, errors.Join(errs...)
}

// open asks one trustee for its shares.
func (r *OpenRanker) open(l *trusteeLink, c *Case, deadline time.Time) trusteeAnswer {
	x, err := r.ask(l, "/open", func(s *keys.Session) []byte { return r.encode(l, s, c) }, deadline)
	if err != nil {
		return trusteeAnswer{bytes: x.bytes, err: err}
	}
	shares, err := r.openShares(l, x.session, c, x.answer)
	return trusteeAnswer{shares: shares, bytes: x.bytes, err: err}
}

// encode makes the request to one trustee. The tag shows it that the manifest is the auctioneer's.
func (r *OpenRanker) encode(l *trusteeLink, session *keys.Session, c *Case) []byte {
	manifest := message.ManifestDigest(c.RawManifest)
	context := message.ManifestContext(&manifest, l.index)
	return r.dir.Epoch().EncodeOpenRequest(c.Request, c.RawManifest, session.Seal(nil, nil, &context), c.Answers, l.index)
}

func (r *OpenRanker) openShares(l *trusteeLink, session *keys.Session, c *Case, sealed []byte) (*message.Shares, error) {
	manifest := message.ManifestDigest(c.RawManifest)
	context := message.SharesContext(&manifest, l.index)
	plaintext, err := session.Open(nil, sealed, &context)
	if err != nil {
		return nil, fmt.Errorf("shares: %w", err)
	}
	shares, err := r.dir.Epoch().DecodeShares(plaintext, c.Manifest)
	if err != nil {
		return nil, fmt.Errorf("shares: %w", err)
	}
	if shares.Trustee != l.index || shares.Manifest != manifest {
		return nil, errors.New("shares are another trustee's or another manifest's")
	}
	return shares, nil
}
