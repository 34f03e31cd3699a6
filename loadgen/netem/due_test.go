package netem

import (
	"testing"
	"time"
)

func TestDues(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var d dues
	for _, tc := range []struct {
		ms       int
		earliest bool
	}{{5, true}, {7, false}, {3, true}, {3, false}, {4, false}, {9, false}, {1, true}} {
		if got := d.add(at(tc.ms)); got != tc.earliest {
			t.Errorf("%d ms is the earliest: %v", tc.ms, got)
		}
	}
	for _, tc := range []struct{ now, next int }{{0, 1}, {1, 3}, {4, 5}, {8, 9}} {
		if next, ok := d.pass(at(tc.now)); !ok || !next.Equal(at(tc.next)) {
			t.Errorf("at %d ms the next is %v, %v", tc.now, next.Sub(start), ok)
		}
	}
	if next, ok := d.pass(at(9)); ok || len(d) != 0 {
		t.Errorf("%v is left", next.Sub(start))
	}
	if !d.add(at(2)) {
		t.Error("the only time is not the earliest")
	}
}
