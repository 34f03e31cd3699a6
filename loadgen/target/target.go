// Package target has the markets that package loadgen can load: [StartEmbedded] runs one inside this process, [StartProcesses]
// one of separate processes, and [Connect] takes any auctioneer that is running.
//
// All three send encoded requests over HTTP, as a publisher's server does, which has sessions with the trustees. Users come from
// the rows of a log; every query encrypts one anew, in advance or, if Live, as part of the call. They differ in what they know:
//
//	            stages           CPU            bytes                 answers are compared with
//	embedded    of each auction  of the process of each party         the float models of the bidders that were heard
//	processes   buckets          of each party  of each link, if any  the float models
//	connected   buckets          nothing        of the publisher      nothing: only their shape is checked
//
// The CPU time of an embedded market includes the generator's own, HTTP client and all, which the requests of a real market
// would not cost it.
//
// Targets are safe for concurrent use as package loadgen describes it. Close them.
package target

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/replay"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// Config describes a market to start.
type Config struct {
	Params    *params.Params
	Suite     keys.Suite   // keys.Hybrid if empty
	Mode      message.Mode // of ranking: message.Sealed if zero
	Stock     int          // circuits of a shape that trustees make in advance: their default if 0, none if negative
	Data      *replay.Data // fitted models, and the users to auction
	Bidders   int          // as many as there are models if 0; see Seats
	Campaigns int          // of each bidder: 1 if 0
	TMax      time.Duration
	Live      bool // encrypt as part of the call
	Device    bool // box to the trustees' period keys, as a user's device does, not under a publisher's sessions
	Seed      uint64
	Links     Links
	Logger    *slog.Logger // nil for none
	// Observe, if set, sees every auction of an embedded market, from several goroutines at once.
	Observe func(*auction.Record)
}

// maxTMax is what a request can express.
const maxTMax = 65 * time.Second

func (c Config) withDefaults() (Config, error) {
	if c.Params == nil || c.Data == nil || c.Data.Fit == nil {
		return c, errors.New("target: parameters and data are missing")
	}
	if c.Suite == "" {
		c.Suite = keys.Hybrid
	}
	if c.Mode == 0 {
		c.Mode = message.Sealed
	}
	if c.Bidders == 0 {
		c.Bidders = len(c.Data.Fit.Models)
	}
	if c.Campaigns == 0 {
		c.Campaigns = 1
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.TMax < time.Millisecond || c.TMax > maxTMax {
		return c, fmt.Errorf("target: tmax of %s is not in [1ms, %s]", c.TMax, maxTMax)
	}
	if c.Campaigns < 0 || c.Campaigns > c.Params.MaxLanes() {
		return c, fmt.Errorf("target: %d campaigns a bidder: these parameters have room for 1 to %d", c.Campaigns, c.Params.MaxLanes())
	}
	return c, c.Links.check()
}

// Reserves of an auctioneer without emulated networks, which the round trips of emulated ones add to.
const (
	networkReserve = 2 * time.Millisecond
	rankReserve    = 20 * time.Millisecond
)

// reserves adds a round trip between trustees where they rank among themselves. One way is what ranking needs.
func (c *Config) reserves() (network, rank time.Duration) {
	network, rank = networkReserve+c.Links.Publisher.RTT, rankReserve+c.Links.Trustees.RTT
	if c.Mode == message.Sealed {
		rank += c.Links.Peers.RTT
	}
	return network, rank
}
