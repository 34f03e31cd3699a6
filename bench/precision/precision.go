// Package precision measures how exact encrypted log-bids are, and where coarser scales would begin to change winners. [Run]
// sweeps one scale at a time around the design's: the weights' fractional bits, the message's, and the response modulus.
//
// Coarser scales are emulated on the real scheme. Weights are rounded before they are prepared. Features scaled down by 2^-k
// are features with k fractional bits less under the same noise, so the lanes are scaled up again. A smaller modulus 2^m is
// the same hint and lanes with their low bits rounded away.
package precision

import (
	"context"
	"fmt"
	"math"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/ckks"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Options of a measurement.
type Options struct {
	Fit      *train.Result
	Rows     []ipinyou.Row // users to auction
	Params   *params.Params
	Progress func(done, total int) // may be nil
}

// Setting is one choice of scales, in bits. The design's is {16, 28, 32}.
type Setting struct {
	WeightBits, MessageBits, ModulusBits int
}

// design is the setting that the scheme uses.
var design = Setting{params.WeightBits, params.FeatureBits, 32}

// Point is what one setting did.
type Point struct {
	Sweep       string // which scale varies
	Setting     Setting
	ErrorStd    float64 // of the log-bid, against float64
	ErrorMax    float64
	NoiseStd    float64 // the part that encryption adds to the quantised log-bid
	PriceError  float64 // mean relative error of the clearing price where the winner is the same
	WinnerFlips int
	Auctions    int
	LogBids     int
}

// sweeps lists the settings to try.
func sweeps() map[string][]Setting {
	s := map[string][]Setting{}
	for _, b := range []int{6, 8, 10, 12, 14, 16} {
		s["weight_bits"] = append(s["weight_bits"], Setting{b, design.MessageBits, design.ModulusBits})
	}
	for _, b := range []int{10, 12, 14, 16, 20, 24, 28} {
		s["message_bits"] = append(s["message_bits"], Setting{design.WeightBits, b, design.ModulusBits})
	}
	for _, b := range []int{14, 16, 18, 20, 24, 28, 32} {
		s["modulus_bits"] = append(s["modulus_bits"], Setting{design.WeightBits, design.MessageBits, b})
	}
	return s
}

// Run measures every setting on the same users.
func Run(ctx context.Context, o Options) ([]Point, error) {
	sch, err := ckks.New(o.Params, [32]byte{'p', 'r', 'e', 'c'})
	if err != nil {
		return nil, err
	}
	users, err := newUsers(o)
	if err != nil {
		return nil, err
	}
	all := sweeps()
	total, done := 0, 0
	for _, settings := range all {
		total += len(settings)
	}
	var points []Point
	for _, name := range []string{"weight_bits", "message_bits", "modulus_bits"} {
		for _, s := range all[name] {
			if err := ctx.Err(); err != nil {
				return points, err
			}
			p, err := measure(sch, o.Fit.Models, users, s)
			if err != nil {
				return points, fmt.Errorf("%s: %w", name, err)
			}
			p.Sweep = name
			points = append(points, p)
			done++
			if o.Progress != nil {
				o.Progress(done, total)
			}
		}
	}
	return points, nil
}

// user is one encrypted user and the float64 bids on it.
type user struct {
	features []float64
	biases   []float64 // of every model
	logBids  []float64 // of every model; -Inf for a no-bid
	floor    float64
}

func newUsers(o Options) ([]user, error) {
	users := make([]user, 0, len(o.Rows))
	for _, row := range o.Rows {
		u := user{features: o.Fit.FeatureMap.Encode(model.Attributes(row.User, nil), nil), floor: row.Floor}
		ctx := model.NewRowContext(row)
		for _, m := range o.Fit.Models {
			b, ok := m.Bias(0, ctx)
			if !ok {
				b = math.Inf(-1)
			}
			u.biases = append(u.biases, b)
			u.logBids = append(u.logBids, m.LogBid(0, u.features, ctx))
		}
		users = append(users, u)
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("no users")
	}
	return users, nil
}

// measure auctions all users under one setting.
func measure(sch *ckks.Scheme, models []*model.GLM, users []user, s Setting) (Point, error) {
	scorers := make([]scheme.Scorer, len(models))
	hints := make([][]uint32, len(models))
	quantised := make([][]float64, len(models))
	for i, m := range models {
		quantised[i] = roundAll(m.Weights(0), s.WeightBits)
		var err error
		if scorers[i], err = sch.Prepare([][]float64{quantised[i]}); err != nil {
			return Point{}, err
		}
		hints[i] = make([]uint32, len(scorers[i].Hint()))
		for k, v := range scorers[i].Hint() {
			hints[i][k] = roundTo(v, s.ModulusBits)
		}
	}
	acc := accumulator{point: Point{Setting: s}}
	lanes := make([]float64, len(models))
	for i := range users {
		u := &users[i]
		if err := encryptedLogBids(sch, scorers, hints, u, s, lanes); err != nil {
			return Point{}, err
		}
		for k := range lanes {
			acc.bid(lanes[k]+u.biases[k], u.logBids[k], dot(quantised[k], roundAll(u.features, s.MessageBits))+u.biases[k])
			lanes[k] += u.biases[k]
		}
		acc.auction(lanes, u)
	}
	return acc.result(), nil
}

// encryptedLogBids decrypts the private part of every model's log-bid.
func encryptedLogBids(sch *ckks.Scheme, scorers []scheme.Scorer, hints [][]uint32, u *user, s Setting, dst []float64) error {
	// The message keeps 28 bits under the scheme; shifted down, its low bits are lost and the noise is as large as ever.
	shift := design.MessageBits - s.MessageBits
	scaled := make([]float64, len(u.features))
	for i, x := range u.features {
		scaled[i] = math.Ldexp(x, -shift)
	}
	e, err := sch.Encrypt(scaled)
	if err != nil {
		return err
	}
	var d [2]scheme.Decrypter
	for at, trustee := range []int{1, 2} { // hold sub-keys 0 and 2, 0 and 1
		js := scheme.SubKeysOf(trustee)
		if d[at], err = sch.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &e.BDigests); err != nil {
			return err
		}
		defer d[at].Close()
	}
	var lane [1]uint32
	for k, sc := range scorers {
		if err := sc.Score(lane[:], e.C0, e.B); err != nil {
			return err
		}
		z02, z01 := d[0].PartialDecrypt(hints[k], 0), d[1].PartialDecrypt(hints[k], 0)
		v := roundTo(lane[0], s.ModulusBits) + z02[0] + z02[1] + z01[1]
		dst[k] = math.Ldexp(scheme.LogBid(v), shift)
	}
	return nil
}

// roundTo keeps the high bits of a value modulo 2^32, rounded.
func roundTo(v uint32, bits int) uint32 {
	drop := 32 - bits
	if drop == 0 {
		return v
	}
	return (v + 1<<(drop-1)) >> drop << drop
}

func roundAll(v []float64, bits int) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Ldexp(math.Round(math.Ldexp(x, bits)), -bits)
	}
	return out
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// accumulator gathers the errors of one setting.
type accumulator struct {
	point                 Point
	squares, noise, price float64
	prices                int
}

func (a *accumulator) bid(got, want, quantised float64) {
	if math.IsInf(want, -1) {
		return
	}
	a.squares += (got - want) * (got - want)
	a.noise += (got - quantised) * (got - quantised)
	a.point.ErrorMax = max(a.point.ErrorMax, math.Abs(got-want))
	a.point.LogBids++
}

// auction compares winner and second price among bids at the floor or above.
func (a *accumulator) auction(got []float64, u *user) {
	winner, price := secondPrice(got, u.floor)
	wantWinner, wantPrice := secondPrice(u.logBids, u.floor)
	a.point.Auctions++
	if winner != wantWinner {
		a.point.WinnerFlips++
		return
	}
	if winner >= 0 && wantPrice > 0 {
		a.price += math.Abs(price-wantPrice) / wantPrice
		a.prices++
	}
}

// secondPrice returns the index of the highest bid, -1 if none reaches the floor, and what it pays.
func secondPrice(logBids []float64, floor float64) (winner int, price float64) {
	winner = -1
	best, second := 0.0, 0.0
	for k, l := range logBids {
		bid := math.Exp(l)
		switch {
		case bid < floor:
		case winner < 0 || bid > best:
			winner, best, second = k, bid, best
		case bid > second:
			second = bid
		}
	}
	return winner, max(second, floor)
}

func (a *accumulator) result() Point {
	p := a.point
	if p.LogBids > 0 {
		p.ErrorStd = math.Sqrt(a.squares / float64(p.LogBids))
		p.NoiseStd = math.Sqrt(a.noise / float64(p.LogBids))
	}
	if a.prices > 0 {
		p.PriceError = a.price / float64(a.prices)
	}
	return p
}
