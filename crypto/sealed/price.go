package sealed

import (
	"math"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

const (
	lowestLane = -params.BidRange << params.LaneBits // the lowest lane in range
	// offset is what turns a signed value into offset binary, and the value of log-bid LogCap-BidRange.
	offset  = params.BidRange << FractionBits
	highest = 1<<ValueBits - 1
)

// Price is the CPM that a price on the grid stands for, at least the imp's floor:
//
//	exp((grid 2^(FractionBits-GridBits) - offset) / 2^FractionBits + LogCap - BidRange)
//
// A second price of no more than the floor, rounded up to a value, is the floor itself: it is what a winner without rivals pays.
func Price(t *message.Terms, grid uint32, imp int) float64 {
	floor := t.Imps[imp].Floor
	value := math.Ldexp(float64(grid), FractionBits-int(t.GridBits))
	if t.PriceRule == message.SecondPrice && value <= floorValue(t, imp) {
		return floor
	}
	return max(floor, math.Exp(math.Ldexp(value-offset, -FractionBits)+t.LogCap()-params.BidRange))
}

// floorValue is the lowest value at the imp's floor or above, in offset binary. If the floor is the cap it is 2^ValueBits, which
// no lane reaches.
func floorValue(t *message.Terms, imp int) float64 {
	v := math.Log(t.Imps[imp].Floor) - t.LogCap() + params.BidRange // -Inf for no floor
	return math.Ceil(math.Ldexp(max(v, -params.BidRange), FractionBits)) + offset
}

// capValue is the highest value not above a cap in lane units, which must not be below the range, in offset binary.
func capValue(limit int32) uint32 {
	return uint32(min(limit, message.NoCap)>>DroppedBits + offset)
}
