package garble

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
)

func TestEnginesEqual(t *testing.T) {
	rng := rngFor(t, 3)
	for i := range 3000 {
		size := 1 + i%120
		if i%500 == 0 {
			size = 8 * 1024 // more gates than a kernel takes at once
		}
		s := randomSample(rng, size)
		seed := randomSeed(rng)
		portable := engines()[len(engines())-1]
		want := s.garble(seed, nil, &portable)
		labels := active(want, s.inputs)
		outputs, revealed, err := s.evaluate(&want.Kappa, labels, want.Tables, want.Reveal, &portable)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range engines() {
			if got := s.garble(seed, nil, &e); !equal(got, want) {
				t.Fatalf("circuit %d: %s garbles differently", i, e.name)
			}
			out, known, err := s.evaluate(&want.Kappa, labels, want.Tables, want.Reveal, &e)
			if err != nil || !slices.Equal(out, outputs) || !bytes.Equal(known, revealed) {
				t.Fatalf("circuit %d: %s evaluates differently (%v)", i, e.name, err)
			}
		}
	}
}

func equal(a, b *Garbling) bool {
	return a.Delta == b.Delta && a.Kappa == b.Kappa && slices.Equal(a.Inputs, b.Inputs) && slices.Equal(a.Outputs, b.Outputs) &&
		bytes.Equal(a.Reveal, b.Reveal) && bytes.Equal(a.Tables, b.Tables)
}

// The hash is taken from gates with a known factor: for the value zero, the output's label is the hash of the factor's label. The
// key and the first block are those of FIPS 197, appendix C.1.
func TestHashVector(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	kappa := Key(unhex("000102030405060708090a0b0c0d0e0f"))
	plain := unhex("00112233445566778899aabbccddeeff")
	cipher := unhex("69c4e0d86a7b0430d8cdb78070b4c55a")

	b := new(Builder)
	x, y := b.Input(), b.Input()
	b.Reveal(y)
	c := b.Build([]Wire{b.And(x, y), b.And(b.Not(x), y)})

	pi, err := aes.NewCipher(kappa[:])
	if err != nil {
		t.Fatal(err)
	}
	want := make([]Label, 2)
	for tweak := range want {
		var block [16]byte
		copy(block[:], cipher)
		block[0] ^= byte(tweak)
		pi.Encrypt(block[:], block[:])
		want[tweak] = LabelFrom(block[:]).Xor(LabelFrom(cipher))
	}
	inputs := []Label{{3, 4}, LabelFrom(plain)}
	zero := []byte{LabelFrom(plain).Colour()} // so that the value is zero
	for _, e := range engines() {
		got, revealed, err := c.evaluate(&kappa, inputs, make([]byte, c.TableBytes()), zero, &e)
		if err != nil || revealed[0] != 0 {
			t.Fatal(revealed, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: hashes %x, want %x", e.name, got, want)
		}
	}
}

// A garbling is a format: garblers on different machines and of different releases must agree on every byte.
func TestGarblingIsFrozen(t *testing.T) {
	const want = "2fd9b6e44133a7da6459bbdc97fb80f9f487db5183cbaf20d74165f59d46781e"
	c := tournament(5)
	g := c.Garble(&Seed{1, 2, 3}, nil)
	h := sha256.New()
	h.Write(g.Kappa[:])
	h.Write(AppendLabels(nil, []Label{g.Delta}))
	h.Write(AppendLabels(nil, g.Inputs))
	h.Write(AppendLabels(nil, g.Outputs))
	h.Write(g.Tables)
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
