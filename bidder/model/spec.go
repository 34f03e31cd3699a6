package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Links of a model. The bid is the exponential of the same linear form under both: with link logit it is the odds of a
// click times its value, which at click rates of a few per cent is as good as the probability.
const (
	LinkLog   = "log"
	LinkLogit = "logit"
)

// Spec is a model as its file holds it: a literal that anyone may write. [NewGLM] validates it.
type Spec struct {
	Version        int            `json:"version"` // 1
	Seat           string         `json:"seat"`    // the bidder
	FeaturesDigest string         `json:"features_digest"`
	Link           string         `json:"link"`
	Campaigns      []CampaignSpec `json:"campaigns"`
}

// CampaignSpec is one campaign of a Spec. Weights and Context are keyed by field=value; what is absent weighs zero.
type CampaignSpec struct {
	ID            string             `json:"id"`
	ValuePerClick float64            `json:"value_per_click"` // in thousandths of the CPM price unit; 0 never bids
	Intercept     float64            `json:"intercept"`
	Weights       map[string]float64 `json:"weights"`
	Context       map[string]float64 `json:"context"`
	MaxBid        float64            `json:"max_bid"` // CPM, 0 = no maximum
	Budget        float64            `json:"budget"`  // 0 = unlimited
}

const (
	maxWeight = 64   // no log-bid needs a larger weight: exp(64) is beyond any price
	maxMoney  = 1e12 // bounds values, maximum bids and budgets
)

// check reports the first thing wrong with s as a model over m.
func (s *Spec) check(m *FeatureMap) error {
	if s.Version != 1 {
		return fmt.Errorf("version %d, want 1", s.Version)
	}
	if err := checkName(s.Seat); err != nil {
		return fmt.Errorf("seat: %w", err)
	}
	if s.FeaturesDigest != m.Digest() {
		return fmt.Errorf("made for feature map %.16s…, not for this one, %.16s…", s.FeaturesDigest, m.Digest())
	}
	if s.Link != LinkLog && s.Link != LinkLogit {
		return fmt.Errorf("link %.20q, want %s or %s", s.Link, LinkLog, LinkLogit)
	}
	if len(s.Campaigns) == 0 || len(s.Campaigns) > MaxCampaigns {
		return fmt.Errorf("%d campaigns, want 1 to %d", len(s.Campaigns), MaxCampaigns)
	}
	total, ids := 0, make(map[string]bool)
	for i := range s.Campaigns {
		c := &s.Campaigns[i]
		if err := checkName(c.ID); err != nil {
			return fmt.Errorf("campaign %d: id: %w", i, err)
		}
		if ids[c.ID] {
			return fmt.Errorf("campaign %s is listed twice", c.ID)
		}
		ids[c.ID] = true
		if total += len(c.Weights) + len(c.Context); total > MaxWeights {
			return fmt.Errorf("campaign %s: more than %d weights in all", c.ID, MaxWeights)
		}
		if err := c.check(m); err != nil {
			return fmt.Errorf("campaign %s: %w", c.ID, err)
		}
	}
	return nil
}

func (c *CampaignSpec) check(m *FeatureMap) error {
	for _, v := range []struct {
		name  string
		value float64
	}{{"value_per_click", c.ValuePerClick}, {"max_bid", c.MaxBid}, {"budget", c.Budget}} {
		if !(v.value >= 0 && v.value <= maxMoney) {
			return fmt.Errorf("%s is not from 0 to %g", v.name, float64(maxMoney))
		}
	}
	if !(math.Abs(c.Intercept) <= maxWeight) {
		return fmt.Errorf("intercept is beyond +-%d", maxWeight)
	}
	for _, name := range sortedKeys(c.Weights) {
		if _, ok := m.Index(name); !ok {
			return fmt.Errorf("feature %.*q is not in the feature map", MaxNameBytes, name)
		}
		if !(math.Abs(c.Weights[name]) <= maxWeight) {
			return fmt.Errorf("feature %s: weight is beyond +-%d", name, maxWeight)
		}
	}
	keys := ContextKeys()
	for _, name := range sortedKeys(c.Context) {
		key, _, err := splitName(name)
		if err != nil {
			return fmt.Errorf("context: %w", err)
		}
		if !slices.Contains(keys, key) {
			return fmt.Errorf("context %s: field is none of %s", name, strings.Join(keys, " "))
		}
		if !(math.Abs(c.Context[name]) <= maxWeight) {
			return fmt.Errorf("context %s: weight is beyond +-%d", name, maxWeight)
		}
	}
	return nil
}

// sortedKeys makes the first error of a bad map the same every time.
func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
