package keys

import (
	"bytes"
	"strings"
	"testing"
)

var suites = []Suite{Hybrid, X25519}

func newBoxKeyOf(tb testing.TB, s Suite) *BoxKey {
	tb.Helper()
	k, err := NewBoxKey(s)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func seal(tb testing.TB, p BoxPublic, info, plaintext []byte) []byte {
	tb.Helper()
	box, err := p.Seal(info, plaintext)
	if err != nil {
		tb.Fatal(err)
	}
	return box
}

func TestBoxes(t *testing.T) {
	info, plaintext := []byte("request and trustee"), []byte("two sub-keys of 32 bytes")
	for at, suite := range suites {
		t.Run(string(suite), func(t *testing.T) {
			k, other, foreign := newBoxKeyOf(t, suite), newBoxKeyOf(t, suite), newBoxKeyOf(t, suites[1-at])
			box := seal(t, k.Public(), info, plaintext)
			if got, err := k.Open(info, box); err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("opened %q: %v", got, err)
			}
			if bytes.Contains(box, plaintext[:8]) || bytes.Equal(box, seal(t, k.Public(), info, plaintext)) {
				t.Error("the box shows what it holds, or that it holds the same as another")
			}
			if got, err := k.Open(nil, seal(t, k.Public(), nil, nil)); err != nil || len(got) != 0 {
				t.Errorf("an empty box: %q, %v", got, err)
			}
			if foreignBox := seal(t, foreign.Public(), info, plaintext); len(foreignBox) == len(box) {
				t.Error("boxes of both suites have one size: is the hybrid hybrid?")
			} else if _, err := k.Open(info, foreignBox); err == nil {
				t.Error("a box of the other suite opens")
			}
			altered := func(at int) []byte {
				b := bytes.Clone(box)
				b[at] ^= 1
				return b
			}
			for name, open := range map[string]func() ([]byte, error){
				"other info":       func() ([]byte, error) { return k.Open([]byte("request and trustef"), box) },
				"no info":          func() ([]byte, error) { return k.Open(nil, box) },
				"another key":      func() ([]byte, error) { return other.Open(info, box) },
				"the other suite":  func() ([]byte, error) { return foreign.Open(info, box) },
				"nothing":          func() ([]byte, error) { return k.Open(info, nil) },
				"a byte":           func() ([]byte, error) { return k.Open(info, box[:1]) },
				"encapsulation":    func() ([]byte, error) { return k.Open(info, box[:len(box)-len(plaintext)-16]) },
				"a byte less":      func() ([]byte, error) { return k.Open(info, box[:len(box)-1]) },
				"a byte more":      func() ([]byte, error) { return k.Open(info, append(box[:len(box):len(box)], 0)) },
				"altered first":    func() ([]byte, error) { return k.Open(info, altered(0)) },
				"altered last":     func() ([]byte, error) { return k.Open(info, altered(len(box)-1)) },
				"altered contents": func() ([]byte, error) { return k.Open(info, altered(len(box)-20)) },
			} {
				if b, err := open(); err == nil || err.Error() != "box does not open" {
					t.Errorf("%s: opened %q, error %v", name, b, err)
				}
			}
		})
	}
}

func TestBoxKeysSurviveTheirBytes(t *testing.T) {
	for at, suite := range suites {
		k := newBoxKeyOf(t, suite)
		raw, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseBoxKey(suite, raw)
		if err != nil {
			t.Fatal(err)
		}
		public, err := ParseBoxPublic(suite, k.Public().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if public.ID() != k.Public().ID() || again.Public().ID() != k.Public().ID() || newBoxKeyOf(t, suite).Public().ID() == public.ID() {
			t.Errorf("%s: ids do not name keys", suite)
		}
		if got, err := again.Open(nil, seal(t, public, nil, []byte("hello"))); err != nil || string(got) != "hello" {
			t.Errorf("%s: the restored key opened %q: %v", suite, got, err)
		}
		for n := range []int{0, 1, len(raw) - 1} {
			if _, err := ParseBoxKey(suite, raw[:n]); err == nil {
				t.Errorf("%s: a private key of %d bytes was accepted", suite, n)
			}
			if _, err := ParseBoxPublic(suite, k.Public().Bytes()[:n]); err == nil {
				t.Errorf("%s: a public key of %d bytes was accepted", suite, n)
			}
		}
		if _, err := ParseBoxPublic(suites[1-at], k.Public().Bytes()); err == nil {
			t.Errorf("a public key of suite %s was accepted for the other", suite)
		}
	}
}

func TestUnknownSuite(t *testing.T) {
	_, newErr := NewBoxKey("rsa")
	_, privateErr := ParseBoxKey("", make([]byte, 32))
	_, publicErr := ParseBoxPublic("rsa", make([]byte, 32))
	for _, err := range []error{newErr, privateErr, publicErr} {
		if err == nil || !strings.Contains(err.Error(), `want "mlkem768-x25519" or "x25519"`) {
			t.Errorf("error %v, want one that names the suites", err)
		}
	}
}
