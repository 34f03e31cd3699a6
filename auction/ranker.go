package auction

import (
	"context"
	"errors"
	"fmt"

	"cipherbid/crypto/message"
)

// Case is a closed auction: the request and the answers that take part, in the manifest's order. Rankers must not modify it.
type Case struct {
	Request     *message.Request
	Manifest    *message.Manifest
	RawManifest []byte
	Answers     []*message.Answer
}

// Ranker finds the winner and the clearing price of every imp of a closed auction. Implementations are safe for concurrent use
// and return before ctx ends. What a ranker learns beyond the outcome is the difference between rankers: the open one sees
// every bid.
type Ranker interface {
	// Serves reports whether the ranker serves requests of a mode.
	Serves(m message.Mode) bool
	// Rank returns one outcome for each imp of the request's terms. An error means that nothing was decided: the auctioneer
	// then sells nothing. Errors wrap ErrTrustees when trustees did not answer, ErrDisagree when they contradict each other.
	Rank(ctx context.Context, c *Case) ([]Outcome, *RankReport, error)
}

// RankReport tells what a ranker noticed.
type RankReport struct {
	Refused map[string]string // seat -> why its answer could not be opened
	Bytes   int               // sent and received

	traces []*trace // of the attempts at a sealed ranking
}

// Errors of rankers.
var (
	ErrTrustees = errors.New("fewer than two trustees opened the auction")
	ErrDisagree = errors.New("trustees disagree")
)

// Cleartext ranks the plaintext stand-in's answers, which carry their lanes as they are. It serves both modes: sealed requests with
// the outcome that sealed ranking has.
type Cleartext struct {
	// Opened, if set, is called with the lanes of every auction. For experiments.
	Opened func(c *Case, lanes [][]uint32)
}

// Serves reports true.
func (r *Cleartext) Serves(message.Mode) bool { return true }

// Rank ranks the answers' clear lanes.
func (r *Cleartext) Rank(_ context.Context, c *Case) ([]Outcome, *RankReport, error) {
	lanes := make([][]uint32, len(c.Answers))
	for i, a := range c.Answers {
		if len(a.Clear) != len(a.Lanes) {
			return nil, nil, fmt.Errorf("answer of %q carries no clear lanes", a.Seat)
		}
		lanes[i] = a.Clear
	}
	if r.Opened != nil {
		r.Opened(c, lanes)
	}
	return Rank(c.Request.Terms, c.Manifest, lanes), &RankReport{}, nil
}
