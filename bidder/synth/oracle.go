package synth

import "cipherbid/bidder/ipinyou"

// Oracle knows the hidden click model of the built-in market, for measuring what bidders' models miss. No bidder may ask it. It
// is safe for concurrent use.
type Oracle struct {
	truth *truth
	index map[string]int
}

// NewOracle returns the hidden model, the same for all seeds.
func NewOracle() *Oracle {
	m := newMarket()
	o := &Oracle{truth: m.truth, index: make(map[string]int)}
	for k := range m.advertisers {
		o.index[m.advertisers[k].id] = k
	}
	return o
}

// Click returns the true probability that the impression of a row is clicked if it shows the advertiser's ad, whoever's ad it
// showed in the log. ok is false for an unknown advertiser.
func (o *Oracle) Click(advertiser string, r ipinyou.Row) (p float64, ok bool) {
	k, ok := o.index[advertiser]
	if !ok {
		return 0, false
	}
	return o.truth.probability(k, r), true
}
