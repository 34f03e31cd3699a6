package train

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// fit is a solved problem: weights[a] are advertiser a's weights over the space's features, the intercept last.
type fit struct {
	loss      loss
	penalties Penalties
	weights   [][]float64
}

// fits holds the models under both links over one space: main is the one asked for, other is for comparison.
type fits struct {
	opts        Options
	space       *space
	main, other fit
}

func fitBoth(rows []ipinyou.Row, opts Options) (*fits, error) {
	s, err := newSpace(rows, opts)
	if err != nil {
		return nil, err
	}
	d := newDesign(s, rows)
	if !slices.Contains(d.click, true) || !slices.Contains(d.click, false) {
		return nil, errors.New("the training part needs impressions with and without clicks: does the log have a click column?")
	}
	f := &fits{opts: opts, space: s}
	if f.main, err = fitOne(s, d, opts, opts.Link, opts.Penalties); err != nil {
		return nil, err
	}
	link := model.LinkLog
	if opts.Link == model.LinkLog {
		link = model.LinkLogit
	}
	f.other, err = fitOne(s, d, Options{MaxL1: opts.MaxL1, NonClickRate: opts.NonClickRate}, link, Penalties{})
	return f, err
}

func fitOne(s *space, d *design, opts Options, link string, pen Penalties) (fit, error) {
	l := loss{link: link, rate: opts.NonClickRate}
	if pen == (Penalties{}) {
		pen = DefaultPenalties(link)
		if opts.Folds > 1 {
			var err error
			if pen, err = crossValidate(d, l, opts.Folds); err != nil {
				return fit{}, fmt.Errorf("cross-validation, link %s: %w", link, err)
			}
		}
	}
	theta := initial(d, l)
	p := problem{design: d, loss: l, penalty: pen.vector(d)}
	if err := p.solve(theta); err != nil {
		return fit{}, fmt.Errorf("link %s: %w", link, err)
	}
	f := fit{loss: l, penalties: pen}
	for a := range s.advertisers {
		w := slices.Clone(theta[:d.width])
		for j, v := range theta[d.width*(1+a) : d.width*(2+a)] {
			w[j] += v
		}
		if private := w[:s.features.Dim()]; projectL1(private, opts.MaxL1*(1-1e-9)) {
			w[d.width-1] += recentre(d, a, w, l)
		}
		f.weights = append(f.weights, w)
	}
	return f, nil
}

// projectL1 moves w to the nearest point whose L1 norm is at most radius, give or take rounding, and reports whether it had to: every
// magnitude shrinks by the same amount, down to zero (Duchi et al., ICML 2008, figure 1).
func projectL1(w []float64, radius float64) bool {
	size := make([]float64, len(w))
	sum := 0.0
	for i, v := range w {
		size[i] = math.Abs(v)
		sum += size[i]
	}
	if sum <= radius {
		return false
	}
	slices.Sort(size)
	slices.Reverse(size)
	shrink, head := 0.0, 0.0
	for i, v := range size {
		head += v
		if t := (head - radius) / float64(i+1); v > t {
			shrink = t
		}
	}
	for i, v := range w {
		w[i] = math.Copysign(max(math.Abs(v)-shrink, 0), v)
	}
	return true
}

// recentre returns what to add to advertiser a's intercept so that predicted and seen clicks agree again, by bisection.
func recentre(d *design, a int, w []float64, l loss) float64 {
	low, high := -20.0, 20.0
	for range 60 {
		mid := (low + high) / 2
		slope := 0.0
		for i := range d.rows() {
			if int(d.advertiser[i]) == a {
				_, d1, _ := l.at(d.own(i, w)+mid, d.click[i])
				slope += d1
			}
		}
		if slope > 0 {
			high = mid
		} else {
			low = mid
		}
	}
	return (low + high) / 2
}

// models turns the main fit into model files' contents.
func (f *fits) models() ([]*model.GLM, error) {
	names := f.space.features.Features()
	dim := f.space.features.Dim()
	var models []*model.GLM
	for a, advertiser := range f.space.advertisers {
		w := f.main.weights[a]
		c := model.CampaignSpec{
			ID: advertiser, ValuePerClick: f.opts.Values[advertiser], Intercept: w[len(w)-1], MaxBid: f.opts.MaxBid,
			Weights: make(map[string]float64), Context: make(map[string]float64),
		}
		for i, name := range names {
			if w[i] != 0 {
				c.Weights[name] = w[i]
			}
		}
		for i, name := range f.space.names {
			if w[dim+i] != 0 {
				c.Context[name] = w[dim+i]
			}
		}
		g, err := model.NewGLM(model.Spec{
			Version: 1, Seat: advertiser, FeaturesDigest: f.space.features.Digest(), Link: f.main.loss.link,
			Campaigns: []model.CampaignSpec{c},
		}, f.space.features)
		if err != nil {
			return nil, fmt.Errorf("advertiser %s: %w", advertiser, err)
		}
		models = append(models, g)
	}
	return models, nil
}

// withoutTag returns copies of the rows whose users do not have the tag.
func withoutTag(rows []ipinyou.Row, tag string) []ipinyou.Row {
	out := slices.Clone(rows)
	for i, r := range out {
		if slices.Contains(r.User.Tags, tag) {
			out[i].User.Tags = slices.DeleteFunc(slices.Clone(r.User.Tags), func(t string) bool { return t == tag })
		}
	}
	return out
}

// lacking returns the rows whose users do not have the tag.
func lacking(rows []ipinyou.Row, tag string) []ipinyou.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r ipinyou.Row) bool { return slices.Contains(r.User.Tags, tag) })
}
