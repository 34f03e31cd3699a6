package directory

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", message.MaxID+1)
	for _, tc := range []struct {
		name   string
		change func(*File)
		says   string
	}{
		{"version", func(f *File) { f.Version = 0 }, "version 0, this is 1"},
		{"short market name", func(f *File) { f.Market = "seven77" }, "market name of 7 bytes"},
		{"long market name", func(f *File) { f.Market = long }, "market name of 65 bytes"},
		{"insecure params", func(f *File) { f.Params.Primes = append(f.Params.Primes, 1) }, "params: "},
		{"no period", func(f *File) { f.Period.End = f.Period.Start }, "period 3 must last"},
		{"period backwards", func(f *File) { f.Period.End = f.Period.Start.Add(-1) }, "period 3 must last"},
		{"period too long", func(f *File) { f.Period.End = f.Period.Start.Add(MaxPeriod + 1) }, "at most 24h"},
		{"no trustees", func(f *File) { f.Trustees = nil }, "0 trustees, want 3"},
		{"two trustees", func(f *File) { f.Trustees = f.Trustees[:2] }, "2 trustees, want 3"},
		{"four trustees", func(f *File) { f.Trustees = append(f.Trustees, f.Trustees[0]) }, "4 trustees, want 3"},
		{"trustee twice", func(f *File) { f.Trustees[1] = f.Trustees[0] }, `"trustee-0" or a key of it is listed twice`},
		{"trustee under two names", func(f *File) { f.Trustees[1].Identity = f.Trustees[0].Identity }, `"trustee-1" or a key of it is listed twice`},
		{"two trustees with one name", func(f *File) { f.Trustees[2].ID = "trustee-1" }, `"trustee-1" or a key of it is listed twice`},
		{"two trustees with one period key", func(f *File) {
			f.Trustees[1].PeriodKey = f.Trustees[2].PeriodKey
			signPeriodKeys(t, f)
		}, `trustee "trustee-2" or a key of it is listed twice`},
		{"trustee without name", func(f *File) { f.Trustees[0].ID = "" }, "trustee id of 0 bytes"},
		{"trustee without address", func(f *File) { f.Trustees[0].URL = "" }, `"trustee-0": url ""`},
		{"trustee behind ftp", func(f *File) { f.Trustees[0].URL = "ftp://t" }, `"trustee-0": url "ftp://t"`},
		{"period key of another trustee", func(f *File) {
			a, b := &f.Trustees[0], &f.Trustees[1]
			a.PeriodKey, a.PeriodKeySig, b.PeriodKey, b.PeriodKeySig = b.PeriodKey, b.PeriodKeySig, a.PeriodKey, a.PeriodKeySig
		}, `period key of trustee "trustee-0": signature does not verify`},
		{"period keys of the last period", func(f *File) { f.Period.Number++ }, `period key of trustee "trustee-0": signature`},
		{"period keys of another market", func(f *File) { f.Market += "x" }, `period key of trustee "trustee-0": signature`},
		{"unsigned period key", func(f *File) { f.Trustees[2].PeriodKeySig = nil }, `period key of trustee "trustee-2": signature`},
		{"request signature for a period key", func(f *File) {
			k := &f.Trustees[2]
			k.PeriodKeySig = identity(t, trusteeSeed+2).Sign(keys.DomainRequest, PeriodKeyDigest(f.Market, 3, k.PeriodKey))
		}, `period key of trustee "trustee-2": signature`},
		{"period key of half the length", func(f *File) {
			f.Trustees[0].PeriodKey = f.Trustees[0].PeriodKey[:16]
			signPeriodKeys(t, f)
		}, "does not belong to suite x25519"},
		{"other suite", func(f *File) { f.Suite = keys.Hybrid }, "does not belong to suite mlkem768-x25519"},
		{"unknown suite", func(f *File) { f.Suite = "rot13" }, `unknown suite "rot13"`},
		{"auctioneer without name", func(f *File) { f.Auctioneer.ID = "" }, "auctioneer id of 0 bytes"},
		{"auctioneer without address", func(f *File) { f.Auctioneer.URL = "exchange.example" }, `auctioneer "exchange": url`},
		{"auctioneer without identity", func(f *File) { f.Auctioneer.Identity = nil }, `auctioneer "exchange": identity of 0 bytes, want 32`},
		{"bidder with a long name", func(f *File) { f.Bidders[0].Seat = long }, "bidder id of 65 bytes"},
		{"bidder without address", func(f *File) { f.Bidders[0].URL = "" }, `bidder "seat-0": url`},
		{"bidder without organisation", func(f *File) { f.Bidders[1].Organisation = "" }, `bidder "seat-1" has no organisation`},
		{"bidder with half an identity", func(f *File) { f.Bidders[1].Identity = f.Bidders[1].Identity[:16] }, `bidder "seat-1": identity of 16 bytes`},
		{"seat twice", func(f *File) { f.Bidders[1].Seat = "seat-0" }, `bidder "seat-0" has no organisation or is listed twice`},
		{"publisher without name", func(f *File) { f.Publishers[0].ID = "" }, "publisher id of 0 bytes"},
		{"publisher with a bad address", func(f *File) { f.Publishers[0].URL = "http://[::1" }, `publisher "news.example": url`},
		{"publisher without identity", func(f *File) { f.Publishers[0].Identity = nil }, `publisher "news.example": identity of 0 bytes`},
		{"publisher twice", func(f *File) { f.Publishers = append(f.Publishers, f.Publishers[0]) }, `publisher "news.example" is listed twice`},
		{"too many bidders", func(f *File) { f.Bidders = make([]Bidder, maxBidders+1) }, "1025 bidders"},
		{"too many publishers", func(f *File) { f.Publishers = make([]Party, maxPublishers+1) }, "65537 publishers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := encryptedFile(t, keys.X25519)
			tc.change(&f)
			if _, err := New(f); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want one that says %q", err, tc.says)
			}
		})
	}
}

func TestPlaintextMarketHasNoTrustees(t *testing.T) {
	f := plainFile(t)
	d := newDirectory(t, f)
	if d.TrusteeKeyIDs() != [scheme.Trustees]message.KeyID{} || len(d.Trustees()) != 0 {
		t.Error("a plaintext market names trustees")
	}
	f.Trustees = encryptedFile(t, keys.X25519).Trustees
	if _, err := New(f); err == nil || !strings.Contains(err.Error(), "plaintext market has no trustees") {
		t.Errorf("trustees that would protect nothing: %v", err)
	}
}

func TestContents(t *testing.T) {
	f := encryptedFile(t, keys.Hybrid)
	d := newDirectory(t, f)
	if b, ok := d.Bidder("seat-1"); !ok || b.Organisation != "org-1" || len(d.Bidders()) != 2 {
		t.Errorf("seat-1 is %+v", b)
	}
	if p, ok := d.Publisher("news.example"); !ok || !bytes.Equal(p.Identity, f.Publishers[0].Identity) {
		t.Errorf("news.example is %+v", p)
	}
	_, seat := d.Bidder("news.example")
	_, publisher := d.Publisher("seat-1")
	if seat || publisher {
		t.Error("a bidder and a publisher are taken for each other")
	}
	if d.Suite() != keys.Hybrid || d.Features() != "sha256:f" || d.Period() != f.Period || d.Auctioneer().ID != "exchange" {
		t.Error("a field is lost")
	}
	for i, id := range d.TrusteeKeyIDs() {
		public, err := keys.ParseBoxPublic(keys.Hybrid, f.Trustees[i].PeriodKey)
		if err != nil || public.ID() != id || d.TrusteeKey(i).ID() != id {
			t.Errorf("trustee %d has another period key: %v", i, err)
		}
	}
}

// A directory stays what it was, whatever becomes of the file that it was made of, or that it gave away.
func TestImmutable(t *testing.T) {
	f := encryptedFile(t, keys.X25519)
	want := string(sign(t, f))
	d := newDirectory(t, f)
	spoil := func(f File) {
		f.Trustees[0].PeriodKey = []byte("next period's")
		f.Bidders[0].Seat, f.Publishers[0].ID, f.Params.Primes[0] = "other", "other", 7
	}
	spoil(d.File())
	d.File().Bidders[1].Identity[0] ^= 1
	spoil(f)
	if got := string(sign(t, d.File())); got != want {
		t.Errorf("the directory became\n%s, was\n%s", got, want)
	}
	if b, ok := d.Bidder("seat-0"); !ok || b.Seat != "seat-0" {
		t.Error("a bidder was renamed")
	}
}

func TestCurrent(t *testing.T) {
	d := newDirectory(t, plainFile(t))
	for _, tc := range []struct {
		now time.Time
		ok  bool
	}{
		{start.Add(-1), false}, {start, true}, {noon, true}, {start.Add(24*time.Hour - 1), true}, {start.Add(24 * time.Hour), false},
		{time.Time{}, false}, {start.AddDate(1, 0, 0), false},
	} {
		err := d.Current(tc.now)
		if tc.ok != (err == nil) {
			t.Errorf("at %s: %v", tc.now, err)
		}
		if err != nil && (!errors.Is(err, message.ErrPeriod) || !strings.Contains(err.Error(), "get the operator's next directory")) {
			t.Errorf("at %s: %v, want ErrPeriod with advice", tc.now, err)
		}
	}
}

// Markets and periods do not read each other's messages, nor do they share public elements.
func TestPeriodsAreApart(t *testing.T) {
	f := encryptedFile(t, keys.X25519)
	first := newDirectory(t, f)
	f.Period.Number++
	signPeriodKeys(t, &f)
	second := newDirectory(t, f)
	f.Market += "!"
	signPeriodKeys(t, &f)
	elsewhere := newDirectory(t, f)
	if first.Epoch().Period == second.Epoch().Period || second.Epoch().Market == elsewhere.Epoch().Market {
		t.Error("two periods or two markets have one name on the wire")
	}
	encryption := func(d *Directory) (scheme.Scheme, *scheme.Encryption) {
		s, err := d.Scheme()
		if err != nil {
			t.Fatal(err)
		}
		e, err := s.Encrypt(make([]float64, d.Params().Dim()))
		if err != nil {
			t.Fatal(err)
		}
		return s, e
	}
	own, e := encryption(first)
	unlock := func(s scheme.Scheme) error {
		_, err := s.Unlock(0, [2]*lattice.Seed{&e.SubKeys[1], &e.SubKeys[2]}, e.B, &e.BDigests)
		return err
	}
	if err := unlock(own); err != nil {
		t.Error(err)
	}
	for _, d := range []*Directory{second, elsewhere} {
		if other, _ := encryption(d); !errors.Is(unlock(other), scheme.ErrForgedB) {
			t.Error("two periods or markets share the public element a")
		}
	}
}

func TestSchemeIsTheMarkets(t *testing.T) {
	for name, f := range files(t) {
		d := newDirectory(t, f)
		s, err := d.Scheme()
		if err != nil || s.Params().ID() != d.Params().ID() || s.Params().Encrypted() != (f.Params.Kind == params.CKKS) {
			t.Errorf("%s: scheme for %v: %v", name, s.Params(), err)
		}
	}
}
