package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"cipherbid/crypto/message"
)

var domains = []string{DomainRequest, DomainNotice, DomainEnrolment, DomainDirectory, DomainPeriodKey, DomainTranscript}

// seeded is an identity that is the same in every run.
func seeded(tb testing.TB, seed byte) Identity {
	tb.Helper()
	id, err := IdentityFromSeed(bytes.Repeat([]byte{seed, seed + 1}, 16))
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// A signature holds for its key, domain and digest, and for nothing else.
func TestSignaturesHoldForOneDomain(t *testing.T) {
	id, other := seeded(t, 1), seeded(t, 7)
	digest := message.Digest{1, 2, 3}
	for _, signed := range domains {
		signature := id.Sign(signed, digest)
		for _, claimed := range domains {
			if err := id.Public().Verify(claimed, digest, signature); (err == nil) != (signed == claimed) {
				t.Errorf("signed as %q, verified as %q: %v", signed, claimed, err)
			}
		}
		for name, err := range map[string]error{
			"another digest": id.Public().Verify(signed, message.Digest{1, 2, 4}, signature),
			"another key":    other.Public().Verify(signed, digest, signature),
			"no key":         Public(nil).Verify(signed, digest, signature),
			"a short key":    id.Public()[:31].Verify(signed, digest, signature),
			"half of it":     id.Public().Verify(signed, digest, signature[:32]),
			"a byte less":    id.Public().Verify(signed, digest, signature[:63]),
			"a byte more":    id.Public().Verify(signed, digest, append(signature[:64:64], 0)),
			"no signature":   id.Public().Verify(signed, digest, nil),
		} {
			if !errors.Is(err, ErrSignature) {
				t.Errorf("%s: %v, want ErrSignature", name, err)
			}
		}
		for i := range signature {
			signature[i] ^= 4
			if err := id.Public().Verify(signed, digest, signature); !errors.Is(err, ErrSignature) {
				t.Errorf("byte %d of the signature altered: %v", i, err)
			}
			signature[i] ^= 4
		}
	}
}

func TestDomainsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range domains {
		if seen[d] {
			t.Errorf("domain %q is used twice", d)
		}
		seen[d] = true
	}
}

func TestIdentityFromSeed(t *testing.T) {
	id := NewIdentity()
	again, err := IdentityFromSeed(id.Seed())
	if err != nil || !bytes.Equal(again.Public(), id.Public()) || !bytes.Equal(again.Seed(), id.Seed()) {
		t.Errorf("an identity does not survive its seed: %v", err)
	}
	if bytes.Equal(NewIdentity().Public(), id.Public()) {
		t.Error("two new identities are the same")
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := IdentityFromSeed(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes was accepted", n)
		}
	}
}

// A caller may wipe the seed that it passed, or that it was given, and the public key.
func TestIdentityKeepsItsOwnCopy(t *testing.T) {
	seed := seeded(t, 1).Seed()
	id, err := IdentityFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	clear(seed)
	clear(id.Seed())
	clear(id.Public())
	if !bytes.Equal(id.Seed(), seeded(t, 1).Seed()) || !bytes.Equal(id.Public(), seeded(t, 1).Public()) {
		t.Error("a caller changed the identity")
	}
}

func TestPublicKeyInText(t *testing.T) {
	p := seeded(t, 1).Public()
	b, err := json.Marshal(p)
	if err != nil || string(b) != `"`+p.String()+`"` {
		t.Errorf("%s in JSON, %s as a string: %v", b, p, err)
	}
	if p.ID() == seeded(t, 7).Public().ID() || p.ID() == (message.KeyID{}) {
		t.Error("ids of keys do not tell them apart")
	}
}
