package precision

import (
	"fmt"
	"math"
	"time"

	"cipherbid/bench/record"
)

// Save records a measurement. cut says whether it was interrupted.
func Save(root string, command []string, o Options, points []Point, source string, seed uint64, started time.Time, quick, cut bool) (string, error) {
	r, err := record.Open(root, record.Manifest{
		Suite: "precision", Started: started, Command: command, Seeds: map[string]uint64{"seed": seed},
		Params: map[string]any{
			"params_id": o.Params.ID().String(), "n": o.Params.N(), "primes": o.Params.Primes(), "features": o.Params.Dim(),
			"users": source, "quick": quick, "auctions": len(o.Rows), "bidders": len(o.Fit.Models),
			"design_weight_bits": design.WeightBits, "design_message_bits": design.MessageBits, "design_modulus_bits": design.ModulusBits,
		},
		Gates: []string{"complete", "design_flips_no_winner"},
	})
	if err != nil {
		return "", err
	}
	t := r.Table("precision", "sweep", "bits", "error_std", "error_max", "noise_std", "price_error_mean", "winner_flips", "auctions")
	flips, atDesign := 0, 0
	for _, p := range points {
		t.Append(p.Sweep, p.bits(), p.ErrorStd, p.ErrorMax, p.NoiseStd, p.PriceError, p.WinnerFlips, p.Auctions)
		if p.Setting != design || p.Sweep != "weight_bits" {
			continue
		}
		atDesign, flips = p.Auctions, p.WinnerFlips
		r.Value("log_bid_error_std", p.ErrorStd, "nats", p.LogBids, math.NaN(), math.NaN())
		r.Value("log_bid_error_max", p.ErrorMax, "nats", p.LogBids, math.NaN(), math.NaN())
		r.Value("log_bid_noise_std", p.NoiseStd, "nats", p.LogBids, math.NaN(), math.NaN())
		r.Value("price_error_mean", p.PriceError, "ratio", p.Auctions, math.NaN(), math.NaN())
	}
	for _, sweep := range []string{"weight_bits", "message_bits", "modulus_bits"} {
		if bits, ok := firstFlip(points, sweep); ok {
			r.Value("winners_flip_from_"+sweep, float64(bits), "bits", atDesign, math.NaN(), math.NaN())
		}
	}
	r.Gate("complete", !cut, fmt.Sprintf("%d settings measured", len(points)))
	r.Gate("design_flips_no_winner", atDesign > 0 && flips == 0, fmt.Sprintf("%d of %d winners differ at the design's scales", flips, atDesign))
	return r.Close()
}

// bits is the scale that the point's sweep varies.
func (p *Point) bits() int {
	switch p.Sweep {
	case "weight_bits":
		return p.Setting.WeightBits
	case "message_bits":
		return p.Setting.MessageBits
	}
	return p.Setting.ModulusBits
}

// firstFlip is the largest number of bits at which a winner changes.
func firstFlip(points []Point, sweep string) (bits int, ok bool) {
	for i := range points {
		if p := &points[i]; p.Sweep == sweep && p.WinnerFlips > 0 && p.bits() > bits {
			bits, ok = p.bits(), true
		}
	}
	return bits, ok
}
