package sealed

import (
	"encoding/binary"
	"slices"
	"testing"

	"cipherbid/crypto/message"
)

// parts of a leg that are of a variable length.
func variable(l *message.LegImp) []*[]byte {
	return []*[]byte{&l.Labels, &l.Colours, &l.Reveal, &l.Tables, &l.Digests}
}

// Parts that are too short, too long or missing are refused before they are used.
func TestLegsOfWrongLengths(t *testing.T) {
	q := stage(71)
	p := q.play(t, q.call(0), 0)
	changed := 0
	for part := range p.legs {
		for field := range variable(&p.legs[part]) {
			whole := len(*variable(&p.legs[part])[field])
			for _, n := range []int{0, 1, whole - 1, whole + 1, whole + 16, 2 * whole} {
				if n < 0 || n == whole || whole == 0 {
					continue
				}
				c := p.copy()
				v := variable(&c.legs[part])[field]
				*v = append(*v, make([]byte, whole+16)...)[:n]
				c.refused(t, "length", ErrContradiction)
				changed++
			}
		}
	}
	if changed < 30 {
		t.Errorf("only %d lengths were tried", changed)
	}
	both := p.copy() // garbler and checker agree on a reading that is too short
	both.legs[0].Reveal, both.legs[1].Reveal = nil, nil
	both.refused(t, "no reading of the winner's name", ErrContradiction)
}

// Whatever one of the two garblers changes about its messages, the auction has the honest outcome or none. Six bytes of a script
// are an edit: of what, where, how.
func FuzzLegs(f *testing.F) {
	q := stage(72)
	honest := q.play(f, q.call(0), 0)
	want, err := honest.finish()
	if err != nil {
		f.Fatal(err)
	}
	all := make([]message.Status, len(q.manifest.Entries))
	f.Add(false, []byte{})
	for field := range byte(8) {
		for where := range byte(24) {
			f.Add(field%2 == 0, []byte{field, 1 << (where % 8), where, where * 7, where / 8, 0})
		}
	}
	f.Fuzz(func(t *testing.T, checker bool, script []byte) {
		part := message.Garbler
		if checker {
			part = message.Checker
		}
		p := honest.copy()
		for ; len(script) >= 6; script = script[6:] {
			l, said := &p.legs[part], &p.said[part]
			share, digest := l.Share[:], said.TableDigest[:]
			fields := append(variable(l), &said.Table, &share, &digest)
			v := fields[int(script[0])%len(fields)]
			if len(*v) == 0 {
				continue
			}
			at := int(binary.LittleEndian.Uint32(script[2:])) % len(*v)
			if script[1] == 0 {
				*v = slices.Delete(*v, at, min(at+16, len(*v)))
			} else {
				(*v)[at] ^= script[1]
			}
		}
		out, err := p.evaluated()
		if err != nil {
			return
		}
		got, err := p.read(out)
		if err != nil || p.CheckOpened(out, all, all) != nil {
			return
		}
		if got != want {
			t.Fatalf("%+v, honest outcome %+v", got, want)
		}
	})
}
