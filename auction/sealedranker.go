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
	"cipherbid/crypto/sealed"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// SealedRanker has the trustees rank without opening bids: it learns the winner and the price, one trustee the winner, and nobody
// anything else. If a trustee cannot be reached, the other two are asked to go on without it, and it is left out until it
// answers again. See cipherbid/crypto/sealed.
type SealedRanker struct {
	*trustees
	circuits sealed.Cache
	stock    stock
	health   *health
}

// NewSealedRanker returns the ranker of the directory's auctioneer. Call Close when done.
func NewSealedRanker(dir *directory.Directory, identity keys.Identity, log *slog.Logger) (*SealedRanker, error) {
	if !dir.Linked() {
		return nil, errors.New("sealed ranking needs trustees with links to each other, of which the directory names none")
	}
	t, err := newTrustees(dir, identity)
	if err != nil {
		return nil, err
	}
	return &SealedRanker{trustees: t, health: newHealth(t, log)}, nil
}

// Close drops the connections to the trustees.
func (r *SealedRanker) Close() {
	r.health.close()
	r.trustees.Close()
}

// Serves reports whether the ranker serves a mode: sealed.
func (r *SealedRanker) Serves(m message.Mode) bool { return m == message.Sealed }

// Rank tries to rank until it succeeds, trying again makes no sense, or ctx ends. Every attempt is with the identical manifest:
// with a bid less, a second attempt would open the runner-up.
func (r *SealedRanker) Rank(ctx context.Context, c *Case) ([]Outcome, *RankReport, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, nil, errors.New("ranking needs a deadline")
	}
	plans, err := sealed.Plans(c.Request.Terms, c.Manifest)
	if err != nil {
		return nil, nil, err
	}
	report := &RankReport{}
	var failures []error
	for n := range uint8(message.MaxAttempts) {
		absent, err := r.health.absent()
		if err != nil {
			return nil, report, errors.Join(append(failures, err)...)
		}
		a := &attempt{SealedRanker: r, c: c, plans: plans, deadline: deadline, number: n, absent: absent, trace: &trace{number: n, absent: absent}}
		report.traces = append(report.traces, a.trace)
		outcomes, err := a.run(ctx, report)
		a.trace.ended(err)
		if err == nil {
			return outcomes, report, nil
		}
		failures = append(failures, fmt.Errorf("attempt %d: %w", n+1, err))
		if !errors.Is(err, errAgain) || !pause(ctx, firstPause<<n) {
			break
		}
	}
	return nil, report, errors.Join(failures...)
}

// firstPause is how long to wait after the first failure; it doubles with each. A link that broke is back within some of them.
const firstPause = 2 * time.Millisecond

// pause waits, and reports whether there is time left afterwards.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// errAgain is wrapped by a failure after which another attempt may succeed: all that have failed may do better then.
var errAgain = errors.New("another attempt may succeed")

// attempt is one attempt at ranking a case.
type attempt struct {
	*SealedRanker
	c        *Case
	plans    []*sealed.Plan
	deadline time.Time
	number   uint8
	absent   uint8
	trace    *trace
}

// lostAnswers is how often an answer may be lost in one auction.
const lostAnswers = 2

// margin is how much earlier than the auctioneer a trustee gives up waiting for another, so that it can still say for whom.
const margin = 2 * time.Millisecond

func (a *attempt) run(ctx context.Context, report *RankReport) ([]Outcome, error) {
	manifest := message.ManifestDigest(a.c.RawManifest)
	roles := sealed.RolesOf(&a.c.Request.Digest, a.number, a.absent)
	wait := min(time.Until(a.deadline)-margin, message.MaxWait)
	if wait < time.Millisecond {
		return nil, fmt.Errorf("%w: no time left", ErrTrustees)
	}
	call := &message.Call{Attempt: a.number, Absent: a.absent, Wait: wait, Tickets: make([]message.Ticket, len(a.plans))}
	if a.number == 0 && a.absent == message.Nobody { // where something has failed, the stock may be what is wrong
		call.Tickets = a.stock.take(a.plans, roles[message.Evaluator])
	}
	runs, err := sealed.Runs(&a.circuits, a.plans, &a.c.Request.Digest, &manifest, call)
	if err != nil {
		return nil, err
	}
	answers, err := a.gather(ctx, &manifest, call, report)
	if err != nil {
		a.stock.drop(roles[message.Evaluator])
		return nil, err
	}
	return a.read(roles, runs, answers, report)
}

type rankedAnswer struct {
	index  int
	ranked *message.Ranked
	bytes  int
	err    error
}

// failGrace is how long to wait for more failures after the first: one that cannot be reached tells more than one that complains
// of it.
const failGrace = 5 * time.Millisecond

// gather asks everybody who takes part, all at once, and returns when all have answered or one has failed.
func (a *attempt) gather(ctx context.Context, manifest *message.Digest, call *message.Call, report *RankReport) (*[scheme.Trustees]*message.Ranked, error) {
	raw := message.EncodeCall(call)
	in := make(chan rankedAnswer, scheme.Trustees)
	asked := 0
	for _, l := range a.links {
		if l.index != int(call.Absent) {
			asked++
			go func() { in <- a.askOne(l, manifest, raw) }()
		}
	}
	var answers [scheme.Trustees]*message.Ranked
	var failures []error
	again := true
	failed := func() error {
		if again && len(failures) > 0 {
			failures = append(failures, errAgain)
		}
		return errors.Join(failures...)
	}
	var enough <-chan time.Time
	for range asked {
		select {
		case x := <-in:
			report.Bytes += x.bytes
			if x.err == nil {
				answers[x.index] = x.ranked
				continue
			}
			failures = append(failures, fmt.Errorf("%w: trustee %q: %w", ErrTrustees, a.links[x.index].id, x.err))
			again = a.mayPass(x) && again
			if enough == nil {
				timer := time.NewTimer(failGrace)
				defer timer.Stop()
				enough = timer.C
			}
		case <-enough:
			return nil, failed()
		case <-ctx.Done():
			return nil, errors.Join(append(failures, fmt.Errorf("%w: %w", ErrTrustees, ctx.Err()))...)
		}
	}
	return &answers, failed()
}

// mayPass judges a trustee's failure: whether it is down, and whether another attempt makes sense.
func (a *attempt) mayPass(x rankedAnswer) bool {
	var status *transport.StatusError
	switch {
	case errors.Is(x.err, transport.ErrUnreachable):
		a.health.fails(x.index)
		return true
	case errors.Is(x.err, transport.ErrTimeout):
		a.health.suspect()
		return false
	case !errors.As(x.err, &status):
		return false
	}
	switch status.Status {
	case fasthttp.StatusUnprocessableEntity:
		a.health.returns(a.absent)
		return true
	case fasthttp.StatusBadGateway:
		a.health.suspect()
		return true
	case fasthttp.StatusConflict: // an answer may have been lost with its connection, and the call repeated
		return a.number < lostAnswers
	}
	return false
}

func (a *attempt) askOne(l *trusteeLink, manifest *message.Digest, call []byte) rankedAnswer {
	x, err := a.ask(l, "/rank", func(s *keys.Session) []byte {
		context := message.CallContext(manifest, call, l.index)
		body := a.dir.Epoch().EncodeRankRequest(a.c.Request, call, a.c.RawManifest, s.Seal(nil, nil, &context), a.c.Answers, l.index)
		a.trace.sent(l.index, body)
		return body
	}, a.deadline)
	if err != nil {
		return rankedAnswer{index: l.index, bytes: x.bytes, err: err}
	}
	ranked, err := a.open(l, x, manifest)
	return rankedAnswer{l.index, ranked, x.bytes, err}
}

func (a *attempt) open(l *trusteeLink, x exchange, manifest *message.Digest) (*message.Ranked, error) {
	context := message.RankedContext(manifest, a.number, l.index)
	plaintext, err := x.session.Open(nil, x.answer, &context)
	if err != nil {
		return nil, fmt.Errorf("outcome: %w", err)
	}
	ranked, err := a.dir.Epoch().DecodeRanked(plaintext)
	if err != nil {
		return nil, fmt.Errorf("outcome: %w", err)
	}
	if ranked.Trustee != l.index || ranked.Manifest != *manifest || ranked.Attempt != a.number ||
		len(ranked.Imps) != len(a.plans) || len(ranked.Statuses) != len(a.c.Manifest.Entries) {
		return nil, errors.New("outcome is another trustee's, or of something else")
	}
	a.trace.received(l.index, x.answer, ranked.Statuses)
	a.stock.add(l.index, ranked.Ready)
	return ranked, nil
}

// read puts the trustees' parts of the outcome together.
func (a *attempt) read(roles sealed.Roles, runs []*sealed.Run, answers *[scheme.Trustees]*message.Ranked, report *RankReport) ([]Outcome, error) {
	garbler, checker, evaluator := answers[roles[message.Garbler]], answers[roles[message.Checker]], answers[roles[message.Evaluator]]
	opened := [2]*message.Ranked{garbler, checker} // a bid counts if these two could open it
	if checker == nil {
		checker, opened[1] = garbler, evaluator
	}
	outcomes := unsold(a.c.Request.Terms)
	for i, run := range runs {
		if run == nil {
			continue
		}
		if checker != garbler {
			if err := run.CheckOpened(&evaluator.Imps[i], garbler.Statuses, checker.Statuses); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrDisagree, err)
			}
		}
		o, err := run.Read(a.c.Request.Terms, &garbler.Imps[i], &checker.Imps[i], &evaluator.Imps[i], i)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDisagree, err)
		}
		if o.Sold {
			e := &a.c.Manifest.Entries[o.Entry]
			outcomes[i] = Outcome{Imp: outcomes[i].Imp, Sold: true, Seat: e.Seat, Campaign: int(e.Lanes[o.Lane].Campaign), Price: o.Price}
		}
	}
	report.Refused = map[string]string{}
	for _, ranked := range opened {
		for i, s := range ranked.Statuses {
			if s != message.Opened {
				report.Refused[a.c.Manifest.Entries[i].Seat] = fmt.Sprintf("trustee %d: %s", ranked.Trustee, s)
			}
		}
	}
	return outcomes, nil
}
