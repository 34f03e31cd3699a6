package sealed

import "time"

// Published is what others have published of a system for sealed auctions. Neither scores users: bidders come with their bids.
type Published struct {
	System         string
	Source         string
	Bidders        int
	RTT            time.Duration
	Latency        time.Duration
	BytesPerBidder int
}

// PublishedNumbers lists them. Latencies are to be compared with clock Auctioneer.
func PublishedNumbers() []Published {
	const ms = time.Millisecond
	return []Published{
		{"Addax", "Addax (NSDI 2023) with two rounds, as measured in Obsidian's artifact", 100, 20 * ms, 692 * ms, 206_000},
		{"Obsidian", "Obsidian's NSDI artifact, second price", 100, 20 * ms, 139 * ms, 34_000},
	}
}
