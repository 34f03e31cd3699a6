package trustee

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cipherbid/crypto/message"
)

// legKey names a leg: what a peer has to say in an attempt at an auction.
type legKey struct {
	manifest message.Digest
	attempt  uint8
	peer     int
}

// Limits of what peers may leave in a mailbox before anybody asks for it: a leg may come before the auctioneer's call.
const (
	mailboxLegs  = 4096 // of one peer
	mailboxBytes = 256 << 20
	mailboxKeeps = 5 * time.Second
)

// errMailbox means that a peer sends legs that nobody asks for.
var errMailbox = errors.New("mailbox is full")

// mailbox brings legs and those who wait for them together. It is safe for concurrent use.
type mailbox struct {
	mu    sync.Mutex
	slots map[legKey]chan *message.Leg
	boxes map[int]*unclaimed
}

// unclaimed are a peer's legs that nobody has asked for, oldest first.
type unclaimed struct {
	queue []arrival
	bytes int
}

type arrival struct {
	key   legKey
	bytes int
	when  time.Time
}

func newMailbox() *mailbox {
	return &mailbox{slots: map[legKey]chan *message.Leg{}, boxes: map[int]*unclaimed{}}
}

// deliver leaves a leg of the given size for whoever asks for it. Of two under one name the second is dropped.
func (m *mailbox) deliver(k legKey, l *message.Leg, size int, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slot := m.slots[k]; slot != nil {
		select {
		case slot <- l:
		default:
		}
		return nil
	}
	box := m.boxes[k.peer]
	if box == nil {
		box = &unclaimed{}
		m.boxes[k.peer] = box
	}
	m.sweep(box, now)
	if len(box.queue) >= mailboxLegs || box.bytes+size > mailboxBytes {
		return fmt.Errorf("%w: trustee %d", errMailbox, k.peer)
	}
	slot := make(chan *message.Leg, 1)
	slot <- l
	m.slots[k] = slot
	box.queue = append(box.queue, arrival{k, size, now})
	box.bytes += size
	return nil
}

// sweep drops what was not asked for in time.
func (m *mailbox) sweep(box *unclaimed, now time.Time) {
	n := 0
	for ; n < len(box.queue) && now.Sub(box.queue[n].when) > mailboxKeeps; n++ {
		box.bytes -= box.queue[n].bytes
		delete(m.slots, box.queue[n].key)
	}
	box.queue = append(box.queue[:0], box.queue[n:]...)
}

// wait returns the leg of a name, until ctx ends. A name is asked for once.
func (m *mailbox) wait(ctx context.Context, k legKey) (*message.Leg, error) {
	m.mu.Lock()
	slot := m.slots[k]
	if slot == nil {
		slot = make(chan *message.Leg, 1)
		m.slots[k] = slot
	} else {
		m.claim(k)
	}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.slots, k)
		m.mu.Unlock()
	}()
	select {
	case l := <-slot:
		if l == nil {
			return nil, fmt.Errorf("%w: the link to trustee %d broke", ErrPeer, k.peer)
		}
		return l, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: trustee %d has sent nothing", ErrPeer, k.peer)
	}
}

// broken wakes all who wait for a peer, whose link has gone down: what it has sent is lost.
func (m *mailbox) broken(peer int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, slot := range m.slots {
		if k.peer == peer {
			select {
			case slot <- nil:
			default: // it has come
			}
		}
	}
}

// claim takes a leg off the list of those that nobody has asked for.
func (m *mailbox) claim(k legKey) {
	box := m.boxes[k.peer]
	if box == nil {
		return
	}
	for i := range box.queue {
		if box.queue[i].key == k {
			box.bytes -= box.queue[i].bytes
			box.queue = append(box.queue[:i], box.queue[i+1:]...)
			return
		}
	}
}
