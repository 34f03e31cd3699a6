package message

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/wire"
)

// Nobody can encode terms that make no sense.
func TestTermsThatMakeNoSense(t *testing.T) {
	e := epochs(t)[0]
	long := strings.Repeat("x", MaxID+1)
	for _, tc := range []struct {
		name   string
		change func(*Terms)
		says   string
	}{
		{"no mode", func(x *Terms) { x.Mode = 0 }, "mode: 0"},
		{"unknown mode", func(x *Terms) { x.Mode = 3 }, "mode: 3"},
		{"no price rule", func(x *Terms) { x.PriceRule = 0 }, "price rule: 0"},
		{"unknown price rule", func(x *Terms) { x.PriceRule = 3 }, "price rule: 3"},
		{"no cap", func(x *Terms) { x.Cap = 0 }, "cap: 0"},
		{"negative cap", func(x *Terms) { x.Cap = -1 }, "cap: -1"},
		{"huge cap", func(x *Terms) { x.Cap = 1.1e9 }, "cap: 1.1e+09"},
		{"NaN cap", func(x *Terms) { x.Cap = math.NaN() }, "cap: NaN"},
		{"fine grid", func(x *Terms) { x.GridBits = 13 }, "grid: 2^-13"},
		{"no publisher", func(x *Terms) { x.Publisher = "" }, "publisher: id of 0"},
		{"long publisher", func(x *Terms) { x.Publisher = long }, "publisher: id of 65"},
		{"no tmax", func(x *Terms) { x.TMax = 0 }, "tmax"},
		{"no lanes", func(x *Terms) { x.MaxLanes = 0 }, "lanes"},
		{"no imps", func(x *Terms) { x.Imps = nil }, "imps: 0"},
		{"17 imps", func(x *Terms) { x.Imps = make([]Imp, 17) }, "imps: 17"},
		{"imp without id", func(x *Terms) { x.Imps[1].ID = "" }, "id of imp 1"},
		{"imp with a long id", func(x *Terms) { x.Imps[1].ID = long }, "id of imp 1"},
		{"imps with one id", func(x *Terms) { x.Imps[1].ID = x.Imps[0].ID }, "id of imp 1 is empty, too long or not unique"},
		{"NaN floor", func(x *Terms) { x.Imps[1].Floor = math.NaN() }, "floor NaN of imp 1"},
		{"negative floor", func(x *Terms) { x.Imps[0].Floor = -0.01 }, "floor -0.01 of imp 0"},
		{"infinite floor", func(x *Terms) { x.Imps[0].Floor = math.Inf(1) }, "floor +Inf of imp 0"},
		{"floor above cap", func(x *Terms) { x.Imps[1].Floor = 100.5 }, "floor 100.5 of imp 1 is not in [0, cap]"},
		{"65 attributes", func(x *Terms) { x.Attrs = make([]Attr, 65) }, "context: 65 attributes"},
		{"attribute without key", func(x *Terms) { x.Attrs[2].Key = "" }, "context: attribute 2"},
		{"long attribute key", func(x *Terms) { x.Attrs[0].Key = strings.Repeat("k", MaxAttrKey+1) }, "context: attribute 0"},
		{"long attribute value", func(x *Terms) { x.Attrs[1].Value = strings.Repeat("v", MaxAttrValue+1) }, "context: attribute 1"},
		{"65 attributes of an imp", func(x *Terms) { x.Imps[1].Attrs = make([]Attr, 65) }, "imps: imp 1: 65 attributes"},
		{"imp's attribute without key", func(x *Terms) { x.Imps[0].Attrs[1].Key = "" }, "imps: imp 0: attribute 1"},
		{"issued never", func(x *Terms) { x.Issued = time.Time{} }, "times"},
		{"issued before 1970", func(x *Terms) { x.Issued = time.UnixMilli(-1) }, "times"},
		{"expires in the year 3000", func(x *Terms) { x.Expiry = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) }, "times"},
		{"expires before it is issued", func(x *Terms) { x.Expiry = x.Issued.Add(-time.Millisecond) }, "times"},
		{"lives for less than a millisecond", func(x *Terms) { x.Expiry = x.Issued.Add(time.Microsecond) }, "times"},
		{"more than 64 KB", func(x *Terms) {
			x.Imps = nil
			for i := range MaxImps {
				x.Imps = append(x.Imps, Imp{ID: fmt.Sprint(i)})
				for range MaxAttrs {
					x.Imps[i].Attrs = append(x.Imps[i].Attrs, Attr{"key", strings.Repeat("v", MaxAttrValue)})
				}
			}
		}, "at most 65536"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			terms := sampleTerms()
			tc.change(terms)
			if _, err := e.EncodeTerms(terms); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want one that says %q", err, tc.says)
			}
		})
	}
}

// The same in bytes that an honest encoder does not make.
func TestHostileTerms(t *testing.T) {
	e := epochs(t)[0]
	raw, err := e.EncodeTerms(sampleTerms())
	if err != nil {
		t.Fatal(err)
	}
	f64 := func(v float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)) }
	u64 := func(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
	at := func(x time.Time) []byte { return u64(uint64(x.UnixMilli())) }
	floor, limit, imp := f64(0.25), f64(100), []byte("\x05\x00imp-1")
	for _, tc := range []struct {
		name string
		raw  []byte
		says string
	}{
		{"NaN floor", patch(t, raw, floor, 0, f64(math.NaN())...), "floor: is not finite"},
		{"infinite cap", patch(t, raw, limit, 0, f64(math.Inf(1))...), "cap: is not finite"},
		{"floor above cap", patch(t, raw, floor, 0, f64(101)...), "floor 101 of imp 0"},
		{"cap of nothing", patch(t, raw, limit, 0, f64(0)...), "cap: 0"},
		{"no imps", patch(t, raw, imp, -2, 0, 0)[:impsAt(raw)+2], "imps: 0"},
		{"17 imps", patch(t, raw, imp, -2, 17, 0), "imps: 17, at most 16"},
		{"65,535 imps", patch(t, raw, imp, -2, 255, 255), "imps: 65535, at most 16"},
		{"more imps than bytes", patch(t, raw, imp, -2, 16, 0), "imps: 16 do not fit"},
		{"duplicate imp id", patch(t, raw, []byte("imp-2"), 0, []byte("imp-1")...), "not unique"},
		{"long imp id", patch(t, raw, imp, 0, 65, 0), "imp id: 65 bytes"},
		{"65 attributes", patch(t, raw, []byte("\x04\x00hour"), -2, 65, 0), "attributes: 65, at most 64"},
		{"attribute key of 65 bytes", patch(t, raw, []byte("\x04\x00hour"), 0, 65, 0), "attribute: 65 bytes, at most 64"},
		{"attribute value of 513 bytes", patch(t, raw, []byte("\x02\x0021"), 0, 1, 2), "attribute: 513 bytes, at most 512"},
		{"unknown mode", patch(t, raw, limit, -2, 3), "mode: 3"},
		{"unknown price rule", patch(t, raw, limit, -1, 7), "price rule: 7"},
		{"issued in the far future", patch(t, raw, at(issued), 0, u64(math.MaxUint64)...), "issued: is not a time"},
		{"expiry in the far future", patch(t, raw, at(issued.Add(2*time.Second)), 0, u64(1<<63)...), "expiry: is not a time"},
		{"more than 64 KB", append(raw, make([]byte, MaxTermsBytes)...), "at most 65536"},
		{"expiry before issue", patch(t, raw, at(issued.Add(2*time.Second)), 0, u64(5)...), "times"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := e.DecodeTerms(tc.raw); !errors.Is(err, wire.ErrMalformed) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want ErrMalformed that says %q", err, tc.says)
			}
		})
	}
}

// impsAt is where the count of imps stands in encoded sample terms.
func impsAt(raw []byte) int { return strings.Index(string(raw), "\x05\x00imp-1") - 2 }

func TestCheckTime(t *testing.T) {
	for _, tc := range []struct {
		name     string
		now      time.Time
		lifetime time.Duration
		says     string // "" for accepted
	}{
		{"at once", issued, time.Second, ""},
		{"at the last moment", issued.Add(time.Second - 1), time.Second, ""},
		{"at expiry", issued.Add(time.Second), time.Second, "expired"},
		{"long after", issued.Add(time.Hour), time.Second, "expired"},
		{"a clock that is slow", issued.Add(-MaxClockSkew), time.Second, ""},
		{"from the future", issued.Add(-MaxClockSkew - 1), time.Second, "in the future"},
		{"the longest life", issued, MaxLifetime, ""},
		{"too long a life", issued, MaxLifetime + 1, "at most 1m0s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := sampleTerms()
			x.Expiry = issued.Add(tc.lifetime)
			err := x.CheckTime(tc.now)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
}

func TestAttrOfImpComesBeforeAttrOfRequest(t *testing.T) {
	x := sampleTerms()
	for _, tc := range []struct {
		imp       int
		key, want string
	}{{0, "hour", "22"}, {1, "hour", "21"}, {0, "size", "300x250"}, {1, "size", ""}, {1, "domain", "news.example"}} {
		if got := x.Attr(tc.imp, tc.key); got != tc.want {
			t.Errorf("imp %d: %s is %q, want %q", tc.imp, tc.key, got, tc.want)
		}
	}
}

func TestLogCap(t *testing.T) {
	if got := sampleTerms().LogCap(); math.Abs(got-4.605170185988092) > 1e-15 {
		t.Errorf("ln 100 = %v", got)
	}
}
