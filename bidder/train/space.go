package train

import (
	"cmp"
	"fmt"
	"slices"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// space numbers the features of a fit: private ones as in the feature map, then the context values.
type space struct {
	features    *model.FeatureMap
	context     map[string]int // field=value -> index, from features.Dim() up
	names       []string       // context features in order
	advertisers []string       // sorted
}

func (s *space) size() int { return s.features.Dim() + len(s.names) }

// newSpace takes the features from the training rows alone.
func newSpace(rows []ipinyou.Row, opts Options) (*space, error) {
	features, err := BuildFeatureMap(rows, opts.Dim, opts.MinCount)
	if err != nil {
		return nil, err
	}
	s := &space{features: features, context: make(map[string]int)}
	advertisers := map[string]int{}
	counts := map[string]int{}
	for _, r := range rows {
		advertisers[r.Advertiser]++
		ctx := model.NewRowContext(r)
		for _, key := range model.ContextKeys() {
			if v := ctx.Get(key); v != "" {
				counts[key+"="+v]++
			}
		}
	}
	for _, c := range ranked(counts, opts.MinCount) {
		s.context[c.name] = s.size()
		s.names = append(s.names, c.name)
	}
	for a := range advertisers {
		s.advertisers = append(s.advertisers, a)
	}
	slices.Sort(s.advertisers)
	return s, nil
}

// BuildFeatureMap lists the private features of rows: the values of user tags, regions, operating systems and browsers
// that occur minCount times at least, an other for each field and a none for users without tags, then the most frequent
// cities until dim are full. If even those before the cities are too many, the rarest are left out.
func BuildFeatureMap(rows []ipinyou.Row, dim, minCount int) (*model.FeatureMap, error) {
	values, cities := map[string]int{}, map[string]int{}
	var attrs []model.Attribute
	for _, r := range rows {
		attrs = model.Attributes(r.User, attrs[:0])
		for _, a := range attrs {
			if a.Field == "city" {
				cities[a.Field+"="+a.Value]++
			} else if a.Value != model.Other && a.Value != model.None {
				values[a.Field+"="+a.Value]++
			}
		}
	}
	names := []string{"usertag=" + model.None}
	for _, field := range []string{"usertag", "region", "city", "useragent.os", "useragent.browser"} {
		names = append(names, field+"="+model.Other)
	}
	for _, list := range [][]count{ranked(values, minCount), ranked(cities, minCount)} {
		for _, c := range list {
			if len(names) < dim {
				names = append(names, c.name)
			}
		}
	}
	m, err := model.NewFeatureMap(dim, names)
	if err != nil {
		return nil, fmt.Errorf("build feature map: %w", err)
	}
	return m, nil
}

type count struct {
	name string
	n    int
}

// ranked lists what occurs at least min times, the most frequent first, ties by name.
func ranked(counts map[string]int, min int) []count {
	var list []count
	for name, n := range counts {
		if n >= min {
			list = append(list, count{name, n})
		}
	}
	slices.SortFunc(list, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	return list
}
