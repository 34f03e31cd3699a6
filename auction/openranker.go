package auction

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"
)

// OpenRanker asks the three trustees to open every bid to it. A baseline to measure against, not a protection: it sees all
// bids, and with the help of one bidder, whose weights are known to that bidder, learns the features from them.
type OpenRanker struct {
	// Opened, if set, is called with the lanes of every auction. For experiments. Set it before the first auction.
	Opened func(c *Case, lanes [][]uint32)

	dir      *directory.Directory
	identity keys.Identity
	links    [scheme.Trustees]*trusteeLink
	grace    time.Duration
	log      *slog.Logger
}

// trusteeLink is the auctioneer's end of its session with one trustee.
type trusteeLink struct {
	index  int
	id     string
	client *transport.Client

	mu      sync.RWMutex
	session *keys.Session
}

// compareGrace is how long the third trustee may come after the second. Two suffice to rank; all three are asked so that they
// can be compared, but a dead one must not hold auctions up.
const compareGrace = 15 * time.Millisecond

// NewOpenRanker returns the ranker of the directory's auctioneer.
func NewOpenRanker(dir *directory.Directory, identity keys.Identity, log *slog.Logger) (*OpenRanker, error) {
	if string(identity.Public()) != string(dir.Auctioneer().Identity) {
		return nil, fmt.Errorf("auctioneer %q has another identity in the directory", dir.Auctioneer().ID)
	}
	r := &OpenRanker{dir: dir, identity: identity, grace: compareGrace, log: log}
	for i, t := range dir.Trustees() {
		client, err := transport.NewClient(t.URL, 1<<22)
		if err != nil {
			return nil, fmt.Errorf("trustee %q: %w", t.ID, err)
		}
		r.links[i] = &trusteeLink{index: i, id: t.ID, client: client}
	}
	return r, nil
}

// Mode is open.
func (r *OpenRanker) Mode() message.Mode { return message.Open }

// Close drops the connections to the trustees.
func (r *OpenRanker) Close() {
	for _, l := range r.links {
		l.client.Close()
	}
}

// Enrol opens a session with every trustee, and returns the errors of those with whom it could not. They are tried again
// whenever they say that they do not know the auctioneer.
func (r *OpenRanker) Enrol(deadline time.Time) error {
	var errs [scheme.Trustees]error
	var wg sync.WaitGroup
	for i, l := range r.links {
		wg.Go(func() {
			if _, err := r.enrol(l, nil, deadline); err != nil {
				errs[i] = fmt.Errorf("enrol with trustee %q: %w", l.id, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

// enrol opens a new session, unless somebody else has replaced the stale one meanwhile.
func (r *OpenRanker) enrol(l *trusteeLink, stale *keys.Session, deadline time.Time) (*keys.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != stale {
		return l.session, nil
	}
	session, raw, err := enrol.One(r.dir, message.RoleAuctioneer, r.dir.Auctioneer().ID, r.identity, l.index)
	if err != nil {
		return nil, err
	}
	if _, err := l.client.Post("/enrol", raw, deadline, 0); err != nil {
		return nil, err
	}
	l.session = session
	return session, nil
}

func (l *trusteeLink) current() *keys.Session {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.session
}

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
			a := r.ask(l, c, deadline)
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

// ask sends an open request to one trustee, enrolling first where the trustee does not know the auctioneer.
func (r *OpenRanker) ask(l *trusteeLink, c *Case, deadline time.Time) trusteeAnswer {
	session := l.current()
	var err error
	if session == nil {
		if session, err = r.enrol(l, session, deadline); err != nil {
			return trusteeAnswer{err: err}
		}
	}
	body := r.encode(l, session, c)
	sealed, err := l.client.Post("/open", body, deadline, 0)
	var status *transport.StatusError
	if errors.As(err, &status) && status.Status == http.StatusPreconditionFailed {
		if session, err = r.enrol(l, session, deadline); err == nil {
			body = r.encode(l, session, c)
			sealed, err = l.client.Post("/open", body, deadline, 0)
		}
	}
	if err != nil {
		return trusteeAnswer{bytes: len(body), err: err}
	}
	shares, err := r.openShares(l, session, c, sealed)
	return trusteeAnswer{shares: shares, bytes: len(body) + len(sealed), err: err}
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
