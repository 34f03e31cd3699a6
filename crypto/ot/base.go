package ot

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
)

// SenderBase is the sender's half of the base transfers and its own encoding: the bits s, then one seed for each. It is secret.
// All values are valid.
type SenderBase [blockBytes + Base*seedBytes]byte

// ReceiverBase is the receiver's half of the base transfers and its own encoding: what the pairs of seeds are expanded from. It is
// secret. All values are valid.
type ReceiverBase [32]byte

const seedBytes = 16

// seed is the key to one column of many runs.
type seed [seedBytes]byte

// Deal makes base transfers. Each half is for one trustee, over a link that hides it from the other.
func Deal() (*SenderBase, *ReceiverBase) {
	sender, receiver := new(SenderBase), new(ReceiverBase)
	rand.Read(receiver[:])
	rand.Read(sender[:blockBytes])
	s := loadElement(sender[:])
	pairs := receiver.expand()
	for i := range pairs {
		zero, one := loadElement(pairs[i][0][:]), loadElement(pairs[i][1][:])
		k := zero.xor(zero.xor(one).and(s.mask(i)))
		k.put(sender[blockBytes+i*seedBytes:])
	}
	return sender, receiver
}

// expand returns the pairs of seeds: AES-256 in counter mode under the base.
func (b *ReceiverBase) expand() *[Base][2]seed {
	var all [Base * 2 * seedBytes]byte
	keystream(b[:], all[:])
	pairs := new([Base][2]seed)
	for i := range pairs {
		pairs[i][0] = seed(all[2*i*seedBytes:])
		pairs[i][1] = seed(all[(2*i+1)*seedBytes:])
	}
	return pairs
}

// keystream overwrites dst with AES in counter mode from zero. A key must serve once.
func keystream(key, dst []byte) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("ot: " + err.Error()) // not with the 16 and 32 bytes that callers have
	}
	clear(dst)
	var iv [aes.BlockSize]byte
	cipher.NewCTR(block, iv[:]).XORKeyStream(dst, dst)
}
