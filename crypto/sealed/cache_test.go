package sealed

import (
	"sync"
	"testing"

	"cipherbid/crypto/message"
)

func TestCacheCompilesOnce(t *testing.T) {
	var cache Cache
	s := Shape{Classes: []Class{{4, 2}}, GridBits: 7, Rule: message.SecondPrice}
	var all [8]*Ranking
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() {
			own := s
			own.Classes = []Class{{4, 2}}
			var err error
			if all[i], err = cache.Ranking(&own); err != nil {
				t.Error(err)
			}
			own.Classes[0].Seats = 99 // the cache keeps its own
		})
	}
	group.Wait()
	for _, r := range all {
		if r == nil || r != all[0] || r.Key() != s.Key() {
			t.Fatal("not one circuit for all")
		}
	}
}

func TestCacheForgetsWhatIsNotUsed(t *testing.T) {
	var cache Cache
	get := func(lanes int) *Ranking {
		r, err := cache.Ranking(&Shape{Classes: []Class{{1, lanes}}, Rule: message.FirstPrice})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	used, unused := get(1), get(2)
	for lanes := 3; lanes <= MaxCached+1; lanes++ {
		get(lanes)
		get(1)
	}
	if len(cache.recent) != MaxCached || get(1) != used {
		t.Errorf("of %d circuits the one in use was dropped", len(cache.recent))
	}
	if get(2) == unused {
		t.Error("the circuit that was not used is still there")
	}
	if len(cache.recent) != MaxCached {
		t.Errorf("%d circuits are kept", len(cache.recent))
	}
}
