package remedies

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"cipherbid/bench/econ"
	"cipherbid/bidder/ipinyou"
)

func TestRiskByHand(t *testing.T) {
	// Looks of the population: a a a a, b b, c, d d. Auctioned are a a, b, c, d.
	r := &release{symbols: [][]int32{{0, 0, 0, 0, 1, 1, 2, 3, 3}}, words: [][]string{{"a", "b", "c", "d"}}}
	k := classRisk(r, []int{0, 1, 4, 6, 7}, false)
	for name, v := range map[string][2]float64{
		"prosecutor max":       {k.ProsecutorMax, 1},
		"prosecutor mean":      {k.ProsecutorMean, (.5 + .5 + 1 + 1 + 1) / 5},
		"prosecutor above 0.2": {k.ProsecutorShare, 1},
		"journalist max":       {k.JournalistMax, 1},
		"journalist mean":      {k.JournalistMean, (.25 + .25 + .5 + 1 + .5) / 5},
		"journalist above 0.2": {k.JournalistShare, 1},
		"unique":               {k.Unique, 3. / 5},
		"unique in population": {k.UniqueInPopulation, 1. / 5},
		"classes":              {k.Classes, 4},
		"smallest":             {k.SmallestClass, 1},
		"mean class":           {k.MeanClass, 9. / 4},
		"largest":              {k.LargestClass, 4},
	} {
		if math.Abs(v[0]-v[1]) > 1e-12 {
			t.Errorf("%s: got %g, want %g", name, v[0], v[1])
		}
	}
	if p := classRisk(r, []int{0, 4}, true); !math.IsNaN(p.ProsecutorMax) || p.Unique != 1 {
		t.Errorf("perturbed: %+v", p)
	}
	two := fold([]Risk{{ProsecutorMax: .5, ProsecutorMean: .2, SmallestClass: 4}, {ProsecutorMax: 1, ProsecutorMean: .4, SmallestClass: 2}})
	if two.ProsecutorMax != 1 || math.Abs(two.ProsecutorMean-.3) > 1e-12 || two.SmallestClass != 2 {
		t.Errorf("two repeats: %+v", two)
	}
}

// unique makes users whose profiles all differ: bit b of a user's number is tag b.
func uniqueUsers(n int) *econ.Split {
	l := &econ.Log{}
	s := &econ.Split{Log: l}
	for i := range n {
		u := ipinyou.User{Region: strconv.Itoa(i % 7), City: "1", UserAgent: "windows_ie"}
		for b := range 10 {
			if i>>b&1 == 1 {
				u.Tags = append(u.Tags, "t"+strconv.Itoa(b))
			}
		}
		l.Rows = append(l.Rows, ipinyou.Row{User: u})
		l.User = append(l.User, int32(i))
		s.Test = append(s.Test, i)
	}
	return s
}

func success(hits []hit) (found float64) {
	for _, h := range hits {
		found += h.chance / float64(len(hits))
	}
	return found
}

// Without protection whoever knows all finds everybody; with nothing released, or with reports that are noise, nobody is found
// but by luck; k-anonymity keeps success at 1/k.
func TestLinkage(t *testing.T) {
	const n, targets = 1000, 400
	s := uniqueUsers(n)
	p := newPeople(s.Log)
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
	if got := success(link(p, p.identity(), s, Everything, targets, rng())); got < 1-1e-9 {
		t.Errorf("without protection %g are found", got)
	}
	few := success(link(p, p.identity(), s, 5, targets, rng()))
	if few <= 3./n || few >= .9 {
		t.Errorf("five facts find %g", few)
	}
	if got := success(link(p, contextual(p), s, Everything, targets, rng())); math.Abs(got-1./n) > 1e-12 {
		t.Errorf("of nothing %g are found, guessing finds %g", got, 1./n)
	}
	noise, err := perUser(.01, setSize).protect(p, rand.New(rand.NewPCG(2, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if got := success(link(p, noise, s, Everything, targets, rng())); got > 5./targets {
		t.Errorf("in noise %g are found", got)
	}
	weak, err := perAttribute(20).protect(p, rand.New(rand.NewPCG(2, 2)))
	if err != nil {
		t.Fatal(err)
	}
	if got := success(link(p, weak, s, Everything, targets, rng())); got < .99 {
		t.Errorf("at epsilon 20 for each attribute only %g are found", got)
	}
	for _, k := range []int{2, 20} {
		r, err := anonymity{k: k, l: 1}.protect(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := success(link(p, r, s, Everything, targets, rng())); got > 1/float64(k)+1e-12 || got < .2/float64(k) {
			t.Errorf("k %d: %g are found", k, got)
		}
	}
}

func TestSumUp(t *testing.T) {
	hits := []hit{{0, .5}, {1, 0}, {2, .5}, {3, 0}}
	reference := []hit{{0, 1}, {1, 1}, {2, 1}, {3, 1}}
	l := sumUp(5, hits, reference, .001, 1)
	if l.Success.Estimate != .25 || l.Success.N != 4 || l.Success.Low >= .25 || l.Success.High <= .25 || l.Ratio.Estimate != .25 {
		t.Errorf("%+v", l)
	}
	if l := sumUp(5, hits, make([]hit, 4), .001, 1); !math.IsNaN(l.Ratio.Estimate) {
		t.Errorf("ratio %g by nothing", l.Ratio.Estimate)
	}
}

func TestFacts(t *testing.T) {
	s := uniqueUsers(600)
	p := newPeople(s.Log)
	rng := rand.New(rand.NewPCG(1, 1))
	// User 511 has nine tags and four fields, user 0 no tag.
	for _, tt := range []struct{ record, facts, want int }{{511, 5, 5}, {511, 10, 10}, {511, 50, 13}, {511, Everything, p.attributes()}, {0, 5, 4}} {
		got := p.facts(tt.record, tt.facts, rng)
		if len(got) != tt.want {
			t.Errorf("user %d, %d facts: %d known, want %d", tt.record, tt.facts, len(got), tt.want)
		}
		for _, a := range got {
			if tt.facts != Everything && a < len(p.tags) && p.values[a][tt.record] == 0 {
				t.Errorf("user %d: a tag that is not there counts as a fact", tt.record)
			}
		}
	}
}
