package remedies

import (
	"math"
	"math/rand/v2"
	"strconv"

	"cipherbid/bench/econ"
	"cipherbid/bench/stat"
)

// Everything, as a number of facts, means the whole true profile, with what the user does not have.
const Everything = 0

// knowledge lists how many facts the adversary has: that many of the user's own tags, region, city, operating system and browser,
// drawn at random, or all of them if there are fewer.
func knowledge() []int { return []int{5, 10, Everything} }

// Linkage is an attack that was run: an adversary who knows facts about a user looks for that user's record among all auctioned ones.
type Linkage struct {
	Facts   int           // or Everything
	Success stat.Interval // share of users found, N of them, with Wilson's interval; of several records that fit equally one is guessed
	Ratio   stat.Interval // by the success against the unprotected market, the same users looked for; bootstrap over users
	Guess   float64       // success of guessing among all records
}

// hit is how likely the adversary is to find one user, from 0 to 1.
type hit struct {
	user   int32
	chance float64
}

// link attacks a release. The adversary is a good one: it knows how true values and symbols go together in the population, so also
// the mechanism of any randomisation, and picks the record with the highest likelihood ratio of being the target's rather than
// anybody's (Fellegi and Sunter, JASA 64, 1969, taking attributes as independent):
//
//	sum over known attributes of ln P(symbol | true value) - ln P(symbol)
//
// The users that are looked for and the facts depend on rng alone, not on the release.
func link(t *people, r *release, s *econ.Split, facts, targets int, rng *rand.Rand) []hit {
	scores := likelihoods(t, r)
	symbols := make([][]int32, t.attributes()) // of the sample
	for a := range symbols {
		symbols[a] = make([]int32, len(s.Test))
		for c, i := range s.Test {
			symbols[a][c] = r.symbols[a][i]
		}
	}
	var hits []hit
	sum := make([]float64, len(s.Test))
	for _, target := range rng.Perm(len(s.Test))[:min(targets, len(s.Test))] {
		record := s.Test[target]
		clear(sum)
		for _, a := range t.facts(record, facts, rng) {
			of := scores[a][t.values[a][record]]
			for c, s := range symbols[a] {
				sum[c] += of[s]
			}
		}
		hits = append(hits, hit{s.Log.User[record], chance(sum, target)})
	}
	return hits
}

// sumUp turns the hits of all repeats into shares. reference are the hits on the unprotected market.
func sumUp(facts int, hits, reference []hit, guess float64, seed uint64) Linkage {
	l := Linkage{Facts: facts, Guess: guess}
	pairs := make([]stat.Pair, len(hits))
	for i, h := range hits {
		pairs[i] = stat.Pair{Cluster: strconv.Itoa(int(h.user)), A: h.chance, B: reference[i].chance}
		l.Success.Estimate += h.chance
	}
	l.Success.N = len(hits)
	l.Success.Low, l.Success.High = econ.Wilson(l.Success.Estimate, len(hits))
	l.Success.Estimate /= float64(len(hits))
	var err error
	if l.Ratio, err = stat.PairedBootstrap(pairs, stat.RatioOfSums, seed); err != nil { // nobody was found without protection
		l.Ratio = stat.Interval{Estimate: math.NaN(), Low: math.NaN(), High: math.NaN(), N: len(hits)}
	}
	return l
}

// chance is the adversary's chance of picking a record among those with the highest sum.
func chance(sum []float64, record int) float64 {
	const same = 1e-9 // sums of equal terms in another order
	top, ties := math.Inf(-1), 0
	for _, s := range sum {
		top = max(top, s)
	}
	if sum[record] < top-same {
		return 0
	}
	for _, s := range sum {
		if s >= top-same {
			ties++
		}
	}
	return 1 / float64(ties)
}

// facts draws what the adversary knows of a record: attributes.
func (t *people) facts(record, n int, rng *rand.Rand) []int {
	var own []int
	for a := range t.attributes() {
		tag := a < len(t.tags)
		has := tag && t.values[a][record] == 1 || !tag && t.vocab[a-len(t.tags)][t.values[a][record]] != ""
		if has || n == Everything {
			own = append(own, a)
		}
	}
	if n == Everything || n >= len(own) {
		return own
	}
	rng.Shuffle(len(own), func(x, y int) { own[x], own[y] = own[y], own[x] })
	return own[:n]
}

// likelihoods returns ln P(symbol | value) - ln P(symbol) over the population, by attribute, value and symbol; -Inf for what never
// goes together.
func likelihoods(t *people, r *release) [][][]float64 {
	all := make([][][]float64, t.attributes())
	n := float64(t.records())
	for a := range all {
		joint := make([][]float64, t.size(a))
		values, symbols := make([]float64, t.size(a)), make([]float64, len(r.words[a]))
		for v := range joint {
			joint[v] = make([]float64, len(r.words[a]))
		}
		for i, v := range t.values[a] {
			s := r.symbols[a][i]
			joint[v][s]++
			values[v]++
			symbols[s]++
		}
		for v := range joint {
			for s, c := range joint[v] {
				joint[v][s] = math.Inf(-1)
				if c > 0 {
					joint[v][s] = math.Log(c*n) - math.Log(values[v]*symbols[s])
				}
			}
		}
		all[a] = joint
	}
	return all
}
