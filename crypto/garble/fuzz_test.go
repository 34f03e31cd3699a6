package garble

import (
	"bytes"
	"slices"
	"testing"
)

// Whatever key, labels, tables and bits somebody sends: no panic, and all engines agree.
func FuzzEvaluate(f *testing.F) {
	c := everywhere(true)
	g := c.Garble(new(Seed), nil)
	whole := slices.Concat(g.Kappa[:], AppendLabels(nil, g.Inputs), g.Tables, g.Reveal)
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(whole, 0xff))
	f.Add(make([]byte, len(whole)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		rest := data
		take := func(n int) []byte {
			n = min(n, len(rest))
			part := rest[:n]
			rest = rest[n:]
			return part
		}
		var kappa Key
		copy(kappa[:], take(len(kappa)))
		var inputs []Label
		for raw := take(c.inputs * LabelBytes); len(raw) >= LabelBytes; raw = raw[LabelBytes:] {
			inputs = append(inputs, LabelFrom(raw))
		}
		tables := take(c.TableBytes())
		reveal := rest
		valid := len(data) == len(whole)

		var outputs []Label
		var revealed []byte
		for i, e := range engines() {
			o, r, err := c.evaluate(&kappa, inputs, tables, reveal, &e)
			if valid != (err == nil) {
				t.Fatalf("%s: %d bytes of %d: error %v", e.name, len(data), len(whole), err)
			}
			if i == 0 {
				outputs, revealed = o, r
			} else if !slices.Equal(o, outputs) || !bytes.Equal(r, revealed) {
				t.Fatalf("%s evaluates differently", e.name)
			}
		}
	})
}
