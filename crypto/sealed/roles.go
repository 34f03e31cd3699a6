package sealed

import (
	"crypto/sha256"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Roles says which trustee takes which part: Roles[message.Garbler] is the garbler's index. With one trustee absent, that one is
// the checker.
type Roles [scheme.Trustees]int

// RolesOf draws the parts from the request's digest, so that nobody chooses who learns the winner. Every attempt turns them, so
// that an attempt after a failure has another evaluator.
func RolesOf(request *message.Digest, attempt uint8, absent uint8) Roles {
	sum := sha256.Sum256(append([]byte("cipherbid roles v1"), request[:]...))
	turn := int(sum[0]) + int(sum[1])<<8 + int(attempt)
	if absent == message.Nobody {
		evaluator := turn % scheme.Trustees
		return Roles{(evaluator + 1) % scheme.Trustees, (evaluator + 2) % scheme.Trustees, evaluator}
	}
	others := scheme.SubKeysOf(int(absent))
	return Roles{others[turn&1], int(absent), others[1-turn&1]}
}

// PartOf is the part that a trustee takes.
func (r *Roles) PartOf(trustee int) message.Part {
	for p, i := range r {
		if i == trustee {
			return message.Part(p)
		}
	}
	panic("sealed: there is no such trustee")
}

// Holding is one trustee's shares of all answers of an auction. Share x_p is the one that whoever takes part p does not hold.
type Holding struct {
	Trustee int
	Entries []message.EntryShares
}

// opened reports whether the trustee could open an entry.
func (h *Holding) opened(entry int) bool { return h.Entries[entry].Status == message.Opened }

// of returns share x_p of a lane, cut to the circuit's bits.
func (h *Holding) of(r *Roles, p message.Part) Shares {
	subKey := r[p]
	at := 0
	if scheme.SubKeysOf(h.Trustee)[0] != subKey {
		at = 1
	}
	return func(entry, lane int) uint32 { return Cut(subKey, h.Entries[entry].Z[at][lane]) }
}

// Cut drops the low bits of share z_j. Three shares lose 1.5 units of what is left on average, which Cut adds to z_0 beforehand:
// a lane is off by at most 1.5 units of 2^-18, zero on average. It is the same whichever parts the trustees take.
func Cut(subKey int, z uint32) uint32 {
	if subKey == 0 {
		z += 3 * (1<<DroppedBits - 1) / 2
	}
	return z >> DroppedBits
}
