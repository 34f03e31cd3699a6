package garble

import (
	"math/rand/v2"
	"testing"
)

// sample is a random circuit that was computed in the clear while it was built: an oracle that knows nothing of Build.
type sample struct {
	*Circuit
	inputs            []bool
	outputs, revealed []bool
}

// randomSample builds a circuit of up to size gates over random inputs. Wires are read many times, outputs may be shared, and
// some wires are revealed or follow from revealed ones.
func randomSample(rng *rand.Rand, size int) *sample {
	b, s := new(Builder), new(sample)
	var wires []Wire
	var value []bool
	for range 1 + rng.IntN(8) {
		wires = append(wires, b.Input())
		value = append(value, rng.IntN(2) == 1)
	}
	inputs := len(wires)
	s.inputs = append(s.inputs, value...)
	wires, value = append(wires, b.Zero()), append(value, false)
	for range 1 + rng.IntN(size) {
		i, j := rng.IntN(len(wires)), rng.IntN(len(wires))
		if rng.IntN(2) == 0 { // favour recent wires: long chains
			i = max(0, len(wires)-1-rng.IntN(3))
		}
		x, y := wires[i], wires[j]
		switch rng.IntN(8) {
		case 0, 1:
			wires, value = append(wires, b.Xor(x, y)), append(value, value[i] != value[j])
		case 2:
			if x != b.Zero() {
				wires, value = append(wires, b.Not(x)), append(value, !value[i])
			}
		case 3:
			if x != b.Zero() && !b.known[x] {
				s.revealed = append(s.revealed, value[i])
			}
			if b.Reveal(x) != x {
				panic("reveal returned another wire")
			}
		default:
			wires, value = append(wires, b.And(x, y)), append(value, value[i] && value[j])
		}
	}
	var outputs []Wire
	for range 4 * len(wires) {
		if i := rng.IntN(len(wires)); int(wires[i]) >= inputs && len(outputs) < 9 {
			outputs, s.outputs = append(outputs, wires[i]), append(s.outputs, value[i])
		}
	}
	s.Circuit = b.Build(outputs)
	return s
}

func randomSeed(rng *rand.Rand) *Seed {
	var s Seed
	for i := range s {
		s[i] = byte(rng.Uint32())
	}
	return &s
}

// active are the labels of the inputs.
func active(g *Garbling, inputs []bool) []Label {
	labels := make([]Label, len(inputs))
	for i, v := range inputs {
		labels[i] = g.Label(i, bit(v))
	}
	return labels
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func packed(v []bool) []byte {
	bits := make([]byte, len(v))
	for i := range v {
		bits[i] = bit(v[i])
	}
	return packBits(bits)
}

func rngFor(t testing.TB, n uint64) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(0x6a7b, n))
}
