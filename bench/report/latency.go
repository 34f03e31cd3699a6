package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"cipherbid/bench/quantity"
	"cipherbid/bench/record"
	"cipherbid/bench/report/figure"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxTags is how many curves of latency stand in one figure.
const maxTags = 8

// latencies draws the percentiles of the histograms, those of one scenario together.
func latencies(s *record.Saved, prefix string) ([]drawing, error) {
	histograms, err := s.Histograms()
	if err != nil {
		return nil, err
	}
	histograms = slices.DeleteFunc(histograms, func(h *hdrhistogram.Histogram) bool { return h.TotalCount() == 0 })
	var all []drawing
	for len(histograms) > 0 {
		scenario, _, _ := strings.Cut(histograms[0].Tag(), ".")
		n := 1
		for n < len(histograms) && n < maxTags && strings.HasPrefix(histograms[n].Tag(), scenario+".") {
			n++
		}
		title := "Latency by percentile"
		if scenario != "" {
			title += ", " + scenario
		}
		d := drawing{name: fileName(prefix + "-latency-" + scenario), title: title, figure: percentiles(title, histograms[:n])}
		for i := 2; slices.ContainsFunc(all, func(o drawing) bool { return o.name == d.name }); i++ {
			d.name = fileName(prefix + "-latency-" + scenario + "-" + strconv.Itoa(i))
		}
		all = append(all, d)
		histograms = histograms[n:]
	}
	return all, nil
}

// percentiles draws latency over -log10(1-p), so that every nine of the percentile takes the same room.
func percentiles(title string, histograms []*hdrhistogram.Histogram) figure.Drawing {
	highest, lowest, longest := int64(0), int64(math.MaxInt64), 0.0
	for _, h := range histograms {
		highest, lowest = max(highest, h.Max()), min(lowest, h.Min())
		longest = max(longest, math.Log10(float64(h.TotalCount())))
	}
	in := quantity.Choose(float64(highest), "ns")
	p := figure.Panel{X: figure.Axis{Label: "percentile", Ticks: []figure.Tick{{At: 0, Label: "0"}, {At: math.Log10(2), Label: "50"}}}}
	for nines := 1; float64(nines) <= math.Ceil(longest); nines++ {
		label := []string{"90", "99"}[min(nines, 2)-1]
		if nines > 2 {
			label += "." + strings.Repeat("9", nines-2)
		}
		p.X.Ticks = append(p.X.Ticks, figure.Tick{At: float64(nines), Label: label})
	}
	for _, h := range histograms {
		_, stage, found := strings.Cut(h.Tag(), ".")
		if !found {
			stage = h.Tag()
		}
		c := figure.Curve{Name: stage, Bare: true}
		end := math.Log10(float64(h.TotalCount()))
		for _, b := range h.CumulativeDistributionWithTicks(10) {
			x := end // the slowest of n stands at the percentile 1 - 1/n
			if b.Quantile < 100 {
				x = min(end, -math.Log10(1-b.Quantile/100))
			}
			c.Points = append(c.Points, figure.Point{X: x, Y: float64(b.ValueAt) * in.Factor, Low: math.NaN(), High: math.NaN()})
		}
		p.Curves = append(p.Curves, c)
	}
	y := figure.Axis{Label: "latency (" + in.Unit + ")", Log: lowest > 0 && highest/lowest > 20}
	return &figure.Figure{Title: title, Y: y, Panels: []figure.Panel{p}}
}
