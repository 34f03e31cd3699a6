package ot

import (
	"crypto/sha256"
	"encoding/binary"
)

// transcript is a digest of what was said in a run up to some point. All keys come from one.
type transcript [sha256.Size]byte

// begin is the transcript of a run's name: the columns are expanded under it.
func begin(context *[32]byte, nonce []byte, n int) *transcript {
	b := append([]byte("cipherbid ot run v1"), context[:]...)
	b = append(b, nonce...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	t := transcript(sha256.Sum256(b))
	return &t
}

// after is the transcript with something more said. Each kind of thing has a label of its own.
func (t *transcript) after(what string, said []byte) *transcript {
	h := sha256.New()
	h.Write([]byte(what))
	h.Write(t[:])
	h.Write(said)
	return (*transcript)(h.Sum(nil))
}

func (t *transcript) afterColumns(u columns) *transcript {
	return t.after("cipherbid ot columns v1", u)
}

// expand overwrites column i of a run with the keystream that its seed gives. The key is a hash of one block of SHA-256.
func (t *transcript) expand(s *seed, i int, column []byte) {
	var b [len(t) + seedBytes + 1]byte
	copy(b[:], t[:])
	copy(b[len(t):], s[:])
	b[len(t)+seedBytes] = byte(i)
	key := sha256.Sum256(b[:])
	keystream(key[:seedBytes], column)
}
