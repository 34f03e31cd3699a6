package trustee

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"testing"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// edit applies a script to a copy of a message: six bytes an edit, that is what to do, how much or with what, and where. Keys
// and ciphertexts differ from process to process, so a fuzzer cannot be given messages; it is given what to do to them.
func edit(honest, script []byte) []byte {
	b := slices.Clone(honest)
	for ; len(script) >= 6 && len(b) > 0; script = script[6:] {
		v := script[1]
		at := int(binary.LittleEndian.Uint32(script[2:]) % uint32(len(b)))
		n := min(int(v)+1, len(b)-at)
		switch script[0] % 6 {
		case 0:
			b[at] ^= v
		case 1:
			b[at] = v
		case 2:
			b = slices.Delete(b, at, at+n)
		case 3:
			b = slices.Insert(b, at, make([]byte, n)...)
		case 4:
			b = b[:at]
		case 5:
			copy(b[at:], honest[len(honest)-n:])
		}
	}
	return b
}

// script is an edit script of one step.
func script(what, value byte, at int) []byte {
	return binary.LittleEndian.AppendUint32([]byte{what, value}, uint32(at))
}

// seeds are scripts that touch every part of a message of the given size.
func seeds(f *testing.F, size int) {
	f.Add([]byte{})
	for i := range 24 {
		f.Add(script(byte(i), 1<<(i%8), i*size/24))
	}
	f.Add(append(script(2, 3, 40), script(3, 3, 40)...))
	f.Add(script(0, 0x80, size-1))
	f.Add(script(3, 0, size-1))
}

// Whatever is done to an honest message, a trustee refuses it without a panic, and serves the message itself. Of a request with
// boxes in a session, the publisher's signature may change: the trustee does not look at it.
func FuzzOpen(f *testing.F) {
	m := newMarket(f, keys.Hybrid)
	inSession, _ := m.sessionAgent("shop")
	requests := []*message.Request{m.ask(opportunity()), m.askBy(inSession)}
	var raws [2][]byte
	for k, r := range requests {
		c := m.sell(r)
		m.works(c)
		raws[k] = m.encoded(c, 0)
	}
	seeds(f, len(raws[0]))
	f.Fuzz(func(t *testing.T, script []byte) {
		for k, r := range requests {
			if _, err := m.trustees[0].Open(script, r.Terms.Issued); err == nil {
				t.Fatal("shares for a script")
			}
			b := edit(raws[k], script)
			_, err := m.trustees[0].Open(b, r.Terms.Issued)
			if at := 26 + 4 + len(r.RawTerms) + 32 + len(r.B); k == 1 && len(b) == len(raws[k]) {
				copy(b[at:at+len(r.Signature)], r.Signature)
			}
			if same := bytes.Equal(b, raws[k]); same != (err == nil) {
				t.Fatalf("request %d, unchanged: %v; %v", k, same, err)
			}
		}
	})
}

// The same for enrolments. The honest one is refused as well, since it is known.
func FuzzEnrol(f *testing.F) {
	m := newMarket(f, keys.Hybrid)
	raw := m.seats["bolt"].Enrolments()[0]
	before := m.trustees[0].store.count(f, 'e')
	seeds(f, len(raw))
	f.Fuzz(func(t *testing.T, script []byte) {
		if m.trustees[0].Enrol(script) == nil || m.trustees[0].Enrol(edit(raw, script)) == nil {
			t.Fatal("enrolled")
		}
		if n := m.trustees[0].store.count(t, 'e'); n != before {
			t.Fatalf("%d enrolments are stored, there were %d", n, before)
		}
	})
}

// An auctioneer may sign any manifest that it likes, but an entry is opened only if it lists the bid as its bidder made it, and
// then to the same shares. Every script meets a trustee that has not served the request yet.
func FuzzManifest(f *testing.F) {
	m := newMarket(f, keys.X25519)
	c := m.sell(m.ask(with(func(o *agent.Opportunity) { o.MinOrgs = 0 })))
	m.works(c)
	s, err := m.open(c, 0)
	if err != nil {
		f.Fatal(err)
	}
	honest := map[string]int{}
	for i, e := range c.manifest.Entries {
		honest[e.Seat] = i
	}
	seeds(f, len(c.raw))
	end := len(m.shorter(c).raw) // without the last entry, but for the count after the frame and the request's digest
	f.Add(slices.Concat(script(1, 3, 26+32), script(2, 255, end), script(2, 255, end)))
	f.Fuzz(func(t *testing.T, script []byte) {
		m := m.in(t)
		forged := *c
		forged.raw = edit(c.raw, script)
		manifest, err := m.dir.Epoch().DecodeManifest(forged.raw)
		if err != nil {
			return
		}
		forged.manifest, forged.answers = manifest, nil
		for _, e := range manifest.Entries {
			forged.answers = append(forged.answers, c.answers[honest[e.Seat]]) // the first one's, if there is none
		}
		m.trustees[0].pins = &pins{store: m.trustees[0].store}
		shares, err := m.open(&forged, 0)
		if err != nil {
			return
		}
		for i, got := range shares.Entries {
			at, listed := honest[manifest.Entries[i].Seat]
			same := listed && reflect.DeepEqual(manifest.Entries[i].Bid, c.manifest.Entries[at].Bid)
			if got.Status == opened && (!same || !reflect.DeepEqual(got, s.Entries[at])) {
				t.Fatalf("entry %d of %q is opened, as made: %v", i, manifest.Entries[i].Seat, same)
			}
		}
	})
}
