package replay

import (
	"math"

	"cipherbid/bidder/model"
)

// reference is the plaintext market: every model in float64, no quantisation, no encryption, second price.
type reference struct {
	models []*model.GLM
	cap    float64
}

// decision is what the reference decides about one imp.
type decision struct {
	winner      string // "" if unsold
	price       float64
	top, second float64 // the two highest counting bids, 0 where there is none
}

// decide auctions one user's impression.
func (r *reference) decide(u *user) decision {
	var d decision
	floor := u.row.Floor
	for _, m := range r.models {
		best := 0.0 // a seat competes with its best campaign only
		for k, c := range m.Campaigns() {
			bid := math.Exp(m.LogBid(k, u.x, u.context))
			if bid < floor || bid >= r.cap || c.MaxBid > 0 && bid > c.MaxBid {
				continue
			}
			best = max(best, bid)
		}
		switch {
		case best > d.top:
			d.second, d.top, d.winner = d.top, best, m.Seat()
		case best > d.second:
			d.second = best
		}
	}
	if d.winner != "" {
		d.price = max(d.second, floor)
	}
	return d
}

// gap is the relative distance between the plaintext bids of two seats, counting or not; the floor bids for seat "". It is
// tiny where noise may have changed the winner, and large where something is wrong.
func (r *reference) gap(u *user, a, b string) float64 {
	x, y := r.bid(u, a), r.bid(u, b)
	if top := max(x, y); top > 0 {
		return math.Abs(x-y) / top
	}
	return 1 // one of the two never bids
}

func (r *reference) bid(u *user, seat string) float64 {
	if seat == "" {
		return u.row.Floor
	}
	best := 0.0
	for _, m := range r.models {
		if m.Seat() != seat {
			continue
		}
		for k := range m.Campaigns() {
			best = max(best, math.Exp(m.LogBid(k, u.x, u.context)))
		}
	}
	return best
}

// logClick is the logarithm of what a model thinks of a click: its log-bid less the value of a click.
func logClick(m *model.GLM, u *user) float64 {
	return m.LogBid(0, u.x, u.context) - math.Log(m.Campaigns()[0].ValuePerClick)
}
