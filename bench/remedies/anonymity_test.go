package remedies

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"cipherbid/bench/econ"
)

func smallPeople(t *testing.T, rows int) (*econ.Log, *people) {
	t.Helper()
	l, err := econ.Open("", rows, 1)
	if err != nil {
		t.Fatal(err)
	}
	return l, newPeople(l)
}

func TestMondrianByHand(t *testing.T) {
	// Dimension 1 has the wider relative range, 7 of 9 against 2 of 4, so it is cut first, at its median: 0 1 1 | 5 6 7. Then
	// neither side of three can be cut into classes of two.
	m := &mondrian{
		values: [][]int32{{0, 1, 2, 0, 1, 2}, {0, 1, 1, 5, 6, 7}}, size: []int{5, 10}, k: 2, l: 1,
	}
	classes, err := m.classes()
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int32{{0, 1, 2}, {3, 4, 5}}; !reflect.DeepEqual(classes, want) {
		t.Errorf("classes %v, want %v", classes, want)
	}
	// All but one have the same value: a strict cut would leave one alone.
	m = &mondrian{values: [][]int32{{3, 3, 3, 3, 4}}, size: []int{5}, k: 2, l: 1}
	if classes, err = m.classes(); err != nil || len(classes) != 1 {
		t.Errorf("classes %v, %v", classes, err)
	}
	m.k = 6
	if _, err := m.classes(); err == nil {
		t.Error("made a class of six out of five")
	}
}

// Every class of every setting keeps k and l, classes are a partition, and records with equal values stay together.
func TestMondrianKeepsItsPromise(t *testing.T) {
	_, p := smallPeople(t, 1500)
	sensitive := segments(p)
	labels := make([]int8, p.records())
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range labels {
		labels[i] = int8(rng.IntN(3) - 1)
	}
	size := make([]int, p.attributes())
	for a := range size {
		size[a] = p.size(a)
	}
	for _, tt := range []anonymity{{k: 2, l: 1}, {k: 5, l: 1}, {k: 50, l: 1}, {k: 5, l: 3}, {k: 10, l: 7}, {k: 5, l: 1, labels: labels}, {k: 25, l: 3, labels: labels}} {
		m := &mondrian{values: p.values, size: size, k: tt.k, l: tt.l, sensitive: sensitive, labels: tt.labels}
		classes, err := m.classes()
		if err != nil {
			t.Fatal(err)
		}
		class := slices.Repeat([]int{-1}, p.records())
		for c, records := range classes {
			values := map[int32]bool{}
			for _, i := range records {
				if class[i] >= 0 {
					t.Fatalf("record %d is in two classes", i)
				}
				class[i] = c
				values[sensitive[i]] = true
			}
			if len(records) < tt.k || len(values) < tt.l {
				t.Errorf("k %d, l %d: class of %d records with %d sensitive values", tt.k, tt.l, len(records), len(values))
			}
		}
		if slices.Contains(class, -1) {
			t.Error("a record is in no class")
		}
		if len(classes) < 2 {
			t.Errorf("k %d, l %d: nothing was cut", tt.k, tt.l)
		}
		ids, _ := p.identity().looks()
		of := map[int]int{}
		for i, id := range ids {
			if c, ok := of[id]; ok && c != class[i] {
				t.Fatal("two equal records are in different classes")
			}
			of[id] = class[i]
		}
	}
}

func TestDiversityOfTheTable(t *testing.T) {
	m := &mondrian{values: [][]int32{{0, 1, 0, 1}}, size: []int{2}, k: 2, l: 3, sensitive: []int32{0, 1, 0, 1}}
	if _, err := m.classes(); err == nil {
		t.Error("found three sensitive values among two")
	}
	if err := check([][]int32{{0, 2}, {1, 3}}, anonymity{k: 2, l: 2, sensitive: m.sensitive}); err == nil {
		t.Error("passed classes with one sensitive value each")
	}
	if err := check([][]int32{{0, 1}, {2}}, anonymity{k: 2, l: 1}); err == nil {
		t.Error("passed a class of one")
	}
}

// With labels, the dimension that tells them apart is cut first, though others are cut more evenly.
func TestWorkload(t *testing.T) {
	m := &mondrian{size: []int{2, 2}, k: 3, l: 1, values: [][]int32{make([]int32, 20), make([]int32, 20)}, labels: make([]int8, 20)}
	for i := range 20 {
		m.values[0][i], m.values[1][i] = int32(i%2), int32(indicator(i < 5))
		m.labels[i] = int8(indicator(i < 5))
	}
	left, right, ok := m.cut(all(20))
	if !ok || len(left) != 15 || len(right) != 5 {
		t.Errorf("cut into %d and %d", len(left), len(right))
	}
	m.labels = nil
	if left, right, ok = m.cut(all(20)); !ok || len(left) != 10 || len(right) != 10 {
		t.Errorf("without labels cut into %d and %d", len(left), len(right))
	}
}

func all(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// What is released of a class is the same for all its records, so classes by looks are no smaller than k.
func TestReleaseIsAnonymous(t *testing.T) {
	_, p := smallPeople(t, 1000)
	for _, k := range []int{2, 10, 50} {
		r, err := anonymity{k: k, l: 1}.protect(p)
		if err != nil {
			t.Fatal(err)
		}
		_, sizes := r.looks()
		for _, n := range sizes {
			if int(n) < k {
				t.Fatalf("k %d: %g records look alike", k, n)
			}
		}
		users := r.users()
		ids, _ := r.looks()
		first := map[int]int{}
		for i, id := range ids {
			if j, ok := first[id]; !ok {
				first[id] = i
			} else if !reflect.DeepEqual(users[i], users[j]) {
				t.Fatalf("k %d: users %+v and %+v of one class", k, users[i], users[j])
			}
		}
	}
}

func TestGeneralise(t *testing.T) {
	class := all(4)
	for name, tt := range map[string]struct {
		values []int32
		tag    bool
		want   string
	}{
		"all":      {[]int32{1, 1, 1, 1}, true, "7"},
		"most":     {[]int32{1, 0, 1, 0}, true, "7.most"},
		"some":     {[]int32{1, 0, 0, 0}, true, "7.some"},
		"nobody":   {[]int32{0, 0, 0, 0}, true, ""},
		"same":     {[]int32{2, 2, 2, 2}, false, "z"},
		"majority": {[]int32{2, 2, 1, 0}, false, "z.most"},
		"mixture":  {[]int32{2, 1, 1, 0}, false, "y.most"},
		"spread":   {[]int32{0, 1, 2, 3}, false, anything},
	} {
		names := []string{"x", "y", "z", "u"}
		if tt.tag {
			names = []string{"", "7"}
		}
		if got := generalWords(names, tt.tag)[generalise(class, tt.values, len(names), tt.tag)]; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
