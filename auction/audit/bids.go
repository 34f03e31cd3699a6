package audit

import (
	"cmp"
	"math"
	"slices"

	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Bid is a bid that a replay has opened.
type Bid struct {
	Imp      string
	Seat     string
	Campaign int     // index in the seat's model
	CPM      float64 // NaN if the answer could not be opened or the lane is out of range: what it holds is no bid then
	LeftOut  string  // why it did not count, "" if it did
}

// Bids lists all bids of an auction, imp by imp, the highest first.
func (r *Report) Bids() []Bid {
	var all []Bid
	for imp := range r.impCount() {
		var list []Bid
		for i := range r.Manifest.Entries {
			for k, l := range r.Manifest.Entries[i].Lanes {
				if int(l.Imp) != imp {
					continue
				}
				b := Bid{Imp: r.Terms.Imps[imp].ID, Seat: r.Manifest.Entries[i].Seat, Campaign: int(l.Campaign), CPM: math.NaN(), LeftOut: r.LeftOut[i]}
				if b.LeftOut == "" {
					b.value(r, r.Lanes[i][k], l.Cap, r.Terms.Imps[imp].Floor)
				}
				list = append(list, b)
			}
		}
		slices.SortStableFunc(list, func(x, y Bid) int { return -cmp.Compare(x.CPM, y.CPM) }) // NaN is below all
		all = append(all, list...)
	}
	return all
}

func (r *Report) impCount() int {
	if r.Terms == nil {
		return 0
	}
	return len(r.Terms.Imps)
}

// value reads a lane, under the rules of auction.Rank.
func (b *Bid) value(r *Report, lane uint32, limit int32, floor float64) {
	if !scheme.InRange(lane) {
		b.LeftOut = "at the request's cap or above, or out of range"
		return
	}
	b.CPM = math.Exp(scheme.LogBid(lane) + r.Terms.LogCap() - params.BidRange)
	switch {
	case int32(lane) > limit:
		b.LeftOut = "above its campaign's cap"
	case b.CPM < floor:
		b.LeftOut = "below the floor"
	}
}
