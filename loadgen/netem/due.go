package netem

import (
	"slices"
	"time"
)

// dues are times to wake up at, the earliest at the end.
type dues []time.Time

// add adds a time; earliest if none is before it.
func (d *dues) add(t time.Time) (earliest bool) {
	i, known := slices.BinarySearchFunc(*d, t, func(x, y time.Time) int { return y.Compare(x) })
	if known {
		return false
	}
	*d = slices.Insert(*d, i, t)
	return i == len(*d)-1
}

// pass drops what is due by now, and returns the next time; ok is false if there is none.
func (d *dues) pass(now time.Time) (next time.Time, ok bool) {
	n := len(*d)
	for n > 0 && !(*d)[n-1].After(now) {
		n--
	}
	if *d = (*d)[:n]; n == 0 {
		return time.Time{}, false
	}
	return (*d)[n-1], true
}
