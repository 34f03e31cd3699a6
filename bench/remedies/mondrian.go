package remedies

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// mondrian partitions records into classes of at least k by strict multidimensional recursive cuts (LeFevre, DeWitt and
// Ramakrishnan, "Mondrian Multidimensional K-Anonymity", ICDE 2006, figure 3): every class is cut at the median of the dimension with
// the widest range, relative to the dimension's whole range, whose cut leaves k records on both sides; records with equal values
// stay together. Of equally wide dimensions, as all tags are that not all or none of a class carry, the most evenly cut goes first.
//
// With labels it chooses the dimension with the greatest information gain instead, the workload-aware variant for classification
// (the same authors, "Workload-Aware Anonymization", KDD 2006, section 3.1).
type mondrian struct {
	values    [][]int32 // [dimension][record], ordered codes from 0
	size      []int     // of each dimension's domain
	k         int
	l         int     // least number of distinct sensitive values in a class (distinct l-diversity), 1 for no such demand
	sensitive []int32 // by record; needed if l > 1
	labels    []int8  // by record: 1 and 0, -1 for unknown; nil for the widest range
}

// classes returns the partition. It is an error if the table as a whole falls short of k or l.
func (m *mondrian) classes() ([][]int32, error) {
	all := make([]int32, len(m.values[0]))
	for i := range all {
		all[i] = int32(i)
	}
	if len(all) < m.k || m.diversity(all) < m.l {
		return nil, fmt.Errorf("%d records with %d sensitive values cannot make a class of %d with %d", len(all), m.diversity(all), m.k, m.l)
	}
	var done [][]int32
	for todo := [][]int32{all}; len(todo) > 0; {
		class := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if left, right, ok := m.cut(class); ok {
			todo = append(todo, right, left)
		} else {
			done = append(done, class)
		}
	}
	return done, nil
}

// cutting is a possible cut of a class: records with values up to at go left.
type cutting struct {
	dimension int
	at        int32
	merit     float64 // range, or information gain
	smaller   int     // records on the smaller side
}

func (m *mondrian) cut(class []int32) (left, right []int32, ok bool) {
	if len(class) < 2*m.k {
		return nil, nil, false
	}
	var list []cutting
	for d := range m.values {
		if c, ok := m.median(class, d); ok && c.smaller >= m.k {
			if m.labels != nil {
				c.merit = m.gain(class, c)
			}
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b cutting) int {
		return cmp.Or(cmp.Compare(b.merit, a.merit), cmp.Compare(b.smaller, a.smaller), cmp.Compare(a.dimension, b.dimension))
	})
	for _, c := range list {
		left, right := m.sides(class, c)
		if m.diversity(left) >= m.l && m.diversity(right) >= m.l {
			return left, right, true
		}
	}
	return nil, nil, false
}

// median finds where the strict cut of a class along a dimension is; ok is false if all records agree.
func (m *mondrian) median(class []int32, d int) (c cutting, ok bool) {
	count := make([]int, m.size[d])
	for _, i := range class {
		count[m.values[d][i]]++
	}
	low, high := int32(-1), int32(0)
	for v, n := range count {
		if n > 0 {
			if low < 0 {
				low = int32(v)
			}
			high = int32(v)
		}
	}
	if low == high {
		return cutting{}, false
	}
	c = cutting{dimension: d, merit: float64(high-low) / float64(m.size[d]-1)}
	below := 0
	for v := low; v < high; v++ {
		if count[v] == 0 {
			continue
		}
		c.at = v
		if below += count[v]; 2*below >= len(class) {
			break
		}
	}
	c.smaller = min(below, len(class)-below)
	return c, true
}

func (m *mondrian) sides(class []int32, c cutting) (left, right []int32) {
	for _, i := range class {
		if m.values[c.dimension][i] <= c.at {
			left = append(left, i)
		} else {
			right = append(right, i)
		}
	}
	return left, right
}

// diversity is the number of distinct sensitive values, as far as anyone asks.
func (m *mondrian) diversity(class []int32) int {
	if m.l <= 1 {
		return m.l
	}
	seen := map[int32]bool{}
	for _, i := range class {
		if seen[m.sensitive[i]] = true; len(seen) >= m.l {
			break
		}
	}
	return len(seen)
}

// gain is the information about the labels, in nats a labelled record, that a cut gives.
func (m *mondrian) gain(class []int32, c cutting) float64 {
	var n [2][2]float64 // side, label
	for _, i := range class {
		if m.labels[i] >= 0 {
			n[indicator(m.values[c.dimension][i] > c.at)][m.labels[i]]++
		}
	}
	left, right := n[0][0]+n[0][1], n[1][0]+n[1][1]
	if left == 0 || right == 0 {
		return 0
	}
	return entropy(n[0][0]+n[1][0], n[0][1]+n[1][1]) - (left*entropy(n[0][0], n[0][1])+right*entropy(n[1][0], n[1][1]))/(left+right)
}

func entropy(a, b float64) float64 {
	h := 0.0
	for _, x := range []float64{a, b} {
		if x > 0 {
			h -= x / (a + b) * math.Log(x/(a+b))
		}
	}
	return h
}
