// Package loadgen puts load on an auction market and says how it held up: goodput within tmax, latency percentiles of every
// stage, requests per second and core, bytes of every party, and whether the run counts at all.
//
// Start with [Run] for one offered load, [Sweep] for several, [FindPeak] for the highest that holds. What is loaded is a
// [Target]; cipherbid/loadgen/target has an embedded market, one of separate processes, and any that is running.
//
// How it measures:
//
//   - Latency counts from the scheduled arrival, so a stall shows in every query that it delayed, not only in the one that it
//     hit. Calls in flight are bounded, and what waits for its turn is counted as waiting.
//   - The schedule is drawn before the run, with a seed. [Pacer] and [Search] decide without a clock and are tested so.
//   - Requests are used once. A target that encrypts in advance is asked for slices of requests just before their use; the
//     clock stands still meanwhile, and whatever is under way is finished first. A slice is up to 20 seconds long, so a queue
//     that keeps growing is cut there: such a run fails its goal long before.
//   - Warm-up is part of the same schedule and left out of every number.
//   - A run is valid or not, with reasons: see [Gate]. A cancelled run returns what it has measured and is not valid.
//
// Functions are safe for concurrent use; two runs on one target at a time measure each other.
package loadgen

import (
	"context"
	"errors"
	"time"
)

// Target is what load is put on.
type Target interface {
	// Call runs query i and returns what became of it. It is called concurrently, with each i once. It should return soon after
	// the target's own time limit, and when ctx ends if it can.
	Call(ctx context.Context, i int) Answer
}

// Preparer is an optional extension of Target: it makes queries ready outside the measured time.
type Preparer interface {
	// Prepare makes queries 0 to n-1 ready and forgets those before. No call is under way.
	Prepare(ctx context.Context, n int) error
	// Limits says how many queries may be ready at once, and for how long they keep; 0 means any.
	Limits() (queries int, age time.Duration)
}

// Checker is an optional extension of Target: it knows what the right answer is, or at least what one looks like.
type Checker interface {
	// Check returns nil for a right answer to query i, an error that wraps ErrPartial for one that is right if some bidders were
	// not heard, and any other error for a wrong one. It is called outside the measured time, before the next Prepare.
	Check(i int, a *Answer) error
}

// ErrPartial is wrapped by Check.
var ErrPartial = errors.New("some bidders were not heard")

// Outcome says what became of a query.
type Outcome string

// Outcomes. A status other than 200 is "status_" and its number, a no-bid for another reason than the bids "nbr_" and its.
const (
	Sold        Outcome = "sold"
	NoBid       Outcome = "no_bid" // a decision, too
	Timeout     Outcome = "timeout"
	Unreachable Outcome = "unreachable"
	Malformed   Outcome = "malformed" // an answer that is none
	Dropped     Outcome = "dropped"   // due, but never sent
)

// Decided reports whether the outcome is a decision of the auction.
func (o Outcome) Decided() bool { return o == Sold || o == NoBid }

// Answer is what a target says about one query.
type Answer struct {
	Outcome  Outcome
	Auction  string // id, if there is one
	Seat     string // winner, if sold
	Campaign int
	Price    float64  // CPM, if sold
	Missing  []string // bidders that were not heard, where the target knows
	Stages   []Stage  // parts of the call, where the target knows
}

// Stage is the duration of one part of a query.
type Stage struct {
	Name     string // lower-case word
	Duration time.Duration
}
