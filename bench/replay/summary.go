package replay

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/montanaflynn/stats"
)

// Summary is what the encrypted and the plaintext market did, beside each other.
type Summary struct {
	Auctions        int                `json:"auctions"`
	Bidders         int                `json:"bidders"`
	Ranking         string             `json:"ranking"`
	Parameters      Parameters         `json:"parameters"`
	Data            string             `json:"data"`
	Sold            int                `json:"sold"`
	WinnerAgreement float64            `json:"winner_agreement"`
	Disagreements   []Disagreement     `json:"disagreements"`
	PriceGrid       float64            `json:"price_grid,omitempty"` // what the price grid takes off a price at most, relative; see Step
	PriceErrorMean  float64            `json:"price_error_mean"`     // relative, over auctions that both markets sold; the grid included
	PriceErrorMax   float64            `json:"price_error_max"`
	RevenueRatio    float64            `json:"revenue_ratio"`           // encrypted / plaintext
	AUCEncrypted    *float64           `json:"auc_encrypted,omitempty"` // of opened bids: not with sealed ranking, nor if the rows hold no clicks
	AUCPlain        *float64           `json:"auc_plain,omitempty"`     // not if the rows hold no clicks
	LatencyMS       Percentiles        `json:"latency_ms"`              // from before encryption to the result
	PlainLatencyMS  Percentiles        `json:"plain_latency_ms"`
	StageMS         map[string]float64 `json:"stage_ms"` // medians
	Bytes           Bytes              `json:"bytes"`
}

// Parameters names the parameter set.
type Parameters struct {
	ID     string   `json:"id"`
	N      int      `json:"n"`
	Primes []uint64 `json:"primes"`
	Dim    int      `json:"dim"`
	Lanes  int      `json:"lanes"`
	Suite  string   `json:"suite"`
	Cap    float64  `json:"cap"`
}

// Percentiles of a latency, in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// Bytes are the largest sizes seen.
type Bytes struct {
	Request  int `json:"request"`         // user agent to auctioneer
	Response int `json:"response"`        // one bidder's answer to all trustees
	Hint     int `json:"hint"`            // one bidder's enrolment with one trustee, once a period
	Ranking  int `json:"ranking"`         // auctioneer to and from all trustees
	Links    int `json:"links,omitempty"` // among the trustees, an auction on average: circuits made in advance included
}

// Disagreement is an auction that the two markets decided differently.
type Disagreement struct {
	Auction     string  `json:"auction"`
	Winner      string  `json:"winner"`
	PlainWinner string  `json:"plain_winner"`
	Gap         float64 `json:"gap"` // relative distance of the two winners' plaintext bids; the floor bids for nobody
}

func (r *run) summarise(records []Record) (*Summary, error) {
	p := r.options.Params
	s := &Summary{
		Auctions: len(records), Bidders: len(r.reference.models), Ranking: r.options.Mode.String(), PriceGrid: Step(r.options.Mode), Data: r.options.Data.Source,
		Parameters: Parameters{p.ID().String(), p.N(), p.Primes(), p.Dim(), p.MaxLanes(), string(r.encrypted.Dir.Suite()), Cap},
		StageMS:    map[string]float64{}, Bytes: r.sizes, Disagreements: []Disagreement{},
	}
	s.Bytes.Hint = r.encrypted.HintBytes()
	s.Bytes.Links = int((r.encrypted.LinkBytes() - r.linked) / uint64(len(records)))
	var errorsRelative, latency, plainLatency []float64
	stages := map[string][]float64{}
	agree, revenue, plainRevenue := 0, 0.0, 0.0
	for i := range records {
		rec := &records[i]
		revenue, plainRevenue = revenue+rec.Price, plainRevenue+rec.PlainPrice
		latency, plainLatency = append(latency, rec.latency), append(plainLatency, rec.plainLatency)
		for name, v := range rec.stages {
			stages[name] = append(stages[name], v)
		}
		if rec.Winner != "" {
			s.Sold++
		}
		if rec.Winner == rec.PlainWinner {
			agree++
		} else {
			s.Disagreements = append(s.Disagreements, Disagreement{rec.Auction, rec.Winner, rec.PlainWinner, rec.gap})
		}
		if rec.Winner != "" && rec.PlainWinner != "" && rec.PlainPrice > 0 {
			errorsRelative = append(errorsRelative, math.Abs(rec.Price-rec.PlainPrice)/rec.PlainPrice)
		}
	}
	s.WinnerAgreement = float64(agree) / float64(len(records))
	if plainRevenue > 0 {
		s.RevenueRatio = revenue / plainRevenue
	}
	s.AUCEncrypted = finite(aucOf(records, func(r *Record) float64 { return r.score }))
	s.AUCPlain = finite(aucOf(records, func(r *Record) float64 { return r.plainScore }))
	return s, s.statistics(errorsRelative, latency, plainLatency, stages)
}

func (s *Summary) statistics(errorsRelative, latency, plainLatency []float64, stages map[string][]float64) error {
	var err error
	if len(errorsRelative) > 0 {
		if s.PriceErrorMean, err = stats.Mean(errorsRelative); err != nil {
			return fmt.Errorf("price error: %w", err)
		}
		if s.PriceErrorMax, err = stats.Max(errorsRelative); err != nil {
			return fmt.Errorf("price error: %w", err)
		}
	}
	if s.LatencyMS, err = percentiles(latency); err != nil {
		return err
	}
	if s.PlainLatencyMS, err = percentiles(plainLatency); err != nil {
		return err
	}
	for name, v := range stages {
		if s.StageMS[name], err = stats.Median(v); err != nil {
			return fmt.Errorf("stage %s: %w", name, err)
		}
	}
	return nil
}

func percentiles(v []float64) (Percentiles, error) {
	var p Percentiles
	for at, dst := range map[float64]*float64{50: &p.P50, 95: &p.P95, 99: &p.P99} {
		x, err := stats.PercentileNearestRank(v, at)
		if err != nil {
			return p, fmt.Errorf("percentile %g: %w", at, err)
		}
		*dst = x
	}
	return p, nil
}

func finite(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// WriteJSON writes the summary as one object.
func (s *Summary) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(s)
}

// WriteRecords writes one CSV row for each auction.
func WriteRecords(w io.Writer, records []Record) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"auction_id", "winner", "price", "plain_winner", "plain_price", "top_bid", "second_bid"}}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i := range records {
		r := &records[i]
		rows = append(rows, []string{r.Auction, r.Winner, number(r.Price), r.PlainWinner, number(r.PlainPrice), number(r.TopBid), number(r.SecondBid)})
	}
	return c.WriteAll(rows)
}
