package replay

import (
	"fmt"
	"math/rand/v2"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/synth"
	"cipherbid/bidder/train"
)

// builtInRows is the size of the built-in market's log: about 1,600 clicks, as in the iPinYou sample.
const builtInRows = 20000

// trainFraction is the share of a log that models are trained on.
const trainFraction = 0.7

// Data is a market to replay: models fitted to one part of a log, and rows of the other.
type Data struct {
	Source string // for reports
	Fit    *train.Result
	Rows   []ipinyou.Row // in the order in which they are auctioned
}

// Load reads or generates a log, trains one model for each advertiser, and chooses the rows to auction.
//
// Without a data file it generates the built-in market. With one it trains on a share of its rows and replays the others,
// or all rows of the test file if there is one. auctions > 0 limits the rows to as many, drawn with the seed.
func Load(data, test string, auctions int, seed uint64, dim int) (*Data, error) {
	d := &Data{Source: "built-in market"}
	rate := synth.NonClickRate
	var rows []ipinyou.Row
	var values map[string]float64
	var err error
	if data == "" {
		if test != "" {
			return nil, fmt.Errorf("a test file needs a data file to train on")
		}
		rows, values = synth.Market(seed, builtInRows), synth.Values()
	} else {
		d.Source = data
		rate = SampleNonClickRate
		if rows, err = ipinyou.ReadTrainingFile(data); err != nil {
			return nil, err
		}
		if values, err = ipinyou.Values(data, rows, rate); err != nil {
			return nil, err
		}
	}
	d.Fit, err = train.Fit(rows, train.Options{Dim: dim, Seed: seed, TrainFraction: trainFraction, NonClickRate: rate, Values: values})
	if err != nil {
		return nil, fmt.Errorf("train on %s: %w", d.Source, err)
	}
	if test == "" {
		_, d.Rows = train.Split(rows, seed, trainFraction)
	} else if d.Rows, err = ipinyou.ReadFile(test); err != nil {
		return nil, err
	}
	if len(d.Rows) == 0 {
		return nil, fmt.Errorf("no rows to auction in %s", d.Source)
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(d.Rows), func(i, j int) { d.Rows[i], d.Rows[j] = d.Rows[j], d.Rows[i] })
	if auctions > 0 && auctions < len(d.Rows) {
		d.Rows = d.Rows[:auctions]
	}
	return d, nil
}

// SampleNonClickRate is the share of non-clicks that the widely shared iPinYou sample keeps.
const SampleNonClickRate = 0.00891

// user is what a row tells about a user and an imp, ready for an auction.
type user struct {
	row     ipinyou.Row
	x       []float64
	context *model.RowContext
}

func newUser(m *model.FeatureMap, row ipinyou.Row) *user {
	return &user{row, m.Encode(model.Attributes(row.User, nil), nil), model.NewRowContext(row)}
}
