package trustee

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"

	"github.com/cockroachdb/pebble/v2"
)

// count counts the keys under a prefix.
func (s *Store) count(tb testing.TB, prefix byte) (n int) {
	tb.Helper()
	if err := s.scan(prefix, func(_, _ []byte) { n++ }); err != nil {
		tb.Fatal(err)
	}
	return n
}

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// settled waits until a pin is durable.
func settled(settle func() error, err error) error {
	if err != nil {
		return err
	}
	return settle()
}

// Pins that have expired are deleted, so that a store holds a bounded time of them; those that have not are never deleted.
func TestStoreForgetsExpiredPins(t *testing.T) {
	s := openStore(t, t.TempDir())
	start := time.Unix(1_800_000_000, 0)
	p, err := loadPins(s, start)
	if err != nil {
		t.Fatal(err)
	}
	const lifetime = 10 * time.Second
	most := 0
	for second := range 400 {
		now := start.Add(time.Duration(second) * time.Second)
		if err := settled(p.pin(digestOf(second), digestOf(-1), now.Add(lifetime), now)); err != nil {
			t.Fatal(err)
		}
		most = max(most, s.count(t, 'p'))
		known := map[message.Digest]bool{}
		if err := s.scan('p', func(key, _ []byte) { known[message.Digest(key[9:])] = true }); err != nil {
			t.Fatal(err)
		}
		for live := max(0, second-9); live <= second; live++ {
			if !known[digestOf(live)] {
				t.Fatalf("second %d: the pin of second %d is gone, which lives for %s", second, live, lifetime)
			}
		}
	}
	if limit := int((lifetime + trimEvery) / time.Second); most > limit+2 {
		t.Errorf("up to %d pins were stored, want at most %d", most, limit)
	}
}

func digestOf(n int) message.Digest {
	var d message.Digest
	rng := rand.New(rand.NewPCG(uint64(n), 2))
	for i := 0; i < len(d); i += 8 {
		binary.LittleEndian.PutUint64(d[i:], rng.Uint64())
	}
	return d
}

// Pins are read back at start, but for those that have expired.
func TestPinsAreReadBack(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	if err := s.putPin(digestOf(1), digestOf(10), now.Add(time.Second), now); err != nil {
		t.Fatal(err)
	}
	if err := s.putPin(digestOf(2), digestOf(10), now.Add(30*time.Second), now); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	restarted := now.Add(time.Second)
	p, err := loadPins(openStore(t, dir), restarted)
	if err != nil {
		t.Fatal(err)
	}
	if err := settled(p.pin(digestOf(2), digestOf(11), now.Add(30*time.Second), restarted)); !errors.Is(err, ErrReplay) {
		t.Errorf("another manifest after a restart: %v", err)
	}
	if err := settled(p.pin(digestOf(2), digestOf(10), now.Add(30*time.Second), restarted)); err != nil {
		t.Errorf("the same manifest after a restart: %v", err)
	}
	if err := settled(p.pin(digestOf(1), digestOf(11), now.Add(time.Second), restarted)); err != nil {
		t.Errorf("an expired pin is kept: %v", err) // Open refuses the request itself
	}
}

// A trustee does not start on a store that it cannot make sense of, rather than forget what it served.
func TestDamagedStoreIsRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	s := openStore(t, t.TempDir())
	if _, err := New(m.dir, m.scheme, 0, m.keys.Trustees[0].Period, s, m.boot); err != nil {
		t.Fatal(err)
	}
	d := digestOf(1)
	for name, pin := range map[string][2][]byte{
		"short key":   {pinKey(m.boot, nil), d[:]},
		"short value": {pinKey(m.boot, &d), d[:31]},
	} {
		if err := s.db.Set(pin[0], pin[1], pebble.Sync); err != nil {
			t.Fatal(err)
		}
		if _, err := New(m.dir, m.scheme, 0, m.keys.Trustees[0].Period, s, m.boot); err == nil {
			t.Errorf("%s: the trustee starts", name)
		}
		if err := s.db.Delete(pin[0], pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
	// An enrolment that cannot be read is its sender's to repeat.
	if err := s.putEnrolment(party{message.RoleBidder, "bolt"}, 1, []byte("junk"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := New(m.dir, m.scheme, 0, m.keys.Trustees[0].Period, s, m.boot); err != nil {
		t.Error(err)
	}
}

// A folder serves one process at a time.
func TestStoreIsLocked(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir)
	if s, err := OpenStore(dir); err == nil {
		s.Close()
		t.Error("two processes share a store")
	}
}

func TestNewRefuses(t *testing.T) {
	m := newMarket(t, keys.X25519)
	s := openStore(t, t.TempDir())
	for _, index := range []int{-1, 3} {
		if _, err := New(m.dir, m.scheme, index, m.keys.Trustees[0].Period, s, m.boot); err == nil {
			t.Errorf("there is no trustee %d", index)
		}
	}
	if _, err := New(m.dir, m.scheme, 1, m.keys.Trustees[0].Period, s, m.boot); err == nil {
		t.Error("another trustee's key is accepted")
	}
}
