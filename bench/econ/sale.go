package econ

import (
	"math"

	"cipherbid/bench/replay"
)

// Unsold is the seat of a sale that did not happen.
const Unsold = -1

// Sale is what a second-price auction decided.
type Sale struct {
	Seat  int     // or Unsold
	Price float64 // CPM, 0 if unsold
}

// logCap voids the bids that the encrypted auction would void.
func logCap() float64 { return math.Log(replay.Cap) }

// Decide auctions one impression by log-bids in float64, like the plaintext reference of package replay: bids below the floor or
// at the cap do not count, the highest wins and pays the second or the floor. Of equal bids the first seat wins; [TieTolerance]
// keeps that from mattering.
func Decide(logBid []float64, floor float64) Sale {
	sale := Sale{Seat: Unsold}
	top, second, limit := math.Inf(-1), math.Inf(-1), logCap()
	for k, v := range logBid {
		if math.Exp(v) < floor || v >= limit || math.IsInf(v, -1) {
			continue
		}
		switch {
		case v > top:
			top, second, sale.Seat = v, top, k
		case v > second:
			second = v
		}
	}
	if sale.Seat != Unsold {
		sale.Price = max(math.Exp(second), floor)
	}
	return sale
}

// TieTolerance is the distance of two log-bids up to which they count as tied: one step of the encrypted auction's weights.
const TieTolerance = 1.0 / (1 << 16)

// agree says whether a sale is the reference's, and whether it is so but for ties: its winner is one that the reference's bids
// hardly tell from the top, or the reference hardly sold.
func agree(sale, reference Sale, logBid []float64, floor float64) (strict, tied bool) {
	if sale.Seat == reference.Seat {
		return true, true
	}
	bid := func(seat int) float64 {
		if seat == Unsold {
			return math.Log(floor)
		}
		return logBid[seat]
	}
	return false, math.Abs(bid(sale.Seat)-bid(reference.Seat)) <= TieTolerance
}
