package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
)

// spread is how far the value of a click moves when a campaign is made out of another: up to this factor either way.
const spread = 1.2

// Seats makes any number of bidders with any number of campaigns each out of fitted models: bidder i has the model i modulo
// their number. The first campaign of the first bidder of each model is the fitted one; all others differ in the value of a
// click, so that no two bid the same. The same seed gives the same bidders.
func Seats(fit *train.Result, bidders, campaigns int, seed uint64) (*train.Result, error) {
	if len(fit.Models) == 0 || bidders < 1 || bidders > maxBidders || campaigns < 1 || campaigns > model.MaxCampaigns {
		return nil, fmt.Errorf("%d bidders with %d campaigns out of %d models: want 1 to %d bidders with 1 to %d campaigns",
			bidders, campaigns, len(fit.Models), maxBidders, model.MaxCampaigns)
	}
	specs, err := specsOf(fit.Models)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x7365617473))
	out := &train.Result{FeatureMap: fit.FeatureMap, Report: fit.Report}
	for i := range bidders {
		spec := specs[i%len(specs)]
		copyOf := i / len(specs)
		if copyOf > 0 {
			spec.Seat = fmt.Sprintf("%s-%d", spec.Seat, copyOf+1)
		}
		base := spec.Campaigns[0]
		spec.Campaigns = nil
		for k := range campaigns {
			c := base
			if k > 0 || copyOf > 0 {
				c.ValuePerClick *= math.Pow(spread, 2*rng.Float64()-1)
			}
			if k > 0 {
				c.ID = fmt.Sprintf("%s-%d", base.ID, k+1)
			}
			spec.Campaigns = append(spec.Campaigns, c)
		}
		m, err := model.NewGLM(spec, fit.FeatureMap)
		if err != nil {
			return nil, fmt.Errorf("bidder %s: %w", spec.Seat, err)
		}
		out.Models = append(out.Models, m)
	}
	return out, nil
}

// maxBidders bounds a market that is started for a test.
const maxBidders = 1024

// specsOf returns what models hold, by way of their files.
func specsOf(models []*model.GLM) (specs []model.Spec, err error) {
	folder, err := os.MkdirTemp("", "cipherbid-models-")
	if err != nil {
		return nil, fmt.Errorf("copy models: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "model.json")
	for _, m := range models {
		if err := m.Save(path); err != nil {
			return nil, err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("copy models: %w", err)
		}
		var s model.Spec
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("copy models: %w", err)
		}
		specs = append(specs, s)
	}
	return specs, nil
}
