package keys

import (
	"bytes"
	"testing"

	"cipherbid/crypto/message"
)

func newSessionOf(tb testing.TB, key []byte) *Session {
	tb.Helper()
	s, err := NewSession(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSessions(t *testing.T) {
	key := NewSessionKey()
	sender, receiver, stranger := newSessionOf(t, bytes.Clone(key)), newSessionOf(t, key), newSessionOf(t, NewSessionKey())
	clear(key) // a session keeps its own copy
	context, other := message.Digest{1}, message.Digest{2}
	plaintext := []byte("two parts of a few lanes")

	box := sender.Seal([]byte("head"), plaintext, &context)
	if !bytes.HasPrefix(box, []byte("head")) || len(box) != 4+len(plaintext)+SessionOverhead {
		t.Fatalf("sealed %d bytes after 4 into %d", len(plaintext), len(box))
	}
	box = box[4:]
	if got, err := receiver.Open([]byte("head"), box, &context); err != nil || string(got) != "head"+string(plaintext) {
		t.Fatalf("opened %q: %v", got, err)
	}
	if got, err := receiver.Open(nil, sender.Seal(nil, nil, &context), &context); err != nil || len(got) != 0 {
		t.Errorf("an empty box: %q, %v", got, err)
	}

	refused := func(name string, s *Session, box []byte, context *message.Digest) {
		t.Helper()
		if b, err := s.Open(nil, box, context); err == nil || b != nil {
			t.Errorf("%s: opened %q", name, b)
		}
	}
	refused("another context", receiver, box, &other)
	refused("another session", stranger, box, &context)
	refused("nothing", receiver, nil, &context)
	refused("a byte more", receiver, append(box[:len(box):len(box)], 0), &context)
	for n := range box {
		refused("a truncated box", receiver, box[:n], &context)
		altered := bytes.Clone(box)
		altered[n] ^= 0x10
		refused("an altered box", receiver, altered, &context)
	}
}

func TestNoncesDiffer(t *testing.T) {
	s := newSessionOf(t, NewSessionKey())
	seen := map[string]bool{}
	for range 1000 {
		nonce := string(s.Seal(nil, []byte("same"), &message.Digest{})[:12])
		if seen[nonce] {
			t.Fatal("a nonce was used twice")
		}
		seen[nonce] = true
	}
}

func TestSessionKeys(t *testing.T) {
	if bytes.Equal(NewSessionKey(), NewSessionKey()) {
		t.Error("two new session keys are the same")
	}
	for _, n := range []int{0, 16, 24, 31, 33} { // also lengths that AES would take
		if _, err := NewSession(make([]byte, n)); err == nil {
			t.Errorf("a session key of %d bytes was accepted", n)
		}
	}
}

func TestSealingIntoABufferDoesNotAllocate(t *testing.T) {
	s := newSessionOf(t, NewSessionKey())
	context := &message.Digest{1}
	plaintext, buf := make([]byte, message.PartsBytes(32)), make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = s.Seal(buf[:0], plaintext, context) }); n != 0 {
		t.Errorf("sealing allocates %v times", n)
	}
}
