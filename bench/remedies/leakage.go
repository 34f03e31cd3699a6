package remedies

// Leak says what one party, or several in league, learn of a user and an auction when users are encrypted.
type Leak struct {
	Who   string
	Learn string
}

// Leakage is the statement that encryption stands with in place of a number. It is an argument about who holds which keys, not a
// measurement: SECURITY.md and the package page of crypto give the reasons. There is no epsilon in it, because what is protected is
// protected wholly, by assumption, and what is not, not at all.
func Leakage() []Leak {
	return []Leak{
		{"user agent", "the ad that is shown; it may probe a model with features of its choice"},
		{"a bidder", "the context, the floor, whether it won and at what price; no feature and no other bid beyond what those tell"},
		{"bidders in league", "through winner and price up to log2(lanes) + 13 bits about the features for each impression, with a price grid of 2^-8; more with open prices"},
		{"auctioneer", "who took part, how many lanes each bid, the context, the winner and the clearing price, timing and sizes"},
		{"a trustee", "who took part and which requests it served; no feature and no bid"},
		{"two trustees in league", "every feature and every bid of the auctions that they served"},
		{"ranker, open ranking", "every bid"},
		{"ranker and a bidder, open ranking", "every bid, and from a few bids whose weights they know every feature"},
		{"network", "who talks to whom, when, and message sizes; terms and results where URLs are not https"},
	}
}
