package auction

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"
)

// transcriptQueue is how many auctions may wait for their transcripts; beyond, they get none and are counted.
const transcriptQueue = 256

// trace is what was sent and received in one attempt at ranking. It is safe for concurrent use: an answer may still come when the
// attempt has been given up.
type trace struct {
	number, absent uint8

	mu       sync.Mutex
	failed   error
	requests [scheme.Trustees][]byte
	answers  [scheme.Trustees][]byte
	statuses [scheme.Trustees][]message.Status
}

func (t *trace) sent(trustee int, request []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests[trustee] = request
}

func (t *trace) received(trustee int, answer []byte, statuses []message.Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers[trustee], t.statuses[trustee] = answer, statuses
}

func (t *trace) ended(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = err
}

// attempt hashes the trace.
func (t *trace) attempt() Attempt {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := Attempt{Number: t.number, Failed: failureClass(t.failed)}
	if absent := t.absent; absent != message.Nobody {
		a.Absent = &absent
	}
	for i := range t.requests {
		if t.requests[i] == nil {
			continue
		}
		x := TrusteeHashes{Trustee: uint8(i), Request: sha256.Sum256(t.requests[i]), Statuses: t.statuses[i]}
		if t.answers[i] != nil {
			x.Answer = sha256.Sum256(t.answers[i])
		}
		a.Exchanges = append(a.Exchanges, x)
	}
	return a
}

// failureClass says what kind of failure ended an attempt, in a word: errors name addresses, which are nobody's business.
func failureClass(err error) string {
	var status *transport.StatusError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrDisagree):
		return "disagreement"
	case errors.Is(err, transport.ErrUnreachable):
		return "unreachable"
	case errors.Is(err, transport.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "late"
	case errors.As(err, &status):
		return fmt.Sprintf("status %d", status.Status)
	}
	return "other"
}

// ended is an auction that a transcript is to be made of.
type ended struct {
	c       *Case
	arrival time.Time
	traces  []*trace
	outcome []Outcome // nil if nothing was decided
}

// transcriber makes transcripts of sealed auctions, outside the auction path. A nil transcriber makes none.
type transcriber struct {
	period   uint32
	identity keys.Identity
	publish  func(*SignedTranscript) error
	metrics  *metrics
	log      *slog.Logger
	done     chan struct{}

	mu     sync.Mutex
	queue  chan ended
	closed bool
}

func newTranscriber(dir *directory.Directory, identity keys.Identity, m *metrics, c *Config) *transcriber {
	if c.Transcript == nil || !dir.Params().Encrypted() {
		return nil // the plaintext stand-in has no trustees
	}
	t := &transcriber{
		period: dir.Period().Number, identity: identity, publish: c.Transcript, metrics: m, log: c.Logger,
		queue: make(chan ended, transcriptQueue), done: make(chan struct{}),
	}
	go t.work()
	return t
}

// add queues an auction, if it is sealed. outcome is nil if nothing was decided.
func (t *transcriber) add(c *Case, arrival time.Time, report *RankReport, outcome []Outcome) {
	if t == nil || c.Request.Terms.Mode != message.Sealed {
		return
	}
	e := ended{c: c, arrival: arrival, outcome: outcome}
	if report != nil {
		e.traces = report.traces
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		select {
		case t.queue <- e:
			return
		default:
		}
	}
	t.metrics.transcriptsLost.Inc()
}

func (t *transcriber) work() {
	defer close(t.done)
	for e := range t.queue {
		if err := t.write(&e); err != nil {
			t.metrics.transcriptsLost.Inc()
			t.log.Warn("transcript not kept", "request", Hash(e.c.Request.Digest).String(), "error", err)
		}
	}
}

func (t *transcriber) write(e *ended) error {
	x := &Transcript{
		Period: t.period, Auction: auctionName(e.c.Request.Terms), Request: Hash(e.c.Request.Digest),
		Manifest: Hash(message.ManifestDigest(e.c.RawManifest)), Arrival: e.arrival.UTC(),
	}
	for _, trace := range e.traces {
		x.Attempts = append(x.Attempts, trace.attempt())
	}
	signed, err := x.Sign(e.outcome, t.identity)
	if err != nil {
		return err
	}
	return t.publish(signed)
}

// close makes the transcripts that are waiting, until ctx ends.
func (t *transcriber) close(ctx context.Context) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.queue)
	}
	t.mu.Unlock()
	select {
	case <-t.done:
	case <-ctx.Done():
	}
}
