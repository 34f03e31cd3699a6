package remedies

import (
	"cmp"
	"slices"
	"strconv"

	"cipherbid/bench/econ"
	"cipherbid/bidder/ipinyou"
)

// minTag is the number of users that must carry a tag for it to count: models use no rarer ones.
const minTag = 10

// fields are the single-valued attributes, after the tags.
var fields = [...]string{"region", "city", "os", "browser"}

const (
	region = iota
	city
	opSystem
	browser
)

// people holds the true attributes of all users of a log, fitted and auctioned ones: what a company would protect. Attribute a < len(tags)
// tells whether a user carries a tag, 0 or 1; attribute len(tags)+f is the position of a field's value in vocab[f]. The tags and the
// values of the fields are taken to be public.
type people struct {
	tags   []string
	vocab  [len(fields)][]string // in order of code, so that the cities of a region are neighbours; "" is a missing value
	values [][]int32             // [attribute][record]
}

func newPeople(l *econ.Log) *people {
	t := &people{}
	carriers := map[string]int{}
	var seen [len(fields)]map[string]bool
	for f := range seen {
		seen[f] = map[string]bool{}
	}
	for i := range l.Rows {
		u := l.Rows[i].User
		for _, tag := range distinct(u.Tags) {
			carriers[tag]++
		}
		for f, v := range fieldValues(u) {
			seen[f][v] = true
		}
	}
	for tag, n := range carriers {
		if n >= minTag {
			t.tags = append(t.tags, tag)
		}
	}
	slices.Sort(t.tags)
	for f := range seen {
		for v := range seen[f] {
			t.vocab[f] = append(t.vocab[f], v)
		}
		slices.SortFunc(t.vocab[f], compareCodes)
	}
	t.values = make([][]int32, t.attributes())
	for a := range t.values {
		t.values[a] = make([]int32, len(l.Rows))
	}
	for i := range l.Rows {
		u := l.Rows[i].User
		for _, tag := range u.Tags {
			if a, ok := slices.BinarySearch(t.tags, tag); ok {
				t.values[a][i] = 1
			}
		}
		for f, v := range fieldValues(u) {
			at, _ := slices.BinarySearchFunc(t.vocab[f], v, compareCodes)
			t.values[len(t.tags)+f][i] = int32(at)
		}
	}
	return t
}

// distinct returns tags without repetitions.
func distinct(tags []string) []string {
	d := slices.Clone(tags)
	slices.Sort(d)
	return slices.Compact(d)
}

func fieldValues(u ipinyou.User) [len(fields)]string {
	os, b := u.Platform()
	return [...]string{region: u.Region, city: u.City, opSystem: os, browser: b}
}

// compareCodes orders numbers by size, before other text.
func compareCodes(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	if errX == nil && errY == nil {
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	}
	if (errX == nil) != (errY == nil) {
		return cmp.Compare(indicator(errX != nil), indicator(errY != nil))
	}
	return cmp.Compare(a, b)
}

func indicator(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *people) attributes() int { return len(t.tags) + len(fields) }
func (t *people) records() int    { return len(t.values[0]) }

// size is the number of values of an attribute.
func (t *people) size(a int) int {
	if a < len(t.tags) {
		return 2
	}
	return len(t.vocab[a-len(t.tags)])
}

// names lists the words for an attribute's true values: of a tag nothing and the tag.
func (t *people) names(a int) []string {
	if a < len(t.tags) {
		return []string{"", t.tags[a]}
	}
	return t.vocab[a-len(t.tags)]
}

// release is what bidders get to see of a table: for each attribute and record a symbol, and a word for every symbol. Records with
// the same symbols look the same.
type release struct {
	symbols [][]int32  // [attribute][record]
	words   [][]string // [attribute][symbol]; "" tells nothing
}

// identity releases everything as it is.
func (t *people) identity() *release {
	r := &release{}
	for a := range t.attributes() {
		r.symbols = append(r.symbols, slices.Clone(t.values[a]))
		r.words = append(r.words, t.names(a))
	}
	return r
}

// hide suppresses an attribute.
func (r *release) hide(a int) {
	clear(r.symbols[a])
	r.words[a] = []string{""}
}

// users writes the release as log rows hold users, for models to be fitted to.
func (r *release) users() []ipinyou.User {
	users := make([]ipinyou.User, len(r.symbols[0]))
	tags := len(r.symbols) - len(fields)
	for i := range users {
		u := &users[i]
		for a := range tags {
			if w := r.words[a][r.symbols[a][i]]; w != "" {
				u.Tags = append(u.Tags, w)
			}
		}
		word := func(f int) string { return r.words[tags+f][r.symbols[tags+f][i]] }
		u.Region, u.City = word(region), word(city)
		if os, b := word(opSystem), word(browser); os != "" || b != "" {
			u.UserAgent = os + "_" + b
		}
	}
	return users
}
