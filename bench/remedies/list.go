package remedies

import (
	"fmt"
	"math/rand/v2"
)

// Names of the treatments.
const (
	None         = "none"                 // the unprotected plaintext market, the reference
	Encrypted    = "encrypted"            // this project's
	Contextual   = "contextual"           // no private attributes at all
	Masking      = "masking"              // generalisation and suppression by hand
	KAnonymity   = "k-anonymity"          // cut by the widest range
	KWorkload    = "k-anonymity-workload" // cut by what tells clicks apart
	LDPUser      = "ldp-user"             // local differential privacy of a whole profile
	LDPAttribute = "ldp-attribute"        // of every attribute by itself
	Random       = "random"               // bids that know nothing
)

// remedy is one way to protect users.
type remedy struct {
	name, parameter string
	protect         func(t *people, rng *rand.Rand) (*release, error) // nil if bidders still fit on true users
	perturbs        bool                                              // what it releases may be false
	k               int                                               // least size of a class that it promises, 0 for no promise
	epsilon         float64                                           // of a whole profile, 0 for none promised
}

// grid says which settings of each remedy are measured.
type grid struct {
	shares     []float64 // of masking
	ks         []int     // of k-anonymity
	kls        [][2]int  // of k-anonymity with l-diversity
	workload   []int     // k of workload-aware k-anonymity
	user       []float64 // epsilons of a profile
	attributes []float64 // epsilons of single attributes; below 1 the reports tell bidders nothing, as 1 nearly shows
}

func newGrid(quick bool) grid {
	if quick {
		return grid{[]float64{.05}, []int{2, 10, 50}, [][2]int{{10, 7}}, []int{50}, []float64{.5, 2, 8}, []float64{1, 4}}
	}
	return grid{
		[]float64{.01, .05, .2}, []int{2, 5, 10, 25, 50}, [][2]int{{10, 3}, {10, 5}, {10, 7}, {50, 7}}, []int{5, 25, 50},
		[]float64{.1, .5, 1, 2, 4, 8}, []float64{1, 2, 4, 8},
	}
}

// heavyMask is the share from which masking also suppresses region and browser. It always suppresses cities.
const heavyMask = .2

// list returns the remedies. labels are the clicks of fitted records, -1 for the others.
func list(t *people, labels []int8, g grid) []remedy {
	truth := func(r *release) func(*people, *rand.Rand) (*release, error) {
		return func(*people, *rand.Rand) (*release, error) { return r, nil }
	}
	all := []remedy{
		{name: None, protect: truth(t.identity())},
		{name: Encrypted},
		{name: Contextual, protect: truth(contextual(t))},
	}
	for _, share := range g.shares {
		m := mask{share: share, drop: []int{city}}
		if share >= heavyMask {
			m.drop = append(m.drop, region, browser)
		}
		all = append(all, remedy{name: Masking, parameter: fmt.Sprintf("share=%g", share), protect: truth(m.protect(t))})
	}
	anonymous := func(name, parameter string, m anonymity) {
		protect := func(t *people, _ *rand.Rand) (*release, error) { return m.protect(t) }
		all = append(all, remedy{name: name, parameter: parameter, k: m.k, protect: protect})
	}
	for _, k := range g.ks {
		anonymous(KAnonymity, fmt.Sprintf("k=%d", k), anonymity{k: k, l: 1})
	}
	sensitive := segments(t)
	for _, kl := range g.kls {
		anonymous(KAnonymity, fmt.Sprintf("k=%d/l=%d", kl[0], kl[1]), anonymity{k: kl[0], l: kl[1], sensitive: sensitive})
	}
	for _, k := range g.workload {
		anonymous(KWorkload, fmt.Sprintf("k=%d", k), anonymity{k: k, l: 1, labels: labels})
	}
	randomised := func(name string, epsilon float64, m local) {
		all = append(all, remedy{
			name: name, parameter: fmt.Sprintf("epsilon=%g", epsilon), protect: m.protect, perturbs: true, epsilon: m.total(t),
		})
	}
	for _, e := range g.user {
		randomised(LDPUser, e, perUser(e, setSize))
	}
	for _, e := range g.attributes {
		randomised(LDPAttribute, e, perAttribute(e))
	}
	return append(all, remedy{name: Random})
}

// setSize is the number of tags that local differential privacy per user reports at most. Of 1, 2, 4 and 8 it kept the most AUC on
// the iPinYou sample at epsilon 8, on two splits.
const setSize = 2
