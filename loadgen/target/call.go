package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cipherbid/auction"
	"cipherbid/loadgen"
	"cipherbid/transport"
)

// grace is how long after tmax the publisher still waits: an answer then is late, but it is known to be.
const grace = time.Second

// maxAnswer bounds an auctioneer's answer.
const maxAnswer = 1 << 20

// publisher sends requests to an auctioneer.
type publisher struct {
	client *transport.Client
	tmax   time.Duration
}

// call runs one auction and sorts what becomes of it.
func (p *publisher) call(r *request) (a loadgen.Answer) {
	if r.encrypt > 0 {
		a.Stages = append(a.Stages, loadgen.Stage{Name: "encrypt", Duration: r.encrypt})
	}
	if r.err != nil {
		a.Outcome = "not_encrypted"
		return a
	}
	body, err := p.client.Post("/auction", r.raw, time.Now().Add(p.tmax+grace), 0)
	if err != nil {
		a.Outcome = outcomeOf(err)
		return a
	}
	var result auction.Result
	if json.Unmarshal(body, &result) != nil || len(result.Imps) != 1 || result.Imps[0].Imp != "1" {
		a.Outcome = loadgen.Malformed
		return a
	}
	a.Auction = result.Auction
	switch imp := result.Imps[0]; {
	case imp.Sold && result.NoBid == 0:
		a.Outcome, a.Seat, a.Campaign, a.Price = loadgen.Sold, imp.Seat, imp.Campaign, imp.Price
	case imp.Sold || result.NoBid == 0:
		a.Outcome = loadgen.Malformed
	case result.NoBid == auction.NoBidNoAnswer || result.NoBid == auction.NoBidBelow:
		a.Outcome = loadgen.NoBid
	default:
		a.Outcome = loadgen.Outcome(fmt.Sprintf("nbr_%d", result.NoBid))
	}
	return a
}

func outcomeOf(err error) loadgen.Outcome {
	var status *transport.StatusError
	switch {
	case errors.As(err, &status):
		return loadgen.Outcome(fmt.Sprintf("status_%d", status.Status))
	case errors.Is(err, transport.ErrTimeout):
		return loadgen.Timeout
	case errors.Is(err, transport.ErrTooLarge):
		return loadgen.Malformed
	}
	return loadgen.Unreachable
}
