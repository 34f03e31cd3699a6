// Package recent remembers what was done for a request for as long as the request may be used, and forgets it for free: two
// generations of maps, of which the older is dropped whole. Memory is bounded by a limit on each generation.
package recent

import (
	"errors"
	"sync"
	"time"

	"cipherbid/crypto/message"
)

// Window is how long a value is remembered at least: a request lives no longer, counted from when it is first seen.
const Window = message.MaxLifetime + message.MaxClockSkew

// ErrFull is returned when more requests arrive than may be remembered. Refusing them is safe, forgetting would not be.
var ErrFull = errors.New("too many requests to remember")

const (
	shards     = 64
	shardLimit = 1 << 16 // values of one shard and generation: four million in a generation
)

// Map remembers one value for each digest. The zero value is ready. It is safe for concurrent use; digests are spread over
// shards that lock apart.
type Map[V any] struct {
	shards [shards]shard[V]
}

type shard[V any] struct {
	mu           sync.Mutex
	turned       time.Time
	now, earlier map[message.Digest]V
}

// Put remembers v for d, unless there is a value already, which it then returns.
func (m *Map[V]) Put(d *message.Digest, v V, now time.Time) (prior V, seen bool, err error) {
	s := &m.shards[d[0]%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil || now.Sub(s.turned) > Window {
		s.turned, s.earlier, s.now = now, s.now, make(map[message.Digest]V, len(s.now))
	}
	if prior, seen = s.now[*d]; seen {
		return prior, true, nil
	}
	if prior, seen = s.earlier[*d]; seen {
		return prior, true, nil
	}
	if len(s.now) >= shardLimit {
		return prior, false, ErrFull
	}
	s.now[*d] = v
	return v, false, nil
}
