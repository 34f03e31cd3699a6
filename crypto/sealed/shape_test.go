package sealed

import (
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/message"
)

func TestShapeKey(t *testing.T) {
	for key, want := range map[string]Shape{
		"1x1 g0 p1":                    {Classes: []Class{{1, 1}}, Rule: message.FirstPrice},
		"10x6 g7 p2 capped":            {Classes: []Class{{10, 6}}, Capped: true, GridBits: 7, Rule: message.SecondPrice},
		"2x10+3x6+4096x1 g12 p2":       {},
		"2x10+3x6+4091x1 g12 p2":       {Classes: []Class{{2, 10}, {3, 6}, {4091, 1}}, GridBits: 12, Rule: message.SecondPrice},
		"1x8192 g7 p2":                 {Classes: []Class{{1, 8192}}, GridBits: 7, Rule: message.SecondPrice},
		"4096x2 g7 p2":                 {Classes: []Class{{4096, 2}}, GridBits: 7, Rule: message.SecondPrice},
		"4096x3 g7 p2":                 {},
		"1x8193 g7 p2":                 {},
		"4097x1 g7 p2":                 {},
		"0x1 g7 p2":                    {},
		"1x0 g7 p2":                    {},
		"-1x1 g7 p2":                   {},
		"1x1 g13 p2":                   {},
		"1x1 g263 p2":                  {},
		"1x1 g7 p0":                    {},
		"1x1 g7 p3":                    {},
		"1x1 g7 p258":                  {},
		"1x1+1x1 g7 p2":                {},
		"1x1+1x2 g7 p2":                {},
		"01x1 g7 p2":                   {},
		"+1x1 g7 p2":                   {},
		"1x1 7 p2":                     {},
		"1x1 g7 2":                     {},
		"1x1 g7 p2 ":                   {},
		"1x1 g7 p2 capped capped":      {},
		"1x1 g7 p2 Capped":             {},
		"1x1 g7":                       {},
		"1 g7 p2":                      {},
		" g7 p2":                       {},
		"":                             {},
		"99999999999999999999x1 g7 p2": {},
		strings.Repeat("1x1+", 10000) + "1x1 g7 p2": {},
	} {
		got, err := ParseShape(key)
		if want.Classes == nil {
			if err == nil {
				t.Errorf("%.50q was accepted", key)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", key, err)
		} else if !slices.Equal(got.Classes, want.Classes) || got.Capped != want.Capped || got.GridBits != want.GridBits || got.Rule != want.Rule {
			t.Errorf("%q: %+v, want %+v", key, got, want)
		}
	}
}

func FuzzParseShape(f *testing.F) {
	for _, key := range append(shapes, "2x10+3x6+4091x1 g12 p2 capped", "1x1 g0 p1", "1x1 g7 p2 ", "+1x1 g7 p2", "x g p") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		s, err := ParseShape(key)
		if err != nil {
			return
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		if s.Key() != key {
			t.Errorf("%q became %q", key, s.Key())
		}
		if s.SeatSlots() > MaxSeats || s.LaneSlots() > MaxLanes || len(s.sizes()) != s.SeatSlots() {
			t.Errorf("%d seats and %d lanes", s.SeatSlots(), s.LaneSlots())
		}
	})
}

// The longest key within the limits can be read back.
func TestLongestKey(t *testing.T) {
	s := Shape{Capped: true, GridBits: 12, Rule: message.SecondPrice}
	for lanes := 127; lanes > 0; lanes-- {
		s.Classes = append(s.Classes, Class{1, lanes})
	}
	if _, err := ParseShape(s.Key()); err != nil {
		t.Error(err)
	}
}

func TestCompileRefusesBadShapes(t *testing.T) {
	bad := Shape{Classes: []Class{{MaxSeats + 1, 1}}, Rule: message.FirstPrice}
	if _, err := Compile(&bad); err == nil {
		t.Error("compiled")
	}
	if _, err := new(Cache).Ranking(&bad); err == nil {
		t.Error("cached")
	}
}
