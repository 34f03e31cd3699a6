package auction

import (
	"errors"

	"cipherbid/crypto/directory"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts auctions. It has a registry of its own, so that several auctioneers fit one process.
type metrics struct {
	registry  *prometheus.Registry
	auctions  *prometheus.CounterVec
	bidders   *prometheus.CounterVec
	stages    *prometheus.HistogramVec
	lostCount *prometheus.CounterVec

	transcriptsLost prometheus.Counter
}

func newMetrics(dir *directory.Directory) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		auctions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cipherbid_auctions_total", Help: "Auctions by result: sold, unsold, refused (request not valid), failed (no decision)."}, []string{"result"}),
		bidders: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cipherbid_bidder_outcomes_total", Help: "What became of each bidder in each auction."}, []string{"seat", "outcome"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cipherbid_stage_seconds", Help: "Duration of the stages of an auction.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 14)}, []string{"stage"}),
		lostCount: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cipherbid_notices_lost_total", Help: "Win and loss notices that were dropped or not delivered."}, []string{"seat", "reason"}),
		transcriptsLost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cipherbid_transcripts_lost_total", Help: "Sealed auctions of which no transcript could be kept."}),
	}
	m.registry.MustRegister(m.auctions, m.bidders, m.stages, m.lostCount, m.transcriptsLost)
	for _, b := range dir.Bidders() {
		for _, o := range BidderOutcomes() {
			m.bidders.WithLabelValues(b.Seat, o.String())
		}
	}
	return m
}

func (m *metrics) observe(r *Record) {
	m.auctions.WithLabelValues(resultOf(r)).Inc()
	for seat, o := range r.Bidders {
		m.bidders.WithLabelValues(seat, o.String()).Inc()
	}
	m.stages.WithLabelValues("total").Observe(r.Stages.Total.Seconds())
	if r.Stages.Bidders > 0 {
		m.stages.WithLabelValues("validate").Observe(r.Stages.Validate.Seconds())
		m.stages.WithLabelValues("bidders").Observe(r.Stages.Bidders.Seconds())
	}
	if r.Stages.Ranking > 0 {
		m.stages.WithLabelValues("ranking").Observe(r.Stages.Ranking.Seconds())
	}
}

func resultOf(r *Record) string {
	switch {
	case errors.Is(r.Err, ErrTrustees), errors.Is(r.Err, ErrDisagree):
		return "failed"
	case r.Err != nil:
		return "refused"
	case r.Result.NoBid != 0:
		return "unsold"
	}
	return "sold"
}

func (m *metrics) dropped(seat string) { m.lostCount.WithLabelValues(seat, "queue full").Inc() }

func (m *metrics) undelivered(seat string, n int) {
	m.lostCount.WithLabelValues(seat, "not delivered").Add(float64(n))
}
