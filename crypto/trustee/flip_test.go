package trustee

import (
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// Every byte of an open request matters: with any one changed, in its lowest bit or its highest, the request is refused. The
// exception is the publisher's signature where boxes are in its session, which show as much by themselves. Of b, which is hashed
// as a whole, one byte in a hundred stands for all.
func TestEveryByteOfARequestMatters(t *testing.T) {
	m := newMarket(t, keys.X25519)
	inSession, _ := m.sessionAgent("shop")
	for name, r := range map[string]*message.Request{"key": m.ask(opportunity()), "session": m.askBy(inSession)} {
		t.Run(name, func(t *testing.T) {
			m := m.in(t)
			c := m.sell(r)
			m.works(c)
			raw, now := m.encoded(c, 0), r.Terms.Issued
			b := 26 + 4 + len(r.RawTerms) + 32 // where b begins, after the frame, the terms and the digest of c0
			end := b + len(r.B)
			checked := 0
			for i := 0; i < len(raw); i++ {
				if i > b && i < end-100 {
					i += 99
				}
				if i == end && name == "session" {
					i += len(r.Signature)
				}
				for _, bit := range []byte{1, 0x80} {
					raw[i] ^= bit
					if _, err := m.trustees[0].Open(raw, now); err == nil {
						t.Errorf("byte %d of %d, bit %#x: shares for a changed request", i, len(raw), bit)
					}
					raw[i] ^= bit
					checked++
				}
			}
			if _, err := m.trustees[0].Open(raw, now); err != nil {
				t.Errorf("the request itself: %v", err)
			}
			t.Logf("%d changes to %d bytes", checked, len(raw))
		})
	}
}

// So does every byte of an enrolment. Of its box one in fifty stands for all.
func TestEveryByteOfAnEnrolmentMatters(t *testing.T) {
	m := newMarket(t, keys.X25519)
	hint := make([]uint32, m.dir.Params().N())
	raw := m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: outsider, Sequence: 1}, m.keys.Bidders[outsider], 0, keys.NewSessionKey(), hint, nil)
	for i := range raw {
		if i > 200 && i < len(raw)-100 && i%50 != 0 {
			continue
		}
		for _, bit := range []byte{1, 0x80} {
			raw[i] ^= bit
			if m.trustees[0].Enrol(raw) == nil {
				t.Errorf("byte %d of %d, bit %#x: a changed enrolment is accepted", i, len(raw), bit)
			}
			raw[i] ^= bit
		}
	}
	if err := m.trustees[0].Enrol(raw); err != nil {
		t.Errorf("the enrolment itself: %v", err)
	}
}
