package remedies

import (
	"encoding/binary"
	"math"
)

// highRisk is the re-identification risk above which a record counts as at risk.
const highRisk = 0.2

// Risk is what the size of equivalence classes, sets of records that look the same, says of re-identification, by the definitions of
// the ARX tool. A record's prosecutor risk is 1 by the number of auctioned users who look like it: the adversary knows that the
// target is among them. Its journalist risk is 1 by the number of all users who look like it, fitted and auctioned ones: the
// population table.
//
// It presumes that releases are truthful. Where values are perturbed, classes mean nothing and all numbers but Unique are NaN.
type Risk struct {
	ProsecutorMax, ProsecutorMean, ProsecutorShare  float64 // highest, average, share of records above 0.2
	JournalistMax, JournalistMean, JournalistShare  float64
	Unique                                          float64 // share of auctioned records that no other auctioned one looks like
	UniqueInPopulation                              float64 // share of auctioned records that no other user looks like
	Classes, SmallestClass, MeanClass, LargestClass float64 // of the population
}

// classRisk measures a release. The sample lists the auctioned records.
func classRisk(r *release, sample []int, perturbed bool) Risk {
	ids, sizes := r.looks()
	inSample := make([]float64, len(sizes))
	for _, i := range sample {
		inSample[ids[i]]++
	}
	k := Risk{Classes: float64(len(sizes)), SmallestClass: math.Inf(1)}
	for _, n := range sizes {
		k.SmallestClass = min(k.SmallestClass, n)
		k.LargestClass = max(k.LargestClass, n)
	}
	k.MeanClass = float64(len(ids)) / k.Classes
	share := 1 / float64(len(sample))
	for _, i := range sample {
		prosecutor, journalist := 1/inSample[ids[i]], 1/sizes[ids[i]]
		k.ProsecutorMax, k.JournalistMax = max(k.ProsecutorMax, prosecutor), max(k.JournalistMax, journalist)
		k.ProsecutorMean += share * prosecutor
		k.JournalistMean += share * journalist
		k.ProsecutorShare += share * float64(indicator(prosecutor > highRisk))
		k.JournalistShare += share * float64(indicator(journalist > highRisk))
		k.Unique += share * float64(indicator(prosecutor == 1))
		k.UniqueInPopulation += share * float64(indicator(journalist == 1))
	}
	if perturbed {
		nan := math.NaN()
		k = Risk{nan, nan, nan, nan, nan, nan, k.Unique, k.UniqueInPopulation, nan, nan, nan, nan}
	}
	return k
}

// looks numbers the distinct appearances of records: ids by record, and how many records have each.
func (r *release) looks() (ids []int, sizes []float64) {
	n := len(r.symbols[0])
	seen := map[string]int{}
	ids = make([]int, n)
	var key []byte
	for i := range n {
		key = key[:0]
		for a := range r.symbols {
			key = binary.AppendUvarint(key, uint64(r.symbols[a][i]))
		}
		id, ok := seen[string(key)]
		if !ok {
			id = len(sizes)
			seen[string(key)] = id
			sizes = append(sizes, 0)
		}
		ids[i] = id
		sizes[id]++
	}
	return ids, sizes
}

// measure is one number of a Risk, and how repeats go together.
type measure struct {
	name  string
	value *float64
	fold  func(a, b float64) float64 // nil for the mean
}

func (k *Risk) measures() []measure {
	return []measure{
		{"prosecutor_max", &k.ProsecutorMax, math.Max}, {"prosecutor_mean", &k.ProsecutorMean, nil}, {"prosecutor_above_0.2", &k.ProsecutorShare, nil},
		{"journalist_max", &k.JournalistMax, math.Max}, {"journalist_mean", &k.JournalistMean, nil}, {"journalist_above_0.2", &k.JournalistShare, nil},
		{"unique", &k.Unique, nil}, {"unique_in_population", &k.UniqueInPopulation, nil},
		{"classes", &k.Classes, nil}, {"class_min", &k.SmallestClass, math.Min}, {"class_mean", &k.MeanClass, nil}, {"class_max", &k.LargestClass, math.Max},
	}
}

// fold combines the risks of repeats: means, but the worst of extremes.
func fold(risks []Risk) *Risk {
	out := risks[0]
	for m, dst := range out.measures() {
		for _, k := range risks[1:] {
			v := *k.measures()[m].value
			if dst.fold != nil {
				*dst.value = dst.fold(*dst.value, v)
			} else {
				*dst.value += v
			}
		}
		if dst.fold == nil {
			*dst.value /= float64(len(risks))
		}
	}
	return &out
}
