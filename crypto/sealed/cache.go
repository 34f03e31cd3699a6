package sealed

import (
	"slices"
	"sync"
)

// MaxCached is how many circuits a cache keeps.
const MaxCached = 64

// Cache keeps the circuits of the shapes that were used last. The zero value is ready, and safe for concurrent use.
type Cache struct {
	mu     sync.Mutex
	recent []*cached // the one used last is at the end
}

type cached struct {
	key     string
	compile func() (*Ranking, error)
}

// Ranking returns the circuit of a shape. Of several goroutines that want a new one at the same time, one compiles it and the
// others wait, unless so many shapes are in use at once that the cache drops this one meanwhile.
func (c *Cache) Ranking(s *Shape) (*Ranking, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	return c.entry(s).compile()
}

func (c *Cache) entry(s *Shape) *cached {
	key := s.Key()
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.recent, func(e *cached) bool { return e.key == key })
	if i >= 0 {
		e := c.recent[i]
		c.recent = append(slices.Delete(c.recent, i, i+1), e)
		return e
	}
	if len(c.recent) == MaxCached {
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	// Whoever called with s returns after the circuit is compiled, so s does not change meanwhile.
	e := &cached{key, sync.OnceValues(func() (*Ranking, error) { return Compile(s) })}
	c.recent = append(c.recent, e)
	return e
}
