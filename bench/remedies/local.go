package remedies

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// local is local differential privacy: every user's device randomises its own attributes before anybody sees them.
//
// For a set of tags it draws maxTags of them at most, pads them to maxTags with blanks, and reports every tag's bit by optimised
// unary encoding (Wang, Blocki, Li and Jha, "Locally Differentially Private Protocols for Frequency Estimation", USENIX Security
// 2017, section 4.2): a tag that is there with probability 1/2, one that is not with q = 1/(e^(tags/maxTags) + 1). Two padded sets
// differ in maxTags swaps at most, and a swap changes the probability of a report by at most p(1-q)/(q(1-p)) = (1-q)/q. Bits of
// blanks are not sent. With maxTags 0 every tag's bit is flipped with probability 1/(e^tags + 1) (Warner, JASA 60, 1965): then tags
// is the epsilon of a single tag, and the set is worth as many of them as there are tags.
//
// Each field goes through k-ary randomised response (Kairouz, Bonawitz and Ramage, ICML 2016, section 3.1).
type local struct {
	tags    float64 // epsilon of the set of tags, or of each tag if maxTags is 0
	maxTags int
	field   float64 // epsilon of each field
}

// perUser splits epsilon among a user's attributes: 6/10 to the tags, 1/10 to each of region, city, operating system and browser.
// By sequential composition the whole profile has epsilon.
func perUser(epsilon float64, maxTags int) local {
	return local{tags: .6 * epsilon, maxTags: maxTags, field: .1 * epsilon}
}

// perAttribute gives every tag and every field the whole epsilon. A profile then has as many epsilons as it has attributes.
func perAttribute(epsilon float64) local { return local{tags: epsilon, field: epsilon} }

// total is the epsilon of a whole profile.
func (m local) total(t *people) float64 {
	tags := m.tags
	if m.maxTags == 0 {
		tags *= float64(len(t.tags))
	}
	return tags + float64(len(fields))*m.field
}

// bit returns the probabilities with which a tag is reported that is there, and one that is not.
func (m local) bit() (p, q float64) {
	if m.maxTags == 0 {
		q = 1 / (math.Exp(m.tags) + 1)
		return 1 - q, q
	}
	return .5, 1 / (math.Exp(m.tags/float64(m.maxTags)) + 1)
}

// keep is the probability that k-ary randomised response reports the truth.
func keep(epsilon float64, size int) float64 {
	return 1 / (1 + float64(size-1)*math.Exp(-epsilon))
}

func (m local) protect(t *people, rng *rand.Rand) (*release, error) {
	if !(m.tags >= 0 && m.field >= 0) || m.maxTags < 0 {
		return nil, fmt.Errorf("local differential privacy %+v is out of range", m)
	}
	r := t.identity()
	p, q := m.bit()
	var carried []int
	for i := range t.records() {
		carried = carried[:0]
		for a := range t.tags {
			if t.values[a][i] == 1 {
				carried = append(carried, a)
			}
		}
		if m.maxTags > 0 && len(carried) > m.maxTags {
			rng.Shuffle(len(carried), func(x, y int) { carried[x], carried[y] = carried[y], carried[x] })
			carried = carried[:m.maxTags]
		}
		for a := range t.tags {
			chance := q
			if slices.Contains(carried, a) {
				chance = p
			}
			r.symbols[a][i] = int32(indicator(rng.Float64() < chance))
		}
		for f := range fields {
			a := len(t.tags) + f
			if size := t.size(a); rng.Float64() >= keep(m.field, size) {
				other := int32(rng.IntN(size - 1))
				if other >= t.values[a][i] {
					other++
				}
				r.symbols[a][i] = other
			}
		}
	}
	return r, nil
}
