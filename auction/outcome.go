package auction

import (
	"errors"
	"fmt"

	"cipherbid/crypto/message"
	"cipherbid/transport"
)

// BidderOutcome says what became of one bidder in one auction.
type BidderOutcome uint8

// Outcomes of a bidder. Only an Answered bidder takes part in the ranking.
const (
	Answered    BidderOutcome = iota
	Declined                  // no-bid
	Late                      // no answer in time
	Unreachable               // no connection, or it broke
	Failed                    // an error status
	Malformed                 // an answer that is too large or does not decode
	Invalid                   // a well-formed answer that does not belong here: another request or seat, too many lanes
	Refused                   // an answer that the trustees could not open
	bidderOutcomes
)

func (o BidderOutcome) String() string {
	return [...]string{"answered", "declined", "late", "unreachable", "failed", "malformed", "invalid", "refused"}[o]
}

// BidderOutcomes lists all outcomes.
func BidderOutcomes() []BidderOutcome {
	all := make([]BidderOutcome, bidderOutcomes)
	for i := range all {
		all[i] = BidderOutcome(i)
	}
	return all
}

// outcomeOf sorts the error of a call to a bidder.
func outcomeOf(err error) BidderOutcome {
	var status *transport.StatusError
	switch {
	case errors.Is(err, transport.ErrTimeout):
		return Late
	case errors.As(err, &status):
		return Failed
	case errors.Is(err, transport.ErrTooLarge):
		return Malformed
	default:
		return Unreachable
	}
}

// checkAnswer decides whether a decoded answer of a seat may take part.
func checkAnswer(a *message.Answer, seat string, r *message.Request) error {
	switch {
	case a.Request != r.Digest:
		return errors.New("answer is to another request")
	case a.Seat != seat:
		return fmt.Errorf("answer is for seat %q", a.Seat)
	}
	return a.CheckLanes(r.Terms)
}
