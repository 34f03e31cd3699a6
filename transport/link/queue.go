package link

import (
	"encoding/binary"
	"sync"
)

// blockBytes is a whole number of TLS records of 16 KiB.
const blockBytes = 64 << 10

// block is a stretch of the stream to a peer. Small frames share one, large ones span several.
type block struct {
	used  int
	bytes [blockBytes]byte
}

// queue holds what waits for the writer: the stream of frames, cut into blocks without regard to their limits.
type queue struct {
	pool  *sync.Pool
	limit int
	wake  chan struct{} // has a token when blocks may be waiting

	mu      sync.Mutex
	blocks  []*block
	waiting int // bytes not written yet, those the writer has taken too
	closed  bool
}

func newQueue(pool *sync.Pool, limit int) *queue {
	return &queue{pool: pool, limit: limit, wake: make(chan struct{}, 1)}
}

// push appends a frame of size bytes, given in parts.
func (q *queue) push(size int, parts [][]byte) error {
	var header [headerBytes]byte
	binary.LittleEndian.PutUint32(header[:], uint32(size))
	q.mu.Lock()
	switch {
	case q.closed:
		q.mu.Unlock()
		return ErrDown
	case size+headerBytes > q.limit-q.waiting:
		q.mu.Unlock()
		return ErrQueue
	}
	q.waiting += size + headerBytes
	q.append(header[:])
	for _, part := range parts {
		q.append(part)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

func (q *queue) append(b []byte) {
	for len(b) > 0 {
		if n := len(q.blocks); n == 0 || q.blocks[n-1].used == blockBytes {
			q.blocks = append(q.blocks, q.pool.Get().(*block))
		}
		last := q.blocks[len(q.blocks)-1]
		n := copy(last.bytes[last.used:], b)
		last.used += n
		b = b[n:]
	}
}

// take returns all blocks, for the caller to give back one by one. It keeps the slice of the call before for those that come.
func (q *queue) take(before []*block) []*block {
	clear(before)
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.blocks
	q.blocks = before[:0]
	return taken
}

// giveBack tells that a block has been written.
func (q *queue) giveBack(b *block) {
	q.mu.Lock()
	q.waiting -= b.used
	q.mu.Unlock()
	b.used = 0
	q.pool.Put(b)
}

// close drops what is queued, and all that follows.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.blocks = true, nil
}
