package message

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"cipherbid/crypto/wire"
)

// Every decoder refuses foreign messages at the first bytes, and says what is foreign about them.
func TestForeignFrames(t *testing.T) {
	const atVersion, atKind, atParams, atMarket, atPeriod = 4, 5, 6, 14, 22
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		for _, m := range allFramed(t, e) {
			if err := m.decode(m.raw); err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
			for _, tc := range []struct {
				name string
				at   int
				want error
				says string
			}{
				{"magic", 0, wire.ErrMalformed, "not a cipherbid message"},
				{"version", atVersion, ErrVersion, "this is 1"},
				{"kind", atKind, wire.ErrMalformed, "message of type"},
				{"params", atParams, ErrParams, e.Params.ID().String()},
				{"market", atMarket, ErrMarket, "this is 6d61726b6574"},
				{"period", atPeriod, ErrPeriod, "this is 7"},
			} {
				b := patch(t, m.raw, []byte(magic), tc.at, m.raw[tc.at]^0x40)
				if err := m.decode(b); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%s with another %s: error %v, want %v that says %q", m.name, tc.name, err, tc.want, tc.says)
				}
			}
		}
	})
}

// The next period's message is refused as such, so that a caller can fetch a new directory.
func TestNextPeriodIsToldApart(t *testing.T) {
	e := epochs(t)[0]
	next := *e
	next.Period++
	for _, m := range allFramed(t, &next) {
		for _, own := range allFramed(t, e) {
			if own.name == m.name {
				if err := own.decode(m.raw); !errors.Is(err, ErrPeriod) {
					t.Errorf("%s of the next period: %v", m.name, err)
				}
			}
		}
	}
}

// No message passes for one of another kind.
func TestKindsAreToldApart(t *testing.T) {
	all := allFramed(t, epochs(t)[0])
	for _, a := range all {
		for _, b := range all {
			if a.name != b.name && a.decode(b.raw) == nil {
				t.Errorf("%s was decoded as %s", b.name, a.name)
			}
		}
	}
}

func TestTruncatedAndLengthened(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		for _, m := range allFramed(t, e) {
			for n := range m.raw {
				if err := m.decode(m.raw[:n]); !errors.Is(err, wire.ErrMalformed) {
					t.Fatalf("%s cut to %d of %d bytes: %v", m.name, n, len(m.raw), err)
				}
			}
			longer := append(m.raw[:len(m.raw):len(m.raw)], 0)
			if err := m.decode(longer); !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("%s and a byte more: %v", m.name, err)
			}
		}
	})
}

// A short message that claims the largest count or length, wherever one may stand, makes its receiver allocate next to nothing.
func TestHostileLengthsDoNotAllocate(t *testing.T) {
	const limit = 64 << 10
	claims := [][]byte{{0xff, 0xff, 0xff, 0xff}, {0xff, 0x03, 0, 0}} // above every limit, and below most
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		for _, m := range allFramed(t, e) {
			for _, length := range []int{100, 500} {
				worst, where := uint64(0), 0
				for at := frameBytes; at+4 <= min(length, len(m.raw)); at++ {
					for _, claim := range claims {
						b := make([]byte, length)
						copy(b, m.raw)
						copy(b[at:], claim)
						if n := allocated(func() { _ = m.decode(b) }); n > worst {
							worst, where = n, at
						}
					}
				}
				if worst > limit {
					t.Errorf("%s: %d bytes with a false length at %d made the receiver allocate %d", m.name, length, where, worst)
				}
			}
		}
	})
}

// allocated is the number of bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
