package keys

import (
	"testing"

	"cipherbid/crypto/message"
)

// Two sub-keys, bound to a request's digest: what a user agent seals three times an auction, and each trustee opens once.
func BenchmarkBoxSeal(b *testing.B) {
	for _, suite := range suites {
		b.Run(string(suite), func(b *testing.B) {
			public, info, plaintext := newBoxKeyOf(b, suite).Public(), message.UserBoxInfo(&message.Digest{}, 0), make([]byte, 64)
			size := len(seal(b, public, info, plaintext))
			b.ReportAllocs()
			for b.Loop() {
				seal(b, public, info, plaintext)
			}
			b.ReportMetric(float64(size), "box-bytes")
		})
	}
}

func BenchmarkBoxOpen(b *testing.B) {
	for _, suite := range suites {
		b.Run(string(suite), func(b *testing.B) {
			k, info := newBoxKeyOf(b, suite), message.UserBoxInfo(&message.Digest{}, 0)
			box := seal(b, k.Public(), info, make([]byte, 64))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Open(info, box); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Both parts of 32 lanes: what a bidder seals three times an auction, and each trustee opens once for each bidder.
func BenchmarkSessionSeal(b *testing.B) {
	s, context := newSessionOf(b, NewSessionKey()), &message.Digest{}
	plaintext := make([]byte, message.PartsBytes(32))
	var buf []byte
	b.SetBytes(int64(len(plaintext)))
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Seal(buf[:0], plaintext, context)
	}
}

func BenchmarkSessionOpen(b *testing.B) {
	s, context := newSessionOf(b, NewSessionKey()), &message.Digest{}
	plaintext := make([]byte, message.PartsBytes(32))
	box, buf := s.Seal(nil, plaintext, context), []byte(nil)
	b.SetBytes(int64(len(plaintext)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = s.Open(buf[:0], box, context); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	id := seeded(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		id.Sign(DomainRequest, message.Digest{})
	}
}

func BenchmarkVerify(b *testing.B) {
	id := seeded(b, 1)
	public, signature := id.Public(), id.Sign(DomainRequest, message.Digest{})
	b.ReportAllocs()
	for b.Loop() {
		if err := public.Verify(DomainRequest, message.Digest{}, signature); err != nil {
			b.Fatal(err)
		}
	}
}
