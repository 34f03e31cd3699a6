package remedies

import (
	"math"
	"math/rand/v2"
	"testing"

	"cipherbid/bench/econ"
	"cipherbid/bidder/ipinyou"
)

// reportTags is the probability of a report of tags by a user with a set of tags; both are bit masks over n tags.
func (m local) reportTags(set, report, n int) float64 {
	p, q := m.bit()
	var carried []int
	for a := range n {
		if set>>a&1 == 1 {
			carried = append(carried, a)
		}
	}
	given := func(set int) float64 {
		out := 1.0
		for a := range n {
			chance := q
			if set>>a&1 == 1 {
				chance = p
			}
			if report>>a&1 == 0 {
				chance = 1 - chance
			}
			out *= chance
		}
		return out
	}
	if m.maxTags == 0 || len(carried) <= m.maxTags {
		return given(set)
	}
	sum, choices := 0.0, 0.0 // mean over the subsets of maxTags tags
	for sub := range 1 << len(carried) {
		chosen, size := 0, 0
		for j, a := range carried {
			if sub>>j&1 == 1 {
				chosen, size = chosen|1<<a, size+1
			}
		}
		if size == m.maxTags {
			sum, choices = sum+given(chosen), choices+1
		}
	}
	return sum / choices
}

// No report is more than e^epsilon times as likely for one set of tags as for another, and some are exactly that.
func TestEpsilonOfSets(t *testing.T) {
	const n = 5
	for _, epsilon := range []float64{.1, 1, 4} {
		for _, maxTags := range []int{1, 2} {
			m := local{tags: epsilon, maxTags: maxTags}
			worst := 0.0
			for a := range 1 << n {
				for b := range 1 << n {
					for report := range 1 << n {
						worst = max(worst, math.Log(m.reportTags(a, report, n)/m.reportTags(b, report, n)))
					}
				}
			}
			if worst > epsilon+1e-9 || worst < epsilon-1e-9 {
				t.Errorf("%d tags: a report tells %g, promised %g", maxTags, worst, epsilon)
			}
		}
	}
	// Per attribute, two sets that differ in one tag differ by epsilon, and any two by as many as there are tags.
	m := perAttribute(1)
	one, whole := 0.0, 0.0
	for report := range 1 << n {
		one = max(one, math.Log(m.reportTags(0b00101, report, n)/m.reportTags(0b00100, report, n)))
		whole = max(whole, math.Log(m.reportTags(0, report, n)/m.reportTags(1<<n-1, report, n)))
	}
	if math.Abs(one-1) > 1e-9 || math.Abs(whole-n) > 1e-9 {
		t.Errorf("per attribute one tag tells %g, all tell %g", one, whole)
	}
}

func TestEpsilonOfFields(t *testing.T) {
	for _, epsilon := range []float64{.1, 1, 8} {
		for _, size := range []int{2, 35, 400} {
			p := keep(epsilon, size)
			q := (1 - p) / float64(size-1)
			if got := math.Log(p / q); math.Abs(got-epsilon) > 1e-9 {
				t.Errorf("%d values: a report tells %g, promised %g", size, got, epsilon)
			}
		}
	}
	if keep(1, 1) != 1 {
		t.Error("a field with one value is not reported")
	}
}

func TestBudgets(t *testing.T) {
	_, p := smallPeople(t, 300)
	if got := perUser(2, setSize).total(p); math.Abs(got-2) > 1e-12 {
		t.Errorf("a profile has epsilon %g, promised 2", got)
	}
	if got, want := perAttribute(2).total(p), 2*float64(p.attributes()); got != want {
		t.Errorf("a profile has epsilon %g, want %g", got, want)
	}
	if _, err := (local{tags: -1}).protect(p, nil); err == nil {
		t.Error("accepted a negative epsilon")
	}
}

// Reports are as frequent as the mechanism says, to five standard errors.
func TestFrequencies(t *testing.T) {
	const n = 20000
	l := &econ.Log{}
	for i := range n {
		u := ipinyou.User{Tags: []string{"a", "b", "c"}, Region: []string{"1", "2", "3", "4"}[i%4]}
		if i%2 == 0 {
			u.Tags = []string{"d"}
		}
		l.Rows = append(l.Rows, ipinyou.Row{User: u})
	}
	p := newPeople(l)
	m := local{tags: 2, maxTags: 2, field: 1}
	r, err := m.protect(p, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	there, not := m.bit()
	near := func(what string, got, n, want float64) {
		t.Helper()
		if math.Abs(got/n-want) > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("%s: share %g, want %g", what, got/n, want)
		}
	}
	count := func(a, half int) (c float64) {
		for i := half; i < n; i += 2 {
			c += float64(r.symbols[a][i])
		}
		return c
	}
	near("tag of a short set", count(3, 0), n/2, there)
	near("tag that is absent", count(0, 0), n/2, not)
	// Of three tags two are kept.
	near("tag of a long set", count(0, 1), n/2, 2./3*there+1./3*not)
	kept, moved := 0.0, 0.0
	for i, s := range r.symbols[len(p.tags)+region] {
		kept += float64(indicator(s == p.values[len(p.tags)+region][i]))
		moved += float64(indicator(s == (p.values[len(p.tags)+region][i]+1)%4))
	}
	near("region kept", kept, n, keep(1, 4))
	near("region moved by one", moved, n, (1-keep(1, 4))/3)
}
