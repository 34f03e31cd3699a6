package target

import (
	"fmt"
	"math"
	"slices"

	"cipherbid/bench/replay"
	"cipherbid/bidder/model"
	"cipherbid/loadgen"
)

// tolerance is how far, relatively, an encrypted auction may be from the float models before it is wrong. Quantised weights and
// noise move a bid by a few parts in a hundred thousand.
const tolerance = 5e-4

// reference decides auctions with the bidders' models in float64 and compares.
type reference struct {
	models []*model.GLM
	step   float64 // of the price grid, a share of the price; see replay.Step
	heard  bool    // answers say which bidders were not heard
}

// seatBid is the best counting bid of a seat.
type seatBid struct {
	seat string
	bid  float64
}

// bids returns the counting bids of the seats that are not missing, highest first.
func (r *reference) bids(u *user, missing []string) []seatBid {
	var all []seatBid
	for _, m := range r.models {
		if slices.Contains(missing, m.Seat()) {
			continue
		}
		best := 0.0
		for k, c := range m.Campaigns() {
			bid := math.Exp(m.LogBid(k, u.x, u.context))
			if bid >= replay.Cap || c.MaxBid > 0 && bid > c.MaxBid {
				continue
			}
			best = max(best, bid)
		}
		if best > 0 && best >= u.row.Floor*(1-tolerance) {
			all = append(all, seatBid{m.Seat(), best})
		}
	}
	slices.SortFunc(all, func(a, b seatBid) int {
		if a.bid > b.bid {
			return -1
		}
		return 1
	})
	return all
}

// check compares an answer with what the models decide. Bids that are closer than the tolerance, to each other or to the floor,
// may be decided either way.
func (r *reference) check(u *user, a *loadgen.Answer) error {
	all := r.bids(u, a.Missing)
	floor := u.row.Floor
	if a.Outcome == loadgen.NoBid {
		switch {
		case len(all) == 0 || all[0].bid <= floor*(1+tolerance):
			return nil
		case !r.heard:
			return fmt.Errorf("not sold: %w", loadgen.ErrPartial)
		}
		return fmt.Errorf("not sold, but %s bids %g at a floor of %g", all[0].seat, all[0].bid, floor)
	}
	if a.Price < floor {
		return fmt.Errorf("sold at %g, below the floor of %g", a.Price, floor)
	}
	at := slices.IndexFunc(all, func(b seatBid) bool { return b.seat == a.Seat })
	if at < 0 {
		return fmt.Errorf("sold to %q, which does not bid", a.Seat)
	}
	winner := all[at]
	others := slices.Delete(slices.Clone(all), at, at+1)
	if len(others) == 0 || others[0].bid <= winner.bid*(1+tolerance) {
		second := floor
		if len(others) > 0 {
			second = max(second, others[0].bid)
		}
		if r.is(a.Price, second) || near(a.Price, floor) && second <= floor*(1+tolerance) {
			return nil
		}
	}
	if !r.heard && r.explains(a.Price, winner, others, floor) {
		return fmt.Errorf("sold to %s at %g: %w", a.Seat, a.Price, loadgen.ErrPartial)
	}
	return fmt.Errorf("sold to %s, which bids %g, at %g; the bids are %v and the floor %g", a.Seat, winner.bid, a.Price, all, floor)
}

// explains reports whether some bidders' absence makes the price right: it is the floor or the bid of somebody below the winner.
func (r *reference) explains(price float64, winner seatBid, others []seatBid, floor float64) bool {
	return near(price, floor) || slices.ContainsFunc(others, func(b seatBid) bool {
		return r.is(price, b.bid) && b.bid <= winner.bid*(1+tolerance)
	})
}

// is reports whether a bid comes to a price on the grid: the same or lower, by a step at most.
func (r *reference) is(price, bid float64) bool {
	return price <= bid*(1+tolerance) && price >= bid*(1-r.step)*(1-tolerance)
}

func near(a, b float64) bool { return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b)) }
