package target

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"cipherbid/loadgen"
	"cipherbid/transport"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Names of the auctioneer's metrics.
const (
	metricBidders = "cipherbid_bidder_outcomes_total"
	metricStages  = "cipherbid_stage_seconds"
)

// scrapeTimeout bounds one request for counters.
const scrapeTimeout = 5 * time.Second

// scrape reads an auctioneer's metrics into c.
func scrape(client *transport.Client, c *loadgen.Counters) error {
	body, err := client.Get("/metrics", time.Now().Add(scrapeTimeout))
	if err != nil {
		return fmt.Errorf("auctioneer's metrics: %w", err)
	}
	return parseMetrics(body, c)
}

func parseMetrics(body []byte, c *loadgen.Counters) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("auctioneer's metrics: %w", err)
	}
	c.Bidders = map[string]int64{}
	for _, m := range families[metricBidders].GetMetric() {
		c.Bidders[label(m, "outcome")] += int64(m.GetCounter().GetValue())
	}
	c.Stages = map[string]loadgen.Buckets{}
	for _, m := range families[metricStages].GetMetric() {
		name := label(m, "stage")
		if name == "total" {
			name = "auction"
		}
		c.Stages[name] = buckets(m.GetHistogram())
	}
	return nil
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// buckets takes cumulative counts apart.
func buckets(h *dto.Histogram) (b loadgen.Buckets) {
	before := uint64(0)
	for _, each := range h.GetBucket() {
		if math.IsInf(each.GetUpperBound(), 1) {
			continue
		}
		b.Upper = append(b.Upper, time.Duration(each.GetUpperBound()*float64(time.Second)))
		b.Count = append(b.Count, int64(each.GetCumulativeCount()-before))
		before = each.GetCumulativeCount()
	}
	b.Count = append(b.Count, int64(h.GetSampleCount()-before))
	return b
}
