package ckks

import (
	"crypto/subtle"
	"fmt"

	"cipherbid/crypto/lattice"
	"cipherbid/crypto/scheme"
)

// decrypter holds the two sub-keys of one trustee for one auction.
type decrypter struct {
	scheme *Scheme
	keys   [2]lattice.ReversedKey
}

// Unlock expands trustee i's sub-keys and checks b. The shares b_j of the trustee's own sub-keys must have the digests that the
// request names, and so must what they leave of b: a trustee that lacks sub-key i checks b_i = b - b_j - b_k by its digest,
// which the other two have compared with what the seed gives. If all digests hold for two trustees, b is well formed.
func (s *Scheme) Unlock(trustee int, subKeys [2]*lattice.Seed, b []byte, digests *[scheme.Trustees]scheme.Digest) (scheme.Decrypter, error) {
	w := s.borrow()
	defer s.giveBack(w)
	if err := s.ring.Unpack(w.r, b); err != nil {
		return nil, fmt.Errorf("unlock: b: %w", err)
	}
	d := s.keys.Get().(*decrypter)
	ok := 1
	for at, j := range scheme.SubKeysOf(trustee) {
		s.bShare(w, w.p, subKeys[at], d.keys[at])
		ok &= equal(s.digestB(w, w.p), digests[j])
		s.ring.Sub(w.r, w.r, w.p)
	}
	ok &= equal(s.digestB(w, w.r), digests[trustee])
	if ok != 1 {
		d.Close()
		return nil, fmt.Errorf("unlock: %w", scheme.ErrForgedB)
	}
	return d, nil
}

func equal(a, b scheme.Digest) int { return subtle.ConstantTimeCompare(a[:], b[:]) }

// PartialDecrypt returns coefficient kd + d-1 of c1 s_j modulo 2^32 for the trustee's two sub-keys.
func (d *decrypter) PartialDecrypt(hint []uint32, lane int) [2]uint32 {
	t := d.scheme.params.LaneIndex(lane)
	return [2]uint32{d.keys[0].Coefficient(hint, t), d.keys[1].Coefficient(hint, t)}
}

// Close wipes the sub-keys and keeps their memory for another auction.
func (d *decrypter) Close() {
	for _, k := range d.keys {
		k.Wipe()
	}
	d.scheme.keys.Put(d)
}
