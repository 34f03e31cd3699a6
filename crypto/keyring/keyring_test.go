package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

var morning = time.Date(2026, 11, 24, 6, 0, 0, 999, time.UTC)

// spec is a market with encryption under a suite, or without if there is none.
func spec(tb testing.TB, suite keys.Suite) Spec {
	tb.Helper()
	p, err := params.Plain(11, 64)
	if suite != "" {
		p, err = params.Default(64)
	}
	if err != nil {
		tb.Fatal(err)
	}
	s := Spec{
		Params: p.Literal(), Suite: suite, Period: 12 * time.Hour, Features: "sha256:f",
		Auctioneer: Site{ID: "exchange", URL: "http://exchange.example"},
		Bidders:    []Seat{{"seat-a", "org-a", "http://a.example"}, {"seat-b", "org-b", "http://b.example"}},
		Publishers: []string{"news.example", "games_1"},
	}
	if suite != "" {
		s.Trustees = []Site{{ID: "t1", URL: "http://t1.example"}, {ID: "t2", URL: "http://t2.example"}, {ID: "t3", URL: "http://t3.example"}}
	}
	return s
}

// markets are the suites that markets are made with; none is a plaintext market.
var markets = []keys.Suite{keys.Hybrid, keys.X25519, ""}

func eachMarket(t *testing.T, f func(t *testing.T, suite keys.Suite)) {
	for _, suite := range markets {
		name := string(suite)
		if suite == "" {
			name = "plaintext"
		}
		t.Run(name, func(t *testing.T) { f(t, suite) })
	}
}

func makeKeyring(tb testing.TB, s Spec) *Keyring {
	tb.Helper()
	k, err := Make(s, morning)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func directoryOf(tb testing.TB, k *Keyring) *directory.Directory {
	tb.Helper()
	d, err := k.Directory()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// secrets are all private keys of a keyring, by the names of their files.
func secrets(tb testing.TB, k *Keyring) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{OperatorFile: k.Operator.Seed(), KeyFile("auctioneer", "exchange"): k.Auctioneer.Seed()}
	for id, key := range k.Bidders {
		all[KeyFile("bidder", id)] = key.Seed()
	}
	for id, key := range k.Publishers {
		all[KeyFile("publisher", id)] = key.Seed()
	}
	for i, t := range k.file.Trustees {
		all[KeyFile("trustee", t.ID)] = k.Trustees[i].Identity.Seed()
		raw, err := k.Trustees[i].Period.Bytes()
		if err != nil {
			tb.Fatal(err)
		}
		all[PeriodKeyFile(t.ID, k.file.Period.Number)] = raw
	}
	return all
}

// Every party's private key belongs to the public key that the directory names.
func TestMake(t *testing.T) {
	eachMarket(t, func(t *testing.T, suite keys.Suite) {
		k := makeKeyring(t, spec(t, suite))
		d := directoryOf(t, k)
		if p := d.Period(); p.Number != 1 || p.Start.After(morning) || morning.Sub(p.Start) >= time.Second || p.End.Sub(p.Start) != 12*time.Hour {
			t.Errorf("first period is %+v", p)
		}
		if d.Current(morning) != nil || d.Params().Encrypted() != (suite != "") || d.Suite() != suite || d.Features() != "sha256:f" {
			t.Error("another market was made than was asked for")
		}
		if !bytes.Equal(d.Auctioneer().Identity, k.Auctioneer.Public()) {
			t.Error("the auctioneer's keys do not match")
		}
		for _, b := range d.Bidders() {
			if !bytes.Equal(b.Identity, k.Bidders[b.Seat].Public()) {
				t.Errorf("the keys of %s do not match", b.Seat)
			}
		}
		for id, key := range k.Publishers {
			if p, ok := d.Publisher(id); !ok || !bytes.Equal(p.Identity, key.Public()) {
				t.Errorf("the keys of %s do not match", id)
			}
		}
		for i, trustee := range d.Trustees() {
			if !bytes.Equal(trustee.Identity, k.Trustees[i].Identity.Public()) || k.Trustees[i].Period.Public().ID() != d.TrusteeKey(i).ID() {
				t.Errorf("the keys of trustee %d do not match", i)
			}
		}
		signed, err := k.Signed()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := directory.Parse(signed, k.Operator.Public()); err != nil {
			t.Error(err)
		}
		seen := map[string]string{}
		for name, secret := range secrets(t, k) {
			if other, ok := seen[string(secret)]; ok {
				t.Errorf("%s and %s hold the same key", name, other)
			}
			seen[string(secret)] = name
		}
	})
}

func TestMarketsAreNeverTheSame(t *testing.T) {
	a, b := directoryOf(t, makeKeyring(t, spec(t, ""))), directoryOf(t, makeKeyring(t, spec(t, "")))
	if a.Epoch().Market == b.Epoch().Market {
		t.Error("two markets have one name")
	}
}

func TestMakeRefuses(t *testing.T) {
	for _, id := range []string{"", "a/b", "../a", ".a", "-a", "a b", "ä", "a\n", strings.Repeat("a", 65), "t1.period-1"} {
		for role, change := range map[string]func(*Spec){
			"auctioneer": func(s *Spec) { s.Auctioneer.ID = id },
			"bidder":     func(s *Spec) { s.Bidders[1].ID = id },
			"publisher":  func(s *Spec) { s.Publishers[1] = id },
			"trustee":    func(s *Spec) { s.Trustees[1].ID = id },
		} {
			s := spec(t, keys.X25519)
			change(&s)
			if _, err := Make(s, morning); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("id %q", id)) {
				t.Errorf("%s %q: %v", role, id, err)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		change func(*Spec)
		says   string
	}{
		{"seat twice", func(s *Spec) { s.Bidders[1].ID = "seat-a" }, "listed twice"},
		{"publisher twice", func(s *Spec) { s.Publishers[1] = "news.example" }, "listed twice"},
		{"trustee twice", func(s *Spec) { s.Trustees[1].ID = "t1" }, "listed twice"},
		{"two trustees", func(s *Spec) { s.Trustees = s.Trustees[:2] }, "2 trustees, want 3"},
		{"four trustees", func(s *Spec) { s.Trustees = append(s.Trustees, Site{ID: "t4", URL: "http://t4"}) }, "4 trustees, want 3"},
		{"plaintext with trustees", func(s *Spec) { s.Params = spec(t, "").Params }, "plaintext market has no trustees"},
		{"no suite", func(s *Spec) { s.Suite = "" }, "unknown suite"},
		{"no period", func(s *Spec) { s.Period = 0 }, "must last"},
		{"long period", func(s *Spec) { s.Period = directory.MaxPeriod + 1 }, "at most 24h"},
		{"no address", func(s *Spec) { s.Bidders[0].URL = "" }, `"seat-a": url ""`},
	} {
		s := spec(t, keys.X25519)
		tc.change(&s)
		if _, err := Make(s, morning); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", tc.name, err, tc.says)
		}
	}
}

func TestRoll(t *testing.T) {
	eachMarket(t, func(t *testing.T, suite keys.Suite) {
		k := makeKeyring(t, spec(t, suite))
		first := directoryOf(t, k)
		oldFile, oldSecrets := first.File(), secrets(t, k)
		evening := first.Period().End
		if err := k.Roll(evening, 6*time.Hour); err != nil {
			t.Fatal(err)
		}
		second := directoryOf(t, k)
		if p := second.Period(); p.Number != 2 || !p.Start.Equal(evening) || p.End.Sub(p.Start) != 6*time.Hour {
			t.Errorf("second period is %+v", p)
		}
		if !errors.Is(first.Current(evening), message.ErrPeriod) || !errors.Is(second.Current(evening.Add(-1)), message.ErrPeriod) || second.Current(evening) != nil {
			t.Error("periods overlap, or leave a gap")
		}
		for i := range second.Trustees() {
			if first.TrusteeKey(i).ID() == second.TrusteeKey(i).ID() {
				t.Errorf("trustee %d keeps its period key", i)
			}
		}
		for name, secret := range secrets(t, k) {
			if old, ok := oldSecrets[name]; ok && !bytes.Equal(old, secret) {
				t.Errorf("rolling changed %s", name)
			}
		}
		if k.file.Market != oldFile.Market {
			t.Error("rolling made another market")
		}
		// The first period's directory, which others still hold, is what it was.
		for i, trustee := range first.Trustees() {
			if !bytes.Equal(trustee.PeriodKey, oldFile.Trustees[i].PeriodKey) {
				t.Errorf("rolling changed trustee %d's key in the first period's directory", i)
			}
		}
		if _, err := directory.New(first.File()); err != nil {
			t.Errorf("the first period's directory is broken: %v", err)
		}
	})
}

// Neither a keyring nor its parts show a key when printed.
func TestPrintingShowsNoKey(t *testing.T) {
	k := makeKeyring(t, spec(t, keys.Hybrid))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, printed := range []any{k, *k, k.Trustees, k.Bidders, &k.Trustees[0]} {
			text := fmt.Sprintf(verb, printed)
			for name, secret := range secrets(t, k) {
				part := secret[8:16]
				for _, form := range []string{string(part), fmt.Sprintf("%x", part), strings.Trim(fmt.Sprint(part), "[]"), strings.Trim(fmt.Sprintf("%#v", part)[6:], "{}")} {
					if strings.Contains(text, form) {
						t.Errorf("%T printed with %s shows %s", printed, verb, name)
					}
				}
			}
		}
	}
}
