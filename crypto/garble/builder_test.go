package garble

import "testing"

func TestFolding(t *testing.T) {
	b := new(Builder)
	x, y := b.Input(), b.Input()
	zero := b.Zero()
	for _, test := range []struct {
		name      string
		got, want Wire
	}{
		{"x ^ 0", b.Xor(x, zero), x},
		{"0 ^ x", b.Xor(zero, x), x},
		{"x ^ x", b.Xor(x, x), zero},
		{"0 ^ 0", b.Xor(zero, zero), zero},
		{"x & 0", b.And(x, zero), zero},
		{"0 & x", b.And(zero, x), zero},
		{"x & x", b.And(x, x), x},
		{"reveal 0", b.Reveal(zero), zero},
	} {
		if test.got != test.want {
			t.Errorf("%s is wire %d, want %d", test.name, test.got, test.want)
		}
	}
	if b.And(x, y); len(b.gates) != 1 {
		t.Errorf("folding left %d gates", len(b.gates)-1)
	}
}

func TestCost(t *testing.T) {
	b := new(Builder)
	x, y, z := b.Input(), b.Input(), b.Input()
	b.And(y, z)            // reaches nothing
	full := b.And(x, y)    // two ciphertexts
	b.Reveal(z)            // input 2
	b.Reveal(b.Not(z))     // known already
	half := b.And(z, full) // one
	also := b.And(full, b.Xor(z, b.Reveal(y)))
	c := b.Build([]Wire{half, also, half})
	if c.Inputs() != 3 || c.Outputs() != 3 || c.Revealed() != 2 || c.RevealBytes() != 1 || c.TableBytes() != 4*LabelBytes {
		t.Errorf("%d inputs, %d outputs, %d revealed in %d bytes, %d bytes of tables",
			c.Inputs(), c.Outputs(), c.Revealed(), c.RevealBytes(), c.TableBytes())
	}
	outputs, revealed := c.Plain([]bool{true, true, false})
	if outputs[0] || !outputs[1] || outputs[2] || revealed[0] || !revealed[1] {
		t.Errorf("outputs %v, revealed %v", outputs, revealed)
	}
}

func TestMisuseOfTheBuilder(t *testing.T) {
	for name, use := range map[string]func(*Builder, Wire){
		"late input":      func(b *Builder, x Wire) { b.Not(x); b.Input() },
		"constant one":    func(b *Builder, _ Wire) { b.Not(b.Zero()) },
		"constant output": func(b *Builder, _ Wire) { b.Build([]Wire{b.Zero()}) },
		"input as output": func(b *Builder, x Wire) { b.Build([]Wire{x}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("went unnoticed")
				}
			}()
			b := new(Builder)
			use(b, b.Input())
		})
	}
}

// Slots are used again: a long chain needs few.
func TestSlots(t *testing.T) {
	b := new(Builder)
	x, y := b.Input(), b.Input()
	for range 1000 {
		x = b.Xor(b.And(x, y), b.Not(x))
	}
	if c := b.Build([]Wire{x}); c.slots > 10 {
		t.Errorf("%d labels are alive at once", c.slots)
	}
}

// An AND that reads, through free gates or not, what the AND before it has made has to wait for it.
func TestScheduleSeparatesDependentGates(t *testing.T) {
	waits := func(gates []gate, wires int) float64 {
		age := make([]int, wires) // the number of the last AND that a wire follows from
		ands, waits := 0, 0
		for _, g := range gates {
			last := age[g.a]
			if g.b != none {
				last = max(last, age[g.b])
			}
			if g.op == and {
				if ands++; last > 0 && last > ands-latency {
					waits++
				}
				last = ands
			}
			age[g.out] = last
		}
		return float64(waits) / float64(ands)
	}
	b := new(Builder)
	inputs := b.Inputs(20 * 64)
	var outputs []Wire
	for i := range 20 {
		outputs = append(outputs, add(b, inputs[64*i:][:32], inputs[64*i+32:][:32])...)
	}
	before := waits(b.gates, b.wires)
	after := waits(schedule(b.live(outputs), b.wires), b.wires)
	if before < 0.9 || after > 0.25 {
		t.Errorf("%.2f of the ANDs have to wait as built, %.2f as scheduled", before, after)
	}
}
