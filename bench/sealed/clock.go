package sealed

import "time"

// Clock says from when to when a latency counts.
type Clock string

// Clocks. A request is encrypted before it is sent: no clock holds the encryption.
const (
	// Returned is from the publisher's sending to the publisher's having the price.
	Returned Clock = "returned"
	// Priced is from the publisher's sending to the auctioneer's having the price. The aims are stated for it.
	Priced Clock = "priced"
	// Auctioneer is from the auctioneer's having the request to its having the price, on its own clock. Published numbers of other
	// systems have no publisher, so this is what to compare them with.
	Auctioneer Clock = "auctioneer"
)

func clocks() []Clock { return []Clock{Returned, Priced, Auctioneer} }

// stage is the stage of a load generator's result that a clock is.
func (c Clock) stage() string {
	switch c {
	case Priced:
		return stagePriced
	case Auctioneer:
		return "auction"
	}
	return "latency"
}

// hops is the least time that a latency takes: the ways that messages travel one after the other, at half a round trip each.
//
//	request to the auctioneer           1  Returned and Priced
//	to a bidder and back                2
//	to a trustee and back               2  open ranking
//	to a trustee, to another, and back  3  sealed ranking
//	price to the publisher              1  Returned
func (c Clock) hops(s System, rtt time.Duration) time.Duration {
	ways := 2 + ranking(s)
	if c != Auctioneer {
		ways++
	}
	if c == Returned {
		ways++
	}
	return time.Duration(ways) * rtt / 2
}

// ranking is how many ways ranking takes.
func ranking(s System) int {
	switch s {
	case Plaintext:
		return 0
	case Open:
		return 2
	}
	return 3
}
