package garble

import (
	"crypto/aes"
	"crypto/cipher"
)

// Key is the key of the hash, chosen afresh for each garbling. Without it the tables cannot be evaluated.
type Key [16]byte

// hasher is the portable hash of labels: with pi = AES-128 under a fixed key, hash(x, t) = pi(pi(x) ^ t) ^ pi(x), the tweakable
// form of Matyas, Meyer and Oseas in section 7.4 of Guo, Katz, Wang and Yu. It is a circular correlation robust hash if pi is
// an ideal permutation, which half gates with free XOR need.
type hasher struct {
	pi    cipher.Block
	block [LabelBytes]byte
}

func newHasher(k *Key) *hasher {
	pi, err := aes.NewCipher(k[:])
	if err != nil {
		panic("garble: " + err.Error()) // not with 16 bytes
	}
	return &hasher{pi: pi}
}

func (h *hasher) permute(x Label) Label {
	x.Put(h.block[:])
	h.pi.Encrypt(h.block[:], h.block[:])
	return LabelFrom(h.block[:])
}

func (h *hasher) hash(x Label, t uint64) Label {
	y := h.permute(x)
	return h.permute(Label{y.lo ^ t, y.hi}).Xor(y)
}
