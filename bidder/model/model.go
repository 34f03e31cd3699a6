// Package model holds what a bidder bids by: the feature map that turns a user's private attributes into a vector, and
// the generalised linear models, one for each campaign, whose log-bids are linear in that vector.
//
// Start with [LoadFeatureMap], which all parties of a market share, and [LoadGLM], a bidder's private model file. User
// agents call [FeatureMap.Encode]; bidders encrypt with [GLM.Weights] and add [GLM.Bias], which depends on the public
// context alone. [GLM.LogBid] is the plaintext reference for both.
//
// The log-bid of campaign k is
//
//	ln(value per click) + intercept + <w_k, x> + sum over context fields of the weight of their value
//
// and a bid is its exponential, a CPM price. Both file formats are in README.md. Files are refused if they hold unknown
// members, anything not finite, names the feature map does not list or more than the limits below; a model made for
// another feature map is refused by its digest.
//
// Loaded maps and models do not change and are safe for concurrent use.
package model

// Limits on what is read from files.
const (
	MaxFeatureMapBytes = 4 << 20
	MaxModelBytes      = 16 << 20
	MaxCampaigns       = 1024
	MaxWeights         = 100_000 // private and context weights of all campaigns
	MaxNameBytes       = 128     // of a feature, a seat, a campaign or a context value
)

// Context is the public part of a bid request. Get returns the value of one of [ContextKeys], or "" if it is absent.
type Context interface {
	Get(key string) string
}

// ContextKeys lists the context fields that a model may weigh. The caller may change the slice.
func ContextKeys() []string {
	return []string{
		"weekday", "hour", "adexchange", "domain", "slotwidth", "slotheight", "slotvisibility", "slotformat", "floorband",
	}
}

// FloorBand returns the context value "floorband" for a bid floor, a CPM price from 0 to 300: the name of the band that
// holds it, "" if there is no floor to speak of (negative or NaN). Everyone who fills a [Context] must use it.
func FloorBand(floor float64) string {
	switch {
	case !(floor >= 0):
		return ""
	case floor == 0:
		return "none"
	case floor <= 5:
		return "to5"
	case floor <= 20:
		return "to20"
	case floor <= 50:
		return "to50"
	case floor <= 70:
		return "to70"
	case floor <= 100:
		return "to100"
	case floor <= 150:
		return "to150"
	}
	return "above150"
}
