// Package ipinyou reads real-time bidding logs in the iPinYou format: one impression a row, with the user's attributes,
// the context of the ad slot, the price paid and, where it was joined, the click.
//
// Start with [ReadTrainingFile], which reads a whole log with clicks, or with [Open] and [Reader.Next] to stream one.
// [Values] gives each advertiser's value of a click. A log is comma or TAB separated, plain, gzip or bzip2, with a header
// (columns are found by name) or the official layout of 24 TAB separated columns without one.
//
// A row keeps two groups strictly apart: [User] is private and may travel only encrypted, [Context] is public. The
// user's id and address, the bid price and the id of the creative are never read into either, and the price paid and the
// bid id stay outside both: none of them may become a feature.
//
// Malformed input is refused with an error that names file, line and column. Lines are bounded (see [MaxLine]), so is
// what a reader holds in memory. A Reader belongs to one goroutine; rows may be shared once read.
//
// The format is described in Zhang, Yuan, Wang, Shen, "Real-Time Bidding Benchmarking with iPinYou Dataset",
// arXiv:1407.7073, sections 2 and 3.
package ipinyou

import "strings"

// Row is one impression. Strings are empty where the log says null.
type Row struct {
	// ID is the log's bid id. It identifies the row and is never a feature.
	ID string
	// Click tells whether the impression was clicked. It is false in logs without a click column.
	Click bool
	// Advertiser is the id of the advertiser who won the impression.
	Advertiser string
	// Floor is the bid floor (slotprice), a CPM price in the log's own unit, 0 if there is none.
	Floor float64
	// PayPrice is what the winner paid, the market's second price, CPM.
	PayPrice float64

	User    User
	Context Context
}

// User holds the private attributes of the user behind an impression.
type User struct {
	// Tags are the user's interest, in-market and demographic segments. They may be shared between rows: do not change.
	Tags []string
	// Region and City are the log's numeric codes. "0" is a known unknown.
	Region, City string
	// UserAgent is os_browser in lower case, such as windows_ie. Full user agent strings are reduced to it on reading.
	UserAgent string
}

// Platform splits the user agent into operating system and browser. Both are empty if the user agent is missing.
func (u User) Platform() (os, browser string) {
	os, browser, _ = strings.Cut(u.UserAgent, "_")
	return os, browser
}

// Context holds the public attributes of an impression: what an exchange sends to every bidder in the clear.
type Context struct {
	Weekday        string // 0 = Sunday to 6
	Hour           string // 0 to 23, no leading zero
	AdExchange     string
	Domain         string // hashed
	SlotID         string // identifies the slot; too sparse to be a feature
	SlotWidth      string // pixels
	SlotHeight     string // pixels
	SlotVisibility string
	SlotFormat     string
}
