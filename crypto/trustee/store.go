package trustee

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cipherbid/crypto/message"

	"github.com/cockroachdb/pebble/v2"
)

// Store keeps what a trustee must not forget when it is killed: which manifest it served for which request, and who has
// enrolled. It is safe for concurrent use.
//
// Keys: 'p', expiry, request digest -> manifest digest; 'e', role, party, sequence -> enrolment as received, still encrypted.
// Pins sort by expiry, so that what has expired is one range to delete and the store does not grow.
type Store struct {
	db      *pebble.DB
	trimmed atomic.Int64 // unix milliseconds up to which expired pins are deleted
}

// trimEvery is how often expired pins are deleted.
const trimEvery = time.Minute

// OpenStore opens or creates the store in a folder that belongs to one trustee and period.
func OpenStore(dir string) (*Store, error) {
	db, err := pebble.Open(dir, &pebble.Options{MemTableSize: 4 << 20, Logger: silent{}})
	if err != nil {
		return nil, fmt.Errorf("open trustee's store %s: %w", dir, err)
	}
	return &Store{db: db}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// silent drops pebble's log; its errors come back from calls.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic("trustee: store: " + fmt.Sprintf(format, args...))
}

func pinKey(expiry time.Time, request *message.Digest) []byte {
	k := binary.BigEndian.AppendUint64([]byte{'p'}, uint64(expiry.UnixMilli()))
	if request != nil {
		k = append(k, request[:]...)
	}
	return k
}

// putPin is durable when it returns.
func (s *Store) putPin(request, manifest message.Digest, expiry, now time.Time) error {
	if last := s.trimmed.Load(); now.UnixMilli()-last > trimEvery.Milliseconds() && s.trimmed.CompareAndSwap(last, now.UnixMilli()) {
		if err := s.db.DeleteRange([]byte{'p'}, pinKey(now, nil), pebble.NoSync); err != nil {
			return fmt.Errorf("trim pins: %w", err)
		}
	}
	if err := s.db.Set(pinKey(expiry, &request), manifest[:], pebble.Sync); err != nil {
		return fmt.Errorf("pin request: %w", err)
	}
	return nil
}

// scan calls f with every key and value under a prefix, in ascending order.
func (s *Store) scan(prefix byte, f func(key, value []byte)) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefix}, UpperBound: []byte{prefix + 1}})
	if err != nil {
		return fmt.Errorf("read trustee's store: %w", err)
	}
	for it.First(); it.Valid(); it.Next() {
		f(it.Key(), it.Value())
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return fmt.Errorf("read trustee's store: %w", err)
	}
	return nil
}

func enrolmentKey(p party, sequence uint64) []byte {
	k := append([]byte{'e', byte(p.role), byte(len(p.id))}, p.id...)
	return binary.BigEndian.AppendUint64(k, sequence)
}

func (s *Store) putEnrolment(p party, sequence uint64, raw []byte, displaced []uint64) error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, old := range displaced {
		if err := b.Delete(enrolmentKey(p, old), nil); err != nil {
			return fmt.Errorf("store enrolment: %w", err)
		}
	}
	if err := b.Set(enrolmentKey(p, sequence), raw, nil); err != nil {
		return fmt.Errorf("store enrolment: %w", err)
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("store enrolment: %w", err)
	}
	return nil
}

// enrolments calls f with every enrolment, oldest first for each party.
func (s *Store) enrolments(f func(raw []byte)) error {
	return s.scan('e', func(_, value []byte) { f(value) })
}
