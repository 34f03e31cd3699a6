package econ

// Metric names a measurement. README.md says what each means.
type Metric struct {
	Name string
	Unit string
}

// Block computes some metrics from any resample of a split's auctioned rows: count[t] says how often row t of Test was drawn. Values
// is a pure function of it that gives one value for each metric, NaN for want of a click.
type Block struct {
	Metrics []Metric
	Values  func(count []uint8) []float64
}

// Judge knows what showing a seat's ad on a row was worth.
type Judge struct {
	Name  string      // part of the metrics' names
	Value [][]float64 // [row of Test][seat], CPM
}

// Oracle is the built-in market's hidden click model as a judge. There is none for a log of the real world: a fitted model cannot
// stand in for it, see README.md.
func (s *Split) Oracle() []Judge {
	if s.Log.Oracle == nil {
		return nil
	}
	j := Judge{Name: "true"}
	for _, i := range s.Test {
		value := make([]float64, len(s.Seats))
		for k, seat := range s.Seats {
			p, _ := s.Log.Oracle.Click(seat, s.Log.Rows[i])
			value[k] = p * s.Log.Values[seat]
		}
		j.Value = append(j.Value, value)
	}
	return []Judge{j}
}

// Blocks returns the measurements of a treatment against a reference in the same split: always the same metrics in the same order for
// the same judges. Bids without Fitted take those of the reference to tune multipliers with.
func (s *Split) Blocks(b, reference *Bids, judges []Judge) []Block {
	fitted := b.Fitted
	if len(fitted) == 0 {
		fitted = reference.Fitted
	}
	return []Block{s.auctionBlock(b, reference, judges), s.clickBlock(b), s.budgetBlock(b, fitted)}
}

// Sheet holds the values of metrics over resamples.
type Sheet struct {
	Metrics []Metric
	Values  [][]float64 // [metric][resample], resample 0 is the data themselves
}

// Measure computes every metric on every resample.
func Measure(blocks []Block, resamples [][]uint8) *Sheet {
	sheet := &Sheet{}
	for _, block := range blocks {
		first := len(sheet.Values)
		sheet.Metrics = append(sheet.Metrics, block.Metrics...)
		for range block.Metrics {
			sheet.Values = append(sheet.Values, make([]float64, len(resamples)))
		}
		for b, count := range resamples {
			for m, v := range block.Values(count) {
				sheet.Values[first+m][b] = v
			}
		}
	}
	return sheet
}
