package message

import "encoding/json"

// LossReason is OpenRTB's loss reason code.
type LossReason int

// Loss reasons. Losers learn no more than that they lost: not the price, and not whether they were below the floor.
const (
	Won         LossReason = 0
	LossInvalid LossReason = 3
	LossOutbid  LossReason = 102
)

// Notice tells a bidder what became of its bid on one imp.
type Notice struct {
	Auction  string     `json:"auction"`
	Imp      string     `json:"imp"`
	Loss     LossReason `json:"loss"`
	Campaign int        `json:"campaign"`        // the winner's, if won
	Price    float64    `json:"price,omitempty"` // clearing price, CPM, if won
}

// NoticeBatch is what a bidder gets: several notices under one signature of the auctioneer.
type NoticeBatch struct {
	Sequence uint64   `json:"sequence"` // grows; a batch that is not newer than the last was received before
	Seat     string   `json:"seat"`
	Notices  []Notice `json:"notices"`
}

// SignedBatch is a NoticeBatch as it travels.
type SignedBatch struct {
	Batch     json.RawMessage `json:"batch"` // compact JSON of a NoticeBatch
	Signature []byte          `json:"signature"`
}

// MaxNoticeBytes bounds an encoded SignedBatch.
const MaxNoticeBytes = 1 << 18
