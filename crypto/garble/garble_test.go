package garble

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestPlainEqualsBuilding(t *testing.T) {
	rng := rngFor(t, 1)
	for i := range 5000 {
		s := randomSample(rng, 1+i%120)
		outputs, revealed := s.Plain(s.inputs)
		if !slices.Equal(outputs, s.outputs) || !slices.Equal(revealed, s.revealed) {
			t.Fatalf("circuit %d: outputs %v, revealed %v, want %v, %v", i, outputs, revealed, s.outputs, s.revealed)
		}
	}
}

func TestGarbledEqualsPlain(t *testing.T) {
	rng := rngFor(t, 2)
	ops := make(map[op]int)
	for i := range 5000 {
		s := randomSample(rng, 1+i%120)
		check(t, s, s.Garble(randomSeed(rng), nil))
		for _, g := range s.gates {
			ops[g.op]++
		}
	}
	for o := xor; o <= reveal; o++ {
		if ops[o] < 5000 {
			t.Errorf("only %d gates of kind %d were tried", ops[o], o)
		}
	}
}

func check(t *testing.T, s *sample, g *Garbling) {
	t.Helper()
	outputs, revealed, err := s.Evaluate(&g.Kappa, active(g, s.inputs), g.Tables, g.Reveal)
	if err != nil {
		t.Error(err)
		return
	}
	for j, l := range outputs {
		if want := g.OutputLabel(j, bit(s.outputs[j])); l != want {
			t.Errorf("output %d: label %x, want %x", j, l, want)
		}
	}
	if !bytes.Equal(revealed, packed(s.revealed)) {
		t.Errorf("revealed %x, want %x", revealed, packed(s.revealed))
	}
}

func TestTournamentFindsTheGreatest(t *testing.T) {
	rng := rngFor(t, 4)
	for _, lanes := range []int{1, 2, 3, 10, 33} {
		c := tournament(lanes)
		var inputs []bool
		greatest := uint32(0)
		for range lanes {
			sum := uint32(0)
			for range 3 {
				share := rng.Uint32()
				sum += share
				for i := range 32 {
					inputs = append(inputs, share>>i&1 == 1)
				}
			}
			greatest = max(greatest, sum>>8)
		}
		want := make([]bool, 24)
		for i := range want {
			want[i] = greatest>>i&1 == 1
		}
		if got, _ := c.Plain(inputs); !slices.Equal(got, want) {
			t.Fatalf("%d lanes: %v in the clear, want %v", lanes, got, want)
		}
		check(t, &sample{Circuit: c, inputs: inputs, outputs: want}, c.Garble(randomSeed(rng), nil))
	}
}

func TestPrepareAndGarbleAgree(t *testing.T) {
	rng := rngFor(t, 5)
	for range 200 {
		s := randomSample(rng, 200)
		seed := randomSeed(rng)
		first, second, p := s.Garble(seed, nil), s.Garble(seed, nil), s.Prepare(seed)
		if !equal(first, second) {
			t.Fatal("two garblers differ")
		}
		if p.Delta != first.Delta || p.Kappa != first.Kappa || !slices.Equal(p.Inputs, first.Inputs) {
			t.Fatal("Prepare and Garble differ")
		}
		if p.Delta.Colour() != 1 {
			t.Fatal("the labels of a wire have one colour")
		}
		seed[31] ^= 1
		if other := s.Prepare(seed); other.Delta == first.Delta || other.Kappa == first.Kappa || other.Inputs[0] == first.Inputs[0] {
			t.Fatal("another seed gives the same secrets")
		}
	}
}

func TestTablesReuseTheBuffer(t *testing.T) {
	c := tournament(3)
	want := c.Garble(new(Seed), nil)
	for _, size := range []int{0, c.TableBytes() - 1, c.TableBytes(), c.TableBytes() + 100} {
		buf := bytes.Repeat([]byte{0xa5}, size)
		g := c.Garble(new(Seed), buf)
		if !equal(g, want) {
			t.Fatalf("a buffer of %d bytes changes the garbling", size)
		}
		if reused := size > 0 && &g.Tables[0] == &buf[0]; reused != (size >= c.TableBytes()) {
			t.Errorf("a buffer of %d bytes for %d: reused %v", size, c.TableBytes(), reused)
		}
	}
}

func TestWrongLengths(t *testing.T) {
	b := new(Builder)
	x, y := b.Input(), b.Input()
	c := b.Build([]Wire{b.And(b.Reveal(b.And(x, y)), b.Not(x))})
	g := c.Garble(new(Seed), nil)
	for _, test := range []struct {
		inputs         []Label
		tables, reveal []byte
		want           string
	}{
		{nil, g.Tables, g.Reveal, "0 input labels, want 2"},
		{g.Inputs[:1], g.Tables, g.Reveal, "1 input labels, want 2"},
		{append(g.Inputs[:2:2], Label{}), g.Tables, g.Reveal, "3 input labels, want 2"},
		{g.Inputs, g.Tables[:len(g.Tables)-1], g.Reveal, "47 bytes of tables, want 48"},
		{g.Inputs, append(g.Tables[:48:48], 0), g.Reveal, "49 bytes of tables, want 48"},
		{g.Inputs, g.Tables, nil, "0 bytes for revealed wires, want 1"},
		{g.Inputs, g.Tables, []byte{0, 0}, "2 bytes for revealed wires, want 1"},
	} {
		outputs, revealed, err := c.Evaluate(&g.Kappa, test.inputs, test.tables, test.reveal)
		if err == nil || !strings.Contains(err.Error(), test.want) || outputs != nil || revealed != nil {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
}

func TestLabelCodec(t *testing.T) {
	labels := []Label{{0x0706050403020100, 0x0f0e0d0c0b0a0908}, {1, 2}}
	b := AppendLabels([]byte{9}, labels)
	for i := range 16 {
		if int(b[1+i]) != i {
			t.Fatalf("encoded as %x", b)
		}
	}
	for i := range labels {
		encoded := b[1+LabelBytes*i:][:LabelBytes]
		l, again := LabelFrom(encoded), make([]byte, LabelBytes)
		if l.Put(again); l != labels[i] || !bytes.Equal(again, encoded) {
			t.Errorf("%x decodes to %x, and that is encoded as %x", encoded, l, again)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	rng := rngFor(t, 6)
	s := randomSample(rng, 3000)
	var all sync.WaitGroup
	for range 4 {
		seed := randomSeed(rng)
		all.Go(func() {
			for range 20 {
				check(t, s, s.Garble(seed, nil))
				seed[0]++
			}
		})
	}
	all.Wait()
}
