// Package bidder serves one seat of the encrypted auction: it scores users whom it cannot see with a model that nobody else
// sees. To plug in a model of your own, implement [Model], then call [New], [Server.Enrol] and serve [Server.Handler]. Models
// trained elsewhere need no Go: cipherbid/bidder/model documents a JSON file format.
//
// A bidder never learns its own bid. It learns whether it won, and at what price. What leaves it hides its weights (see
// cipherbid/crypto/ckks); its campaigns' number, caps and timing are visible.
package bidder

import (
	"cipherbid/bidder/model"
	"cipherbid/crypto/message"
)

// Model is what a bidder bids by. The log-bid of campaign k on an imp is
//
//	Bias(k, ctx) + <Weights(k), x>
//
// and the bid its exponential, in CPM. Only the second part touches the user's private features x, and it is linear so that it
// can be computed on a ciphertext. The bias may be any code: trees, networks, tables. It must be safe for concurrent use and
// fast: it runs within the auction's deadline and cannot be interrupted.
type Model interface {
	// Campaigns lists the campaigns, at most params.MaxLanes. It must not change.
	Campaigns() []model.Campaign
	// Weights returns campaign k's weights: one for each private feature, absolute values summing to at most
	// params.MaxWeightNorm. They must not change; a new model needs a new Server.
	Weights(k int) []float64
	// Bias returns the part of campaign k's log-bid that does not depend on the user. ok is false for a no-bid.
	Bias(k int, ctx model.Context) (logBid float64, ok bool)
}

// Biaser is an optional extension of Model for many campaigns: Biases returns the biases of all campaigns in dst, -Inf for a
// no-bid.
type Biaser interface {
	Biases(ctx model.Context, dst []float64) []float64
}

// impContext is the public context of one imp. It implements model.Context.
type impContext struct {
	terms *message.Terms
	imp   int
}

// Get returns an attribute of the imp or of the request. The floor band follows from the imp's bid floor.
func (c *impContext) Get(key string) string {
	if key == "floorband" {
		return model.FloorBand(c.terms.Imps[c.imp].Floor)
	}
	return c.terms.Attr(c.imp, key)
}
