package auction

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/message"
	"cipherbid/transport"
)

// fanout asks all bidders at once and owns the network and the clock; what it gathers is decided elsewhere.
type fanout struct {
	epoch   *message.Epoch
	bidders []bidderLink
	log     *slog.Logger
}

type bidderLink struct {
	seat   string
	client *transport.Client
}

// reply is what became of one bidder.
type reply struct {
	answer  *message.Answer // if outcome is Answered
	outcome BidderOutcome
	bytes   int
}

func newFanout(dir *directory.Directory, log *slog.Logger) (*fanout, error) {
	f := &fanout{epoch: dir.Epoch(), log: log}
	for _, b := range dir.Bidders() {
		client, err := transport.NewClient(b.URL, message.MaxAnswerBytes)
		if err != nil {
			return nil, fmt.Errorf("bidder %q: %w", b.Seat, err)
		}
		f.bidders = append(f.bidders, bidderLink{b.Seat, client})
	}
	return f, nil
}

// ask sends body to every bidder and returns their replies in the directory's order, at the deadline at the latest. A bidder
// that is late is late: what it sends afterwards is dropped with its buffer.
func (f *fanout) ask(r *message.Request, body []byte, deadline time.Time, tmax time.Duration) []reply {
	type indexed struct {
		index int
		reply reply
	}
	in := make(chan indexed, len(f.bidders))
	for i := range f.bidders {
		go func() { in <- indexed{i, f.askOne(&f.bidders[i], r, body, deadline, tmax)} }()
	}
	replies := make([]reply, len(f.bidders))
	for i := range replies {
		replies[i].outcome = Late
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for range f.bidders {
		select {
		case x := <-in:
			replies[x.index] = x.reply
		case <-timer.C:
			return replies
		}
	}
	return replies
}

func (f *fanout) askOne(b *bidderLink, r *message.Request, body []byte, deadline time.Time, tmax time.Duration) reply {
	raw, err := b.client.Post("/bid", body, deadline, tmax)
	if err != nil {
		outcome := outcomeOf(err)
		f.log.Debug("bidder gave no answer", "seat", b.seat, "outcome", outcome, "error", err)
		return reply{outcome: outcome}
	}
	if raw == nil {
		return reply{outcome: Declined}
	}
	a, err := f.epoch.DecodeAnswer(raw)
	if err != nil {
		f.log.Warn("malformed answer", "seat", b.seat, "error", err)
		return reply{outcome: Malformed, bytes: len(raw)}
	}
	if err := checkAnswer(a, b.seat, r); err != nil {
		f.log.Warn("invalid answer", "seat", b.seat, "error", err)
		return reply{outcome: Invalid, bytes: len(raw)}
	}
	return reply{answer: a, outcome: Answered, bytes: len(raw)}
}

func (f *fanout) close() {
	var wg sync.WaitGroup
	for i := range f.bidders {
		wg.Go(f.bidders[i].client.Close)
	}
	wg.Wait()
}
