package sealed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"cipherbid/crypto/message"
)

// Run is one attempt at ranking one imp: what all who take part agree on. It is immutable.
type Run struct {
	Roles   Roles
	Plan    *Plan
	Circuit *Ranking
	Ticket  message.Ticket
	binding message.Digest // of everything above and the auction
}

// Secret is what the two garblers share and the evaluator does not know: the key of their link's session.
type Secret [32]byte

// Plans plans every imp of an auction. plans[i] is nil if nothing can be sold on imp i.
func Plans(t *message.Terms, m *message.Manifest) ([]*Plan, error) {
	plans := make([]*Plan, len(t.Imps))
	for i := range plans {
		var err error
		if plans[i], err = NewPlan(t, m, i); err != nil && !errors.Is(err, ErrNoSale) {
			return nil, err
		}
	}
	return plans, nil
}

// Runs makes the runs of an attempt. runs[i] is nil where plans[i] is. A call has one ticket for each imp.
func Runs(cache *Cache, plans []*Plan, request, manifest *message.Digest, c *message.Call) ([]*Run, error) {
	roles := RolesOf(request, c.Attempt, c.Absent)
	runs := make([]*Run, len(plans))
	for i, plan := range plans {
		if plan == nil {
			continue
		}
		circuit, err := cache.Ranking(&plan.Shape)
		if err != nil {
			return nil, err
		}
		runs[i] = &Run{Roles: roles, Plan: plan, Circuit: circuit, Ticket: c.Tickets[i]}
		runs[i].bind(manifest, i, c)
	}
	return runs, nil
}

// bind names the run. A garbler's messages are of use only together with those of another who has the same auction, imp, attempt,
// parts and circuit.
func (r *Run) bind(manifest *message.Digest, imp int, c *message.Call) {
	b := append([]byte("cipherbid sealed run v1"), manifest[:]...)
	b = append(b, byte(imp), c.Attempt, c.Absent, byte(r.Roles[0]), byte(r.Roles[1]), byte(r.Roles[2]))
	b = append(b, r.Ticket.Session[:]...)
	b = binary.LittleEndian.AppendUint64(b, r.Ticket.Number)
	b = append(b, r.Plan.Shape.Key()...)
	r.binding = sha256.Sum256(b)
}

// prf is HMAC-SHA256 of a label and parts.
func (s *Secret) prf(label string, parts ...[]byte) [32]byte {
	h := hmac.New(sha256.New, s[:])
	h.Write([]byte(label))
	for _, p := range parts {
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// mask hides the circuit's hash key on its way to the evaluator: the garbler sends the key under the mask, the checker the mask.
// They agree only if both rank the same.
func (r *Run) mask(s *Secret) [16]byte {
	sum := s.prf("cipherbid circuit mask v1", r.binding[:])
	return [16]byte(sum[:16])
}

func xor16(a, b [16]byte) (out [16]byte) {
	for i := range out {
		out[i] = a[i] ^ b[i]
	}
	return out
}
