package auction

import (
	"errors"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
	"cipherbid/crypto/sealed"
)

var errNoLeg = errors.New("another trustee fails: nothing has come")

// takePart is what a trustee does between its shares and its answer.
func (g *guard) takePart(r *message.RankRequest) ([]message.RankedImp, error) {
	plans, err := sealed.Plans(r.Terms, r.Manifest)
	if err != nil {
		return nil, err
	}
	runs, err := sealed.Runs(&g.cache, plans, &r.Digest, &r.ManifestBound, &r.Call)
	if err != nil {
		return nil, err
	}
	roles := sealed.RolesOf(&r.Digest, r.Attempt, r.Absent)
	role := roles.PartOf(g.index)
	switch {
	case r.Absent != message.Nobody && role == message.Garbler:
		return g.garbleAlone(r, runs, &roles)
	case r.Absent != message.Nobody:
		return g.evaluateAlone(r, runs, &roles)
	case role == message.Evaluator:
		return g.evaluate(r, runs)
	}
	return g.garble(r, runs, role), nil
}

func (g *guard) say(r *message.RankRequest, by message.Part, imps []message.LegImp) {
	g.vault.leg(r.Attempt, by) <- &message.Leg{From: by, Imps: imps}
}

func (g *guard) hears(r *message.RankRequest, by message.Part) (*message.Leg, error) {
	timer := time.NewTimer(r.Wait)
	defer timer.Stop()
	select {
	case l := <-g.vault.leg(r.Attempt, by):
		return l, nil
	case <-timer.C:
	case <-g.gone:
	}
	return nil, errNoLeg
}

// linkSecret is what any two garblers share here.
var linkSecret = sealed.Secret{7}

func (g *guard) garble(r *message.RankRequest, runs []*sealed.Run, role message.Part) []message.RankedImp {
	legs, imps := make([]message.LegImp, len(runs)), make([]message.RankedImp, len(runs))
	for i, run := range runs {
		switch {
		case run == nil:
		case role == message.Garbler:
			made := run.Make(&linkSecret)
			legs[i], imps[i] = run.Garble(&linkSecret, made, g.holding)
			legs[i].Tables = made.Tables // nobody has a stock here, whatever the ticket
		default:
			legs[i], imps[i] = run.Check(&linkSecret, run.Make(&linkSecret), g.holding)
		}
	}
	g.say(r, role, legs)
	return imps
}

func (g *guard) evaluate(r *message.RankRequest, runs []*sealed.Run) ([]message.RankedImp, error) {
	garbler, err := g.hears(r, message.Garbler)
	if err != nil {
		return nil, err
	}
	checker, err := g.hears(r, message.Checker)
	if err != nil {
		return nil, err
	}
	imps := make([]message.RankedImp, len(runs))
	for i, run := range runs {
		if run == nil {
			continue
		}
		if imps[i], err = run.Evaluate(g.holding, sealed.NewTables(garbler.Imps[i].Tables), &garbler.Imps[i], &checker.Imps[i]); err != nil {
			return nil, err
		}
	}
	return imps, nil
}

func (g *guard) garbleAlone(r *message.RankRequest, runs []*sealed.Run, roles *sealed.Roles) ([]message.RankedImp, error) {
	choice, err := g.hears(r, message.Evaluator)
	if err != nil {
		return nil, err
	}
	sender := g.vault.bases[g.index][roles[message.Evaluator]].sender
	legs, imps := make([]message.LegImp, len(runs)), make([]message.RankedImp, len(runs))
	for i, run := range runs {
		if run == nil {
			continue
		}
		if legs[i], imps[i], err = run.GarbleAlone(sender, run.MakeAlone(), g.holding, &choice.Imps[i]); err != nil {
			return nil, err
		}
	}
	g.say(r, message.Garbler, legs)
	return imps, nil
}

func (g *guard) evaluateAlone(r *message.RankRequest, runs []*sealed.Run, roles *sealed.Roles) ([]message.RankedImp, error) {
	receiver := g.vault.bases[roles[message.Garbler]][g.index].receiver
	legs, chosen := make([]message.LegImp, len(runs)), make([]*ot.Chosen, len(runs))
	var err error
	for i, run := range runs {
		if run == nil {
			continue
		}
		if legs[i], chosen[i], err = run.Choose(receiver, g.holding); err != nil {
			return nil, err
		}
	}
	g.say(r, message.Evaluator, legs)
	garbler, err := g.hears(r, message.Garbler)
	if err != nil {
		return nil, err
	}
	imps := make([]message.RankedImp, len(runs))
	for i, run := range runs {
		if run == nil {
			continue
		}
		if imps[i], err = run.EvaluateAlone(chosen[i], &garbler.Imps[i]); err != nil {
			return nil, err
		}
	}
	return imps, nil
}
