package remedies

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"cipherbid/bench/econ"
	"cipherbid/bidder/train"
	"cipherbid/crypto/ckks"
	"cipherbid/crypto/params"
)

// Run measures all remedies.
func Run(ctx context.Context, o Options) (*Result, error) {
	started := time.Now()
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("remedies: %w", err)
	}
	log, err := econ.Open(o.Data, o.Rows, o.Seed)
	if err != nil {
		return nil, fmt.Errorf("remedies: %w", err)
	}
	if o.Without != "" {
		log = log.WithoutTag(o.Without)
	}
	p, err := params.Default(o.Dim)
	if err != nil {
		return nil, fmt.Errorf("remedies: %w", err)
	}
	r := &run{options: o, log: log, params: p, people: newPeople(log)}
	for n := range o.Repeats {
		if err := r.repeat(ctx, n); err != nil {
			return nil, fmt.Errorf("remedies, repeat %d: %w", n+1, err)
		}
	}
	res := r.result()
	res.Started = started
	return res, nil
}

// run is the state of a run.
type run struct {
	options Options
	log     *econ.Log
	params  *params.Params
	people  *people

	clicks, bids int // see Result

	mu         sync.Mutex
	done       int
	treatments []Treatment
	sheets     [][]*econ.Sheet // [treatment][repeat]
	attacks    []attack        // by treatment
}

// attack is what is gathered over repeats of a treatment's risks.
type attack struct {
	risks []Risk
	hits  [][]hit // [knowledge]
	guess float64
}

// trial is one repeat: a split, and the reference in it.
type trial struct {
	*econ.Split
	n         int
	resamples [][]uint8
	fit       *train.Result // of the reference
	reference *econ.Bids
	judges    []econ.Judge
}

func (r *run) repeat(ctx context.Context, n int) error {
	o := r.options
	split, err := r.log.Split(o.Seed + uint64(n))
	if err != nil {
		return err
	}
	t := &trial{Split: split, n: n, resamples: split.Resamples(o.Draws, o.Seed), judges: split.Oracle()}
	if t.fit, err = split.Fit(r.log.Rows, o.Dim, o.MaxL1); err != nil {
		return err
	}
	t.reference = split.Bids(t.fit, r.log.Rows)
	clicks := 0
	for _, i := range split.Test {
		clicks += indicator(r.log.Rows[i].Click)
	}
	if r.clicks = min(r.clicks, clicks); n == 0 {
		r.clicks = clicks
	}
	r.bids += len(split.Test) * len(split.Seats)
	labels := make([]int8, len(r.log.Rows))
	for i := range labels {
		labels[i] = -1
	}
	for _, i := range split.Train {
		labels[i] = int8(indicator(r.log.Rows[i].Click))
	}
	remedies := list(r.people, labels, newGrid(o.Quick))
	if n == 0 {
		r.treatments, r.sheets = make([]Treatment, len(remedies)), make([][]*econ.Sheet, len(remedies))
		r.attacks = make([]attack, len(remedies))
		for i, m := range remedies {
			r.treatments[i] = Treatment{Remedy: m.name, Parameter: m.parameter, Epsilon: m.epsilon, k: m.k}
			r.sheets[i] = make([]*econ.Sheet, o.Repeats)
			r.attacks[i].hits = make([][]hit, len(knowledge()))
		}
	}
	return econ.Each(ctx, len(remedies), func(i int) error {
		if err := r.treat(ctx, t, i, remedies[i]); err != nil {
			return fmt.Errorf("%s %s: %w", remedies[i].name, remedies[i].parameter, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done++
		if o.Progress != nil {
			o.Progress(r.done, o.Repeats*len(remedies))
		}
		return nil
	})
}

// source is the randomness of one treatment in one repeat.
func (r *run) source(n int, m remedy) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %s", n, m.name, m.parameter)
	return rand.New(rand.NewPCG(r.options.Seed, h.Sum64()))
}

// treat measures treatment i in one repeat. It alone touches the treatment's results.
func (r *run) treat(ctx context.Context, t *trial, i int, m remedy) error {
	o, rng, out := r.options, r.source(t.n, m), &r.treatments[i]
	var bids *econ.Bids
	var err error
	switch {
	case m.name == None:
		bids = t.reference
	case m.name == Random:
		bids = t.Shuffle(t.reference, rng)
	case m.name == Encrypted:
		bids, err = r.encrypted(ctx, t)
	}
	if err != nil {
		return err
	}
	if m.protect != nil {
		released, err := m.protect(r.people, rng)
		if err != nil {
			return err
		}
		if bids == nil {
			rows := r.log.WithUsers(released.users())
			f, err := t.Fit(rows, o.Dim, o.MaxL1)
			if err != nil {
				return err
			}
			bids = t.Bids(f, rows)
		}
		r.risks(i, t, released, m)
	}
	out.Void += bids.Void
	r.sheets[i][t.n] = econ.Measure(t.Blocks(bids, t.reference, t.judges), t.resamples)
	return nil
}

// risks measures what a release gives away. All treatments of a repeat are attacked for the same users with the same facts.
func (r *run) risks(i int, t *trial, released *release, m remedy) {
	out := &r.attacks[i]
	out.risks = append(out.risks, classRisk(released, t.Test, m.perturbs))
	for j, facts := range knowledge() {
		rng := rand.New(rand.NewPCG(r.options.Seed, uint64(t.n)<<8|uint64(facts)))
		out.hits[j] = append(out.hits[j], link(r.people, released, t.Split, facts, r.options.Targets, rng)...)
		out.guess += 1 / float64(len(t.Test)*len(knowledge())*r.options.Repeats)
	}
}

// encrypted auctions the true users encrypted, by the reference's models.
func (r *run) encrypted(ctx context.Context, t *trial) (*econ.Bids, error) {
	sch, err := ckks.New(r.params, [32]byte{'r', 'e', 'm', 'e', 'd', 'i', 'e', 's', byte(t.n)})
	if err != nil {
		return nil, err
	}
	return t.Lanes(ctx, t.fit, r.log.Rows, sch)
}

func (r *run) result() *Result {
	for i := range r.treatments {
		t, attack := &r.treatments[i], &r.attacks[i]
		t.Estimates = econ.Combine(r.sheets[i], r.sheets[0], r.log.Users, r.options.Seed)
		if attack.risks == nil {
			continue
		}
		t.Risk = fold(attack.risks)
		for j, facts := range knowledge() {
			t.Linkage = append(t.Linkage, sumUp(facts, attack.hits[j], r.attacks[0].hits[j], attack.guess, r.options.Seed))
		}
	}
	return &Result{
		Options: r.options, Log: r.log, Params: r.params, Tags: len(r.people.tags), Clicks: r.clicks, Bids: r.bids, Treatments: r.treatments,
	}
}
