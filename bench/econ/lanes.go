package econ

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"

	"cipherbid/auction"
	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Lanes lets fitted models bid on rows through the integer arithmetic of the encrypted auction, in process and without the network:
// encrypt, score, add the bias, decrypt, rank by [auction.Rank]. With the plaintext stand-in it gives the quantised market. It
// stops with ctx's error if ctx ends. Fitted stays empty: bidders fit in plaintext.
func (s *Split) Lanes(ctx context.Context, f *train.Result, rows []ipinyou.Row, sch scheme.Scheme) (*Bids, error) {
	scorers := make([]scheme.Scorer, len(f.Models))
	for k, m := range f.Models {
		var err error
		if scorers[k], err = sch.Prepare([][]float64{m.Weights(0)}); err != nil {
			return nil, fmt.Errorf("seat %s: %w", s.Seats[k], err)
		}
	}
	b := &Bids{LogBid: make([][]float64, len(s.Test)), Eta: make([]float64, len(s.Test)), Sales: make([]Sale, len(s.Test))}
	err := Each(ctx, len(s.Test), func(t int) error {
		row := rows[s.Test[t]]
		x := f.FeatureMap.Encode(model.Attributes(row.User, nil), nil)
		lanes, err := openLanes(sch, scorers, x)
		if err != nil {
			return fmt.Errorf("row %s: %w", row.ID, err)
		}
		b.LogBid[t], b.Sales[t] = rank(f.Models, lanes, row)
		b.Eta[t] = s.eta(s.Test[t], b.LogBid[t])
		return nil
	})
	return b, err
}

// rank adds the biases to the private parts of the lanes, in place, and decides. As in package bidding, a seat whose bias does not
// fit a lane does not bid.
func rank(models []*model.GLM, lanes []uint32, row ipinyou.Row) (logBid []float64, sale Sale) {
	terms := &message.Terms{PriceRule: message.SecondPrice, Cap: replay.Cap, Imps: []message.Imp{{ID: "1", Floor: row.Floor}}}
	manifest := &message.Manifest{Request: sha256.Sum256([]byte(row.ID))} // decides ties
	seat := map[string]int{}
	logBid = make([]float64, len(models))
	var opened [][]uint32
	ctx := model.NewRowContext(row)
	for k, m := range models {
		bias, ok := m.Bias(0, ctx)
		bias += params.BidRange - terms.LogCap()
		if !ok || !(math.Abs(bias) <= params.MaxBias) {
			logBid[k] = math.Inf(-1)
			continue
		}
		lanes[k] += scheme.Lane(bias)
		logBid[k] = scheme.LogBid(lanes[k]) + terms.LogCap() - params.BidRange
		seat[m.Seat()] = k
		entry := message.Entry{Bid: message.Bid{Seat: m.Seat(), Lanes: []message.Lane{{Cap: message.NoCap}}}}
		manifest.Entries, opened = append(manifest.Entries, entry), append(opened, lanes[k:k+1])
	}
	outcome := auction.Rank(terms, manifest, opened)[0]
	if !outcome.Sold {
		return logBid, Sale{Seat: Unsold}
	}
	return logBid, Sale{seat[outcome.Seat], outcome.Price}
}

// openLanes does what a user agent, the bidders and the trustees do with one user's features: it returns <w_k, x> of every scorer.
func openLanes(sch scheme.Scheme, scorers []scheme.Scorer, x []float64) ([]uint32, error) {
	e, err := sch.Encrypt(x)
	if err != nil {
		return nil, err
	}
	defer e.Wipe()
	var holders [2]scheme.Decrypter
	for at, trustee := range []int{1, 2} { // between them they hold sub-keys 0, 1 and 2
		js := scheme.SubKeysOf(trustee)
		holders[at], err = sch.Unlock(trustee, [2]*lattice.Seed{&e.SubKeys[js[0]], &e.SubKeys[js[1]]}, e.B, &e.BDigests)
		if err != nil {
			return nil, err
		}
		defer holders[at].Close()
	}
	lanes := make([]uint32, len(scorers))
	for k, sc := range scorers {
		if err := sc.Score(lanes[k:k+1], e.C0, e.B); err != nil {
			return nil, err
		}
		z02, z01 := holders[0].PartialDecrypt(sc.Hint(), 0), holders[1].PartialDecrypt(sc.Hint(), 0)
		lanes[k] += z02[0] + z02[1] + z01[1]
	}
	return lanes, nil
}
