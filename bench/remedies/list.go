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

// epsilons is the privacy axis of local differential privacy.
func epsilons() []float64 { return []float64{0.1, 0.5, 1, 2, 4, 8} }

// attributeEpsilons are those of single attributes. Below them the reports tell bidders nothing, as the first of them shows.
func attributeEpsilons() []float64 { return []float64{1, 2, 4, 8} }

// list returns all remedies. labels are the clicks of fitted records, -1 for the others.
func list(t *people, labels []int8) []remedy {
	truth := func(r *release) func(*people, *rand.Rand) (*release, error) {
		return func(*people, *rand.Rand) (*release, error) { return r, nil }
	}
	all := []remedy{
		{name: None, protect: truth(t.identity())},
		{name: Encrypted},
		{name: Contextual, protect: truth(contextual(t))},
	}
	for _, m := range []struct {
		parameter string
		mask
	}{
		{"share=0.01", mask{share: .01, drop: []int{city}}},
		{"share=0.05", mask{share: .05, drop: []int{city}}},
		{"share=0.20", mask{share: .2, drop: []int{city, region, browser}}},
	} {
		all = append(all, remedy{name: Masking, parameter: m.parameter, protect: truth(m.mask.protect(t))})
	}
	sensitive := segments(t)
	for _, a := range []struct {
		k, l     int
		workload bool
	}{
		{k: 2}, {k: 5}, {k: 10}, {k: 25}, {k: 50},
		{k: 10, l: 3}, {k: 10, l: 5}, {k: 10, l: 7}, {k: 50, l: 7},
		{k: 2, workload: true}, {k: 5, workload: true}, {k: 10, workload: true}, {k: 25, workload: true}, {k: 50, workload: true},
	} {
		r := remedy{name: KAnonymity, parameter: fmt.Sprintf("k=%d", a.k), k: a.k}
		m := anonymity{k: a.k, l: max(a.l, 1), sensitive: sensitive}
		if a.l > 0 {
			r.parameter += fmt.Sprintf("/l=%d", a.l)
		}
		if a.workload {
			r.name, m.labels = KWorkload, labels
		}
		r.protect = func(t *people, _ *rand.Rand) (*release, error) {
			return m.protect(t)
		}
		all = append(all, r)
	}
	randomised := func(name string, e float64, m local) {
		all = append(all, remedy{
			name: name, parameter: fmt.Sprintf("epsilon=%g", e), protect: m.protect, perturbs: true, epsilon: m.total(t),
		})
	}
	for _, e := range epsilons() {
		randomised(LDPUser, e, perUser(e, setSize))
	}
	for _, e := range attributeEpsilons() {
		randomised(LDPAttribute, e, perAttribute(e))
	}
	return append(all, remedy{name: Random})
}

// setSize is the number of tags that local differential privacy per user reports at most. Of 1, 2, 4 and 8 it kept the most AUC on
// the iPinYou sample at epsilon 8, on two splits.
const setSize = 2
