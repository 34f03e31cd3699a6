package agent

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

func TestRefusals(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		for _, tc := range []struct {
			name   string
			change func(*Opportunity)
			says   string
		}{
			{"no features", func(o *Opportunity) { o.Features = nil }, "0 features, want 64"},
			{"a feature less", func(o *Opportunity) { o.Features = o.Features[1:] }, "63 features, want 64"},
			{"large feature", func(o *Opportunity) { o.Features[7] = 1.00390625 }, "feature 7 is outside [-1, 1]"},
			{"small feature", func(o *Opportunity) { o.Features[63] = -1.00390625 }, "feature 63 is outside [-1, 1]"},
			{"NaN feature", func(o *Opportunity) { o.Features[0] = math.NaN() }, "feature 0 is outside [-1, 1]"},
			{"infinite feature", func(o *Opportunity) { o.Features[1] = math.Inf(-1) }, "feature 1 is outside [-1, 1]"},
			{"no mode", func(o *Opportunity) { o.Mode = 0 }, "terms: mode"},
			{"no price rule", func(o *Opportunity) { o.PriceRule = 0 }, "terms: price rule"},
			{"no cap", func(o *Opportunity) { o.Cap = 0 }, "terms: cap"},
			{"floor above cap", func(o *Opportunity) { o.Imps[0].Floor = 101 }, "floor 101 of imp 0"},
			{"no imps", func(o *Opportunity) { o.Imps = nil }, "terms: imps"},
			{"no tmax", func(o *Opportunity) { o.TMax = 0 }, "terms: tmax"},
			{"negative tmax", func(o *Opportunity) { o.TMax = -time.Second }, "tmax of -1s"},
			{"no lanes", func(o *Opportunity) { o.MaxLanes = 0 }, "terms: lanes"},
			{"negative lanes", func(o *Opportunity) { o.MaxLanes = -1 }, "-1 lanes"},
			{"negative organisations", func(o *Opportunity) { o.MinOrgs = -1 }, "-1 organisations"},
			{"more organisations than can be demanded", func(o *Opportunity) { o.MinOrgs = 256 }, "256 organisations"},
			{"no lifetime", func(o *Opportunity) { o.Lifetime = 0 }, "terms: times"},
			{"negative lifetime", func(o *Opportunity) { o.Lifetime = -time.Second }, "terms: times"},
			{"long lifetime", func(o *Opportunity) { o.Lifetime = message.MaxLifetime + 1 }, "request lives for 1m0.000000001s"},
		} {
			o := opportunity()
			tc.change(o)
			if _, _, err := m.agent.Request(o); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
			} else if strings.Contains(err.Error(), "1.0039") {
				t.Errorf("%s: error %q quotes a private feature", tc.name, err)
			}
		}
	})
}

// Large limits are cut to what fits the message, which is stricter.
func TestLimitsAreCut(t *testing.T) {
	m := newMarket(t, "")
	o := opportunity()
	o.TMax, o.MaxLanes = time.Hour, 1<<20
	if x := m.request(t, o).Terms; x.TMax != math.MaxUint16 || x.MaxLanes != math.MaxUint16 {
		t.Errorf("tmax %d, lanes %d", x.TMax, x.MaxLanes)
	}
}

// Nothing is encrypted to period keys that are, or should be, destroyed.
func TestOnlyInThePeriod(t *testing.T) {
	eachMarket(t, func(t *testing.T, m *market) {
		p := m.dir.Period()
		for _, tc := range []struct {
			now time.Time
			ok  bool
		}{{p.Start.Add(-1), false}, {p.Start, true}, {p.End.Add(-1), true}, {p.End, false}} {
			r, err := m.agent.build(opportunity(), tc.now)
			if tc.ok != (err == nil) || tc.ok != (r != nil) || !tc.ok && !errors.Is(err, message.ErrPeriod) {
				t.Errorf("at %s: %v", tc.now, err)
			}
		}
	})
}

func TestNewRefuses(t *testing.T) {
	m := newMarket(t, keys.X25519)
	for _, tc := range []struct {
		publisher string
		identity  keys.Identity
		says      string
	}{
		{"unknown.example", m.keys.Publishers["news.example"], `publisher "unknown.example" is not in the directory`},
		{"exchange", m.keys.Auctioneer, `publisher "exchange" is not in the directory`},
		{"news.example", m.keys.Publishers["games.example"], "another identity"},
		{"news.example", m.keys.Operator, "another identity"},
	} {
		if _, err := New(m.dir, m.sch, tc.publisher, tc.identity); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", tc.publisher, err, tc.says)
		}
	}
}

// An agent's own fields are not exported, so fmt does not ask the identity for its String.
func TestPrintingShowsNoKey(t *testing.T) {
	m := newMarket(t, keys.X25519)
	seed := m.keys.Publishers["news.example"].Seed()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		text := fmt.Sprintf(verb, m.agent)
		for _, form := range []string{string(seed[:8]), strings.Trim(fmt.Sprint(seed[:8]), "[]"), strings.Trim(fmt.Sprintf("%#v", seed[:8])[6:], "{}")} {
			if strings.Contains(text, form) {
				t.Errorf("an agent printed with %s shows its identity", verb)
			}
		}
	}
}
