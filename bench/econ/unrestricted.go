package econ

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"cipherbid/bench/econ/trees"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
)

// minFeature is the number of training rows that a feature must occur in, as in package train.
const minFeature = 10

// stopFolds: one in as many training rows decides how many trees to keep.
const stopFolds = 5

// space numbers the features of the trees: what the log-linear models see, and the seat, so that a tree may cross anything with
// anything.
type space struct {
	index map[string]int32
	seats []int32
}

func (s *Split) newSpace() *space {
	counts := map[string]int{}
	for _, i := range s.Train {
		for _, name := range features(s.Log.Rows[i]) {
			counts[name]++
		}
	}
	var names []string
	for name, n := range counts {
		if n >= minFeature {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	sp := &space{index: map[string]int32{}}
	for i, name := range names {
		sp.index[name] = int32(i)
	}
	for k := range s.Seats {
		sp.seats = append(sp.seats, int32(len(names)+k))
	}
	return sp
}

func (sp *space) width() int { return len(sp.index) + len(sp.seats) }

// features names what a row shows: private attributes, how many tags, and context.
func features(r ipinyou.Row) []string {
	names := []string{"tags=" + strconv.Itoa(min(len(r.User.Tags), 12))}
	for _, a := range model.Attributes(r.User, nil) {
		names = append(names, a.Field+"="+a.Value)
	}
	ctx := model.NewRowContext(r)
	for _, key := range model.ContextKeys() {
		if v := ctx.Get(key); v != "" {
			names = append(names, key+"="+v)
		}
	}
	return names
}

// columns are the ones of a row, without a seat, ascending.
func (sp *space) columns(r ipinyou.Row) []int32 {
	var on []int32
	for _, name := range features(r) {
		if i, ok := sp.index[name]; ok {
			on = append(on, i)
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// unrestricted is a model that may use every cross, of all seats at once.
type unrestricted struct {
	space *space
	trees *trees.Model
}

// fitTrees fits boosted trees to the training rows on top of offset, which may be nil: log-odds of those rows on the scale of the
// sample. A fifth of the rows decides how many trees; these are then fitted to all.
func (s *Split) fitTrees(offset []float64) (*unrestricted, error) {
	u := &unrestricted{space: s.newSpace()}
	d := &trees.Data{Width: u.space.width()}
	click, held := make([]bool, len(s.Train)), make([]bool, len(s.Train))
	for at, i := range s.Train {
		d.Append(append(u.space.columns(s.Log.Rows[i]), u.space.seats[s.own[i]]))
		click[at], held[at] = s.Log.Rows[i].Click, at%stopFolds == int(s.Seed%stopFolds)
	}
	first, err := trees.Fit(d, click, offset, held, trees.Options{Seed: s.Seed})
	if err != nil {
		return nil, err
	}
	u.trees, err = trees.Fit(d, click, offset, nil, trees.Options{Seed: s.Seed, Rounds: max(first.Rounds(), 1)})
	return u, err
}

// treeBids lets the model bid value times probability. Offsets are log-odds on the true scale that the trees' scores add to: of rows
// of Train for their own seat, and of rows of Test for every seat.
func (s *Split) treeBids(u *unrestricted, train []float64, test [][]float64) *Bids {
	b := &Bids{}
	has := make([]bool, u.space.width())
	score := func(i int) []float64 { // of every seat
		on := u.space.columns(s.Log.Rows[i])
		for _, f := range on {
			has[f] = true
		}
		eta := make([]float64, len(s.Seats))
		for k, f := range u.space.seats {
			has[f] = true
			eta[k] = u.trees.Score(has)
			has[f] = false
		}
		for _, f := range on {
			has[f] = false
		}
		return eta
	}
	bid := func(k int, eta float64) float64 {
		if v := s.logValue(k); !math.IsInf(v, -1) {
			return probabilityBid(v+eta, v)
		}
		return math.Inf(-1)
	}
	for at, i := range s.Train {
		k := s.own[i]
		b.Fitted = append(b.Fitted, bid(k, score(i)[k]+train[at]))
	}
	for t, i := range s.Test {
		eta, bids := score(i), make([]float64, len(s.Seats))
		for k := range eta {
			eta[k] += test[t][k]
			bids[k] = bid(k, eta[k])
		}
		b.LogBid, b.Eta = append(b.LogBid, bids), append(b.Eta, math.NaN())
		if k := s.own[i]; k >= 0 {
			b.Eta[t] = eta[k]
		}
	}
	s.sell(b)
	return b
}

// Trees fits boosted trees from scratch and returns their bids.
func (s *Split) Trees() (*Bids, error) {
	u, err := s.fitTrees(nil)
	if err != nil {
		return nil, fmt.Errorf("unrestricted model: %w", err)
	}
	scale := slices.Repeat([]float64{math.Log(s.Log.Rate)}, max(len(s.Train), len(s.Seats)))
	return s.treeBids(u, scale[:len(s.Train)], slices.Repeat([][]float64{scale[:len(s.Seats)]}, len(s.Test))), nil
}

// crossFolds is the number of parts of the training rows of which each is scored by models fitted to the others.
const crossFolds = 3

// Stacked fits boosted trees on top of log-linear models, and returns their joint bids: what crosses add. Trees see scores that
// log-linear models gave rows they were not fitted to, lest they learn to correct an over-fit that is not there on new rows.
func (s *Split) Stacked(f *train.Result, dim int, maxL1 float64) (*Bids, error) {
	offset, err := s.crossFit(dim, maxL1)
	if err != nil {
		return nil, fmt.Errorf("stacked model: %w", err)
	}
	sampled := slices.Clone(offset)
	for at := range sampled {
		sampled[at] -= math.Log(s.Log.Rate)
	}
	u, err := s.fitTrees(sampled)
	if err != nil {
		return nil, fmt.Errorf("stacked model: %w", err)
	}
	linear := s.Bids(f, s.Log.Rows).LogBid
	for _, bids := range linear {
		for k := range bids {
			bids[k] -= s.logValue(k)
		}
	}
	return s.treeBids(u, offset, linear), nil
}

// crossFit returns log-odds of the training rows, on the true scale, from models fitted to other training rows.
func (s *Split) crossFit(dim int, maxL1 float64) ([]float64, error) {
	one := map[string]float64{} // with a value of one, a log-bid is the log-odds
	for _, seat := range s.Seats {
		one[seat] = 1
	}
	offset := make([]float64, len(s.Train))
	for fold := range crossFolds {
		var rows []ipinyou.Row
		for at, i := range s.Train {
			if at%crossFolds != fold {
				rows = append(rows, s.Log.Rows[i])
			}
		}
		f, err := train.Fit(rows, train.Options{
			Dim: dim, MaxL1: maxL1, TrainFraction: 1 - 1e-12, NonClickRate: s.Log.Rate, Values: one,
		})
		if err != nil {
			return nil, err
		}
		x := make([]float64, f.FeatureMap.Dim())
		for at := fold; at < len(s.Train); at += crossFolds {
			r := s.Log.Rows[s.Train[at]]
			k := slices.IndexFunc(f.Models, func(m *model.GLM) bool { return m.Seat() == r.Advertiser })
			if k < 0 {
				return nil, fmt.Errorf("seat %s has rows in one fold only", r.Advertiser)
			}
			x = f.FeatureMap.Encode(model.Attributes(r.User, nil), x)
			offset[at] = f.Models[k].LogBid(0, x, model.NewRowContext(r))
		}
	}
	return offset, nil
}
