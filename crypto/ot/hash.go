package ot

import (
	"crypto/aes"
	"crypto/cipher"

	"cipherbid/crypto/garble"
)

// hasher makes the masks of one run from rows: with pi = AES-128, mask(x, i) = pi(pi(x) ^ i) ^ pi(x), the hash that package garble
// uses for labels (Guo, Katz, Wang and Yu, S&P 2020, section 7.4); they show that it serves transfers of given labels. Here pi has a
// key of its own for each run, a hash of the transcript and of the sender's nonce: a receiver knows it only when it cannot change
// the rows any more, and attacks on many runs at once gain nothing. A hasher is not safe for concurrent use.
type hasher struct {
	pi    cipher.Block
	block [blockBytes]byte
}

// masks returns the hash for a run after the sender's nonce.
func (t *transcript) masks(nonce []byte) *hasher {
	key := t.after("cipherbid ot masks v1", nonce)
	pi, err := aes.NewCipher(key[:16])
	if err != nil {
		panic("ot: " + err.Error()) // not with 16 bytes
	}
	return &hasher{pi: pi}
}

// hash is the mask for row i.
func (h *hasher) hash(row element, i int) garble.Label {
	row.put(h.block[:])
	h.pi.Encrypt(h.block[:], h.block[:])
	once := loadElement(h.block[:])
	element{once.lo ^ uint64(i), once.hi}.put(h.block[:])
	h.pi.Encrypt(h.block[:], h.block[:])
	var b [blockBytes]byte
	once.xor(loadElement(h.block[:])).put(b[:])
	return garble.LabelFrom(b[:])
}
