package recent

import (
	"errors"
	"testing"
	"time"

	"cipherbid/crypto/message"
)

func TestRemembersForTheWindowAndForgetsAfterTwo(t *testing.T) {
	var m Map[int]
	start := time.Unix(1000, 0)
	a, b := message.Digest{1}, message.Digest{1, 2}
	put := func(d *message.Digest, v int, at time.Duration) (int, bool) {
		t.Helper()
		got, seen, err := m.Put(d, v, start.Add(at))
		if err != nil {
			t.Fatal(err)
		}
		return got, seen
	}
	if _, seen := put(&a, 7, 0); seen {
		t.Fatal("a new digest was seen before")
	}
	if v, seen := put(&a, 8, Window); !seen || v != 7 {
		t.Errorf("within the window: %d, %v", v, seen)
	}
	put(&b, 1, Window+time.Second) // turns the generation
	if v, seen := put(&a, 8, Window+2*time.Second); !seen || v != 7 {
		t.Errorf("in the older generation: %d, %v", v, seen)
	}
	put(&b, 1, 2*Window+3*time.Second)
	if _, seen := put(&a, 8, 2*Window+4*time.Second); seen {
		t.Error("remembered for more than two windows: memory would grow")
	}
}

func TestRefusesRatherThanForgets(t *testing.T) {
	var m Map[struct{}]
	now := time.Unix(1000, 0)
	for i := range shardLimit {
		d := message.Digest{0, byte(i), byte(i >> 8), byte(i >> 16)}
		if _, _, err := m.Put(&d, struct{}{}, now); err != nil {
			t.Fatal(i, err)
		}
	}
	d := message.Digest{0, 1, 2, 3, 4}
	if _, _, err := m.Put(&d, struct{}{}, now); !errors.Is(err, ErrFull) {
		t.Errorf("a full shard answers %v", err)
	}
	old := message.Digest{}
	if _, seen, _ := m.Put(&old, struct{}{}, now); !seen {
		t.Error("a full shard forgot")
	}
}
