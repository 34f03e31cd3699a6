// Package remedies measures what the protections that companies use today instead of encryption cost an ad market, and what they
// protect: contextual targeting, masking, k-anonymity and l-diversity, local differential privacy.
//
// Start with [Run]; [Result.Record] writes the results, [Result.Print] shows them. Each remedy is applied to all users of a log.
// Models are fitted anew to the protected users, and the same auctions are replayed among the same bidders, paired with the market
// that protects nobody. Two kinds of risk are measured: by the sizes of equivalence classes, and by an attack that is run, which
// tries to find known users among protected records.
//
// Encryption is one treatment among them and not a point on anybody's epsilon axis: it hides all from bidders and auctioneer, and
// nothing from those who hold two trustees' keys. What it leaks to whom is stated by [Leakage], not measured here.
//
// Package econ's README says what the metrics mean. Remedies here are standard ones, chosen in their favour where there was a
// choice; README.md beside this file says how. Everything is a function of data and seeds, but for the encryption's noise.
package remedies

import (
	"errors"
	"time"

	"cipherbid/bench/econ"
	"cipherbid/crypto/params"
)

// Options of a run. Zero values take the default named with each.
type Options struct {
	Data    string  // path of an iPinYou-format log; empty for the built-in market
	Rows    int     // of the built-in market: econ.BuiltInRows
	Without string  // a user tag to take out of the log first
	Seed    uint64  // of the built-in market, the splits, the draws and the perturbations
	Repeats int     // splits, fits and perturbations: 3
	Draws   int     // bootstrap resamples: 500
	Targets int     // users that the linkage attack looks for, in each repeat: 300
	Dim     int     // private features of every treatment's models: 512
	MaxL1   float64 // bound on their weights: 32, the most that encryption allows
	Quick   bool    // fewer settings of each remedy, and one repeat, 200 resamples, 200 targets unless given: a minute

	Progress func(done, total int) // called after each treatment of each repeat, by one goroutine at a time, if set
}

func (o Options) withDefaults() (Options, error) {
	repeats, draws, targets := 3, 500, 300
	if o.Quick {
		repeats, draws, targets = 1, 200, 200
	}
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Repeats, repeats)
	set(&o.Draws, draws)
	set(&o.Targets, targets)
	set(&o.Dim, 512)
	if o.MaxL1 == 0 {
		o.MaxL1 = params.MaxWeightNorm
	}
	if o.Repeats < 0 || o.Draws < 0 || o.Targets < 0 || o.Rows < 0 {
		return o, errors.New("options Repeats, Draws, Targets and Rows must not be negative")
	}
	return o, nil
}

// Result of a run.
type Result struct {
	Started    time.Time
	Options    Options
	Log        *econ.Log
	Params     *params.Params // of the encrypted treatment
	Tags       int            // distinct tags that count
	Clicks     int            // auctioned in the repeat with the fewest
	Bids       int            // of one treatment, in all repeats
	Treatments []Treatment    // the reference first
}

// Treatment is what one remedy did.
type Treatment struct {
	Remedy, Parameter string
	Epsilon           float64 // of a whole profile, 0 if none is promised
	Estimates         []econ.Estimate
	Risk              *Risk // over all repeats; nil where nothing is released
	Linkage           []Linkage
	Void              int // bids that the cap voided, in all repeats
	k                 int // least size of a class that it promises, 0 for no promise
}
