package model

import (
	"errors"
	"math"
	"strings"
)

// Campaign is what an auction needs to know of a campaign beside its log-bid.
type Campaign struct {
	ID            string
	ValuePerClick float64 // in thousandths of the CPM price unit
	MaxBid        float64 // CPM, 0 = no maximum
	Budget        float64 // 0 = unlimited
}

// GLM is a bidder's model: one log-linear campaign or several. It is immutable and safe for concurrent use.
type GLM struct {
	spec      Spec
	campaigns []Campaign
	weights   [][]float64 // [campaign][feature]
	base      []float64   // ln(value) + intercept, -Inf for a campaign that never bids
	fields    [][]field   // [campaign]: the context fields it weighs
	shared    []sharedField
}

// field holds one campaign's weights for the values of one context field.
type field struct {
	key    string
	weight map[string]float64
}

// sharedField holds all campaigns' weights for the values of one context field, so that one look-up serves them all.
type sharedField struct {
	key    string
	weight map[string][]term
}

type term struct {
	campaign int
	weight   float64
}

// NewGLM validates a model over the feature map. The spec's maps must not be changed afterwards.
func NewGLM(s Spec, m *FeatureMap) (*GLM, error) {
	if m == nil {
		return nil, errors.New("no feature map")
	}
	if err := s.check(m); err != nil {
		return nil, err
	}
	g := &GLM{spec: s}
	for _, c := range s.Campaigns {
		g.campaigns = append(g.campaigns, Campaign{ID: c.ID, ValuePerClick: c.ValuePerClick, MaxBid: c.MaxBid, Budget: c.Budget})
		g.base = append(g.base, math.Log(c.ValuePerClick)+c.Intercept)
		w := make([]float64, m.Dim())
		for name, v := range c.Weights {
			i, _ := m.Index(name)
			w[i] = v
		}
		g.weights = append(g.weights, w)
	}
	g.fields = make([][]field, len(s.Campaigns))
	for _, key := range ContextKeys() {
		all := sharedField{key: key, weight: make(map[string][]term)}
		for k, c := range s.Campaigns {
			own := field{key: key, weight: make(map[string]float64)}
			for _, name := range sortedKeys(c.Context) {
				if f, value, _ := strings.Cut(name, "="); f == key {
					own.weight[value] = c.Context[name]
					all.weight[value] = append(all.weight[value], term{k, c.Context[name]})
				}
			}
			if len(own.weight) > 0 {
				g.fields[k] = append(g.fields[k], own)
			}
		}
		if len(all.weight) > 0 {
			g.shared = append(g.shared, all)
		}
	}
	return g, nil
}

// Seat names the bidder.
func (g *GLM) Seat() string { return g.spec.Seat }

// Link returns the link the model was fitted with, [LinkLog] or [LinkLogit].
func (g *GLM) Link() string { return g.spec.Link }

// Campaigns lists the campaigns; the index of one is its k elsewhere. The slice must not be changed.
func (g *GLM) Campaigns() []Campaign { return g.campaigns }

// Weights returns campaign k's private weights, as many as the feature map's Dim. The slice must not be changed.
func (g *GLM) Weights(k int) []float64 { return g.weights[k] }

// Bias returns the part of campaign k's log-bid that does not depend on the user. ok is false if the campaign never bids.
// It does not allocate.
func (g *GLM) Bias(k int, ctx Context) (logBid float64, ok bool) {
	b := g.base[k]
	if math.IsInf(b, -1) {
		return 0, false
	}
	for _, f := range g.fields[k] {
		if v := ctx.Get(f.key); v != "" {
			b += f.weight[v]
		}
	}
	return b, true
}

// Biases returns Bias of all campaigns in dst, which it grows if it must; a campaign that never bids has -Inf. With many
// campaigns it is much faster than Bias for each, since it looks every context value up once.
func (g *GLM) Biases(ctx Context, dst []float64) []float64 {
	dst = append(dst[:0], g.base...)
	for i := range g.shared {
		f := &g.shared[i]
		v := ctx.Get(f.key)
		if v == "" {
			continue
		}
		for _, t := range f.weight[v] {
			dst[t.campaign] += t.weight
		}
	}
	return dst
}

// LogBid returns campaign k's log-bid for the user vector x, of length Dim, or -Inf if the campaign never bids.
func (g *GLM) LogBid(k int, x []float64, ctx Context) float64 {
	b, ok := g.Bias(k, ctx)
	if !ok {
		return math.Inf(-1)
	}
	for i, w := range g.weights[k] {
		b += w * x[i]
	}
	return b
}
