package remedies

import (
	"fmt"
	"slices"
)

// anonymity is k-anonymity, with distinct l-diversity of a sensitive attribute if l > 1, over all attributes of all users. Every
// attribute counts as a quasi-identifier, the sensitive one too, since anybody may know any.
type anonymity struct {
	k, l      int
	sensitive []int32 // by record, see segments
	labels    []int8  // of the workload-aware variant
}

// protect releases, for every record, only what its class is like: of a tag whether all of the class carry it, most, some or none;
// of a field the value that all have, the one that most have, or nothing. So the records of a class look the same.
func (m anonymity) protect(t *people) (*release, error) {
	size := make([]int, t.attributes())
	for a := range size {
		size[a] = t.size(a)
	}
	p := &mondrian{values: t.values, size: size, k: m.k, l: m.l, sensitive: m.sensitive, labels: m.labels}
	classes, err := p.classes()
	if err != nil {
		return nil, err
	}
	if err := check(classes, m); err != nil {
		return nil, err
	}
	r := &release{symbols: make([][]int32, t.attributes()), words: make([][]string, t.attributes())}
	for a := range t.attributes() {
		r.symbols[a] = make([]int32, t.records())
		r.words[a] = generalWords(t.names(a), a < len(t.tags))
		for _, class := range classes {
			s := generalise(class, t.values[a], size[a], a < len(t.tags))
			for _, i := range class {
				r.symbols[a][i] = s
			}
		}
	}
	return r, nil
}

// check holds classes to what m promises.
func check(classes [][]int32, m anonymity) error {
	for _, class := range classes {
		if len(class) < m.k {
			return fmt.Errorf("class of %d records, want %d", len(class), m.k)
		}
		if m.l > 1 {
			seen := map[int32]bool{}
			for _, i := range class {
				seen[m.sensitive[i]] = true
			}
			if len(seen) < m.l {
				return fmt.Errorf("class of %d records with %d sensitive values, want %d", len(class), len(seen), m.l)
			}
		}
	}
	return nil
}

// Symbols of a generalised tag.
const (
	tagNone int32 = iota // of the class, or as words of the users: nobody
	tagAll
	tagMost // half of them or more
	tagSome
)

// anything is the word for a field on which a class does not agree.
const anything = "any"

// generalWords lists the words of a generalised attribute: of a field the values, the values that most have, and one for neither.
func generalWords(names []string, tag bool) []string {
	if tag {
		return []string{tagNone: "", tagAll: names[1], tagMost: names[1] + ".most", tagSome: names[1] + ".some"}
	}
	words := slices.Clone(names)
	for _, n := range names {
		words = append(words, n+".most")
	}
	return append(words, anything)
}

// generalise returns the symbol of a class for one attribute.
func generalise(class []int32, values []int32, size int, tag bool) int32 {
	count := make([]int, size)
	for _, i := range class {
		count[values[i]]++
	}
	if tag {
		switch n := count[1]; {
		case n == 0:
			return tagNone
		case n == len(class):
			return tagAll
		case 2*n >= len(class):
			return tagMost
		}
		return tagSome
	}
	mode := 0
	for v, n := range count {
		if n > count[mode] {
			mode = v
		}
	}
	switch {
	case count[mode] == len(class):
		return int32(mode)
	case 2*count[mode] >= len(class):
		return int32(size + mode)
	}
	return int32(2 * size)
}

// inMarket lists the segments of the iPinYou taxonomy, and of the built-in market, that say what a user is about to buy.
func inMarket() []string {
	return []string{
		"10684", "11092", "11278", "11379", "11423", "11512", "11576", "11632", "11680", "11724", "11944", "13042", "13403", "13496",
		"13678", "13776", "13874", "16593", "16617", "16661",
	}
}

// segments is the sensitive attribute: the rarest in-market segment that a user is in, or none.
func segments(t *people) []int32 {
	none := int32(len(t.tags))
	carriers := make([]int, len(t.tags)+1)
	for a := range t.tags {
		for _, v := range t.values[a] {
			carriers[a] += int(v)
		}
	}
	carriers[none] = t.records() + 1
	s := slices.Repeat([]int32{none}, t.records())
	for _, tag := range inMarket() {
		a, ok := slices.BinarySearch(t.tags, tag)
		if !ok {
			continue
		}
		for i, v := range t.values[a] {
			if v == 1 && carriers[a] < carriers[s[i]] {
				s[i] = int32(a)
			}
		}
	}
	return s
}
