package auction

import (
	"cmp"
	"math"
	"slices"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// Outcome is the result for one imp.
type Outcome struct {
	Imp      string  `json:"imp"`
	Sold     bool    `json:"sold"`
	Seat     string  `json:"seat,omitempty"`
	Campaign int     `json:"campaign"` // index in the seat's model, if sold
	Price    float64 `json:"price"`    // clearing price, CPM, if sold
}

// candidate is a bid that may win.
type candidate struct {
	seat     string
	campaign int
	lane     uint32 // log-bid less LogCap-16
}

// Rank decides every imp of an auction from the lanes of its manifest. lanes[i] are the opened lanes of entry i, or nil if the
// entry could not be opened. It is the reference for every ranker, and a pure function.
//
//   - A lane counts if it is in range, so below the request's cap, not above its own cap, and not below the floor.
//   - The highest lane wins. Of equal lanes the one wins whose seat, then campaign, comes first in an order drawn from the
//     request's digest, which no bidder can choose.
//   - Second price: the winner pays the highest counting bid of another seat, or the floor. First price: its own bid.
//   - In sealed auctions lanes count with [sealed.FractionBits] fractional bits only, the rest is dropped, and the price lies on the
//     request's grid, unless it is the floor.
func Rank(t *message.Terms, m *message.Manifest, lanes [][]uint32) []Outcome {
	byImp := make([][]candidate, len(t.Imps))
	for i := range m.Entries {
		if lanes[i] == nil {
			continue
		}
		for k, l := range m.Entries[i].Lanes {
			v := lanes[i][k]
			if t.Mode == message.Sealed {
				v &^= 1<<sealed.DroppedBits - 1
			}
			if !scheme.InRange(v) || int32(v) > l.Cap {
				continue
			}
			byImp[l.Imp] = append(byImp[l.Imp], candidate{seat: m.Entries[i].Seat, campaign: int(l.Campaign), lane: v})
		}
	}
	outcomes := make([]Outcome, len(t.Imps))
	for i := range t.Imps {
		outcomes[i] = rankImp(t, i, &m.Request, byImp[i])
	}
	return outcomes
}

func rankImp(t *message.Terms, imp int, request *message.Digest, all []candidate) Outcome {
	out := Outcome{Imp: t.Imps[imp].ID}
	floor := floorLane(t, imp)
	all = slices.DeleteFunc(all, func(c candidate) bool { return int32(c.lane) < floor })
	if len(all) == 0 {
		return out
	}
	winner := slices.MaxFunc(all, func(a, b candidate) int { return cmp.Compare(int32(a.lane), int32(b.lane)) })
	first := sealed.DrawOrder(request, imp, winner.seat, winner.campaign)
	second := int32(math.MinInt32) // highest lane of another seat
	for i := range all {
		if c := &all[i]; c.lane == winner.lane && *c != winner {
			if order := sealed.DrawOrder(request, imp, c.seat, c.campaign); slices.Compare(order[:], first[:]) < 0 {
				winner, first = *c, order
			}
		}
	}
	for i := range all {
		if all[i].seat != winner.seat {
			second = max(second, int32(all[i].lane))
		}
	}
	out.Sold, out.Seat, out.Campaign = true, winner.seat, winner.campaign
	if t.PriceRule == message.FirstPrice {
		out.Price = price(t, winner.lane, imp)
	} else if second != math.MinInt32 {
		out.Price = price(t, uint32(second), imp)
	}
	out.Price = max(out.Price, t.Imps[imp].Floor)
	return out
}

// price is the CPM of a lane.
func price(t *message.Terms, lane uint32, imp int) float64 {
	if t.Mode == message.Sealed {
		value := uint32(int32(lane)>>sealed.DroppedBits + 1<<(sealed.ValueBits-1))
		return sealed.Price(t, value>>(sealed.FractionBits-t.GridBits), imp)
	}
	return math.Exp(scheme.LogBid(lane) + t.LogCap() - params.BidRange)
}

// floorLane is the lowest lane at the imp's bid floor or above.
func floorLane(t *message.Terms, imp int) int32 {
	v := math.Log(t.Imps[imp].Floor) - t.LogCap() + params.BidRange // -Inf for no floor
	return int32(math.Ceil(math.Ldexp(max(v, -params.BidRange), params.LaneBits)))
}
