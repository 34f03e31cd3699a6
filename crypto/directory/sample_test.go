package directory

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/params"
)

var (
	start = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	noon  = start.Add(6 * time.Hour)
)

// identity is the same in every run, so that what a fuzzer has found still verifies in the next.
func identity(tb testing.TB, seed byte) keys.Identity {
	tb.Helper()
	id, err := keys.IdentityFromSeed(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

const (
	operatorSeed = 1 + iota
	auctioneerSeed
	publisherSeed
	strangerSeed
	bidderSeed  = 10
	trusteeSeed = 20
)

// plainFile is a market without encryption, and without trustees.
func plainFile(tb testing.TB) File {
	tb.Helper()
	p, err := params.Plain(11, 64)
	if err != nil {
		tb.Fatal(err)
	}
	f := File{
		Version: 1, Market: "market-0123456789", Params: p.Literal(), Period: Period{3, start, start.Add(24 * time.Hour)}, Features: "sha256:f",
		Auctioneer: Party{"exchange", "https://exchange.example", identity(tb, auctioneerSeed).Public()},
		Publishers: []Party{{"news.example", "", identity(tb, publisherSeed).Public()}},
	}
	for i := range 2 {
		f.Bidders = append(f.Bidders, Bidder{
			fmt.Sprintf("seat-%d", i), fmt.Sprintf("org-%d", i), fmt.Sprintf("http://dsp%d.example:80/bid?a=1&b=<2>", i), identity(tb, bidderSeed+byte(i)).Public(),
		})
	}
	return f
}

// encryptedFile is the same market with encryption.
func encryptedFile(tb testing.TB, suite keys.Suite) File {
	tb.Helper()
	p, err := params.Default(64)
	if err != nil {
		tb.Fatal(err)
	}
	f := plainFile(tb)
	f.Params, f.Suite = p.Literal(), suite
	for i := range byte(3) {
		k, err := keys.ParseBoxKey(suite, bytes.Repeat([]byte{40 + i}, 32))
		if err != nil {
			tb.Fatal(err)
		}
		f.Trustees = append(f.Trustees, Trustee{
			ID: fmt.Sprintf("trustee-%d", i), URL: fmt.Sprintf("https://t%d.example", i),
			Identity: identity(tb, trusteeSeed+i).Public(), PeriodKey: k.Public().Bytes(),
		})
	}
	signPeriodKeys(tb, &f)
	return f
}

func signPeriodKeys(tb testing.TB, f *File) {
	for i := range f.Trustees {
		t := &f.Trustees[i]
		t.PeriodKeySig = identity(tb, trusteeSeed+byte(i)).Sign(keys.DomainPeriodKey, PeriodKeyDigest(f.Market, f.Period.Number, t.PeriodKey))
	}
}

// files are one market with either suite, and in the clear.
func files(tb testing.TB) map[string]File {
	return map[string]File{
		"hybrid": encryptedFile(tb, keys.Hybrid), "x25519": encryptedFile(tb, keys.X25519), "plaintext": plainFile(tb),
	}
}

func newDirectory(tb testing.TB, f File) *Directory {
	tb.Helper()
	d, err := New(f)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func sign(tb testing.TB, f File) []byte {
	tb.Helper()
	b, err := Sign(f, identity(tb, operatorSeed))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
