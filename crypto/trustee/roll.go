package trustee

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// hintsPerSeat is how many hints a trustee keeps for one seat: answers under the one before last may still be under way when a
// bidder's new model takes over.
const hintsPerSeat = 4

// sessionsPerPublisher is how many sessions a trustee keeps for one publisher: one for each of its servers.
const sessionsPerPublisher = 64

// enrolled is one session: of the auctioneer, or of one model of a bidder, with its hint.
type enrolled struct {
	sequence uint64
	digest   message.Digest // of the hint
	session  *keys.Session
	hint     []uint32
}

// party names who has enrolled.
type party struct {
	role message.Role
	id   string
}

// roll is the list of sessions. It is safe for concurrent use.
type roll struct {
	mu       sync.RWMutex
	sessions map[party][]*enrolled // in ascending order of sequence; lists are never changed in place
}

func newRoll() *roll { return &roll{sessions: map[party][]*enrolled{}} }

// bidder finds the session that came with a hint, or nil.
func (r *roll) bidder(seat string, hint message.Digest) *enrolled {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, e := range slices.Backward(r.sessions[party{message.RoleBidder, seat}]) {
		if e.digest == hint {
			return e
		}
	}
	return nil
}

// auctioneer finds the newest session of an auctioneer, or nil.
func (r *roll) auctioneer(id string) *keys.Session {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := r.sessions[party{message.RoleAuctioneer, id}]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1].session
}

// publisher finds a session of a publisher by its sequence number, or nil.
func (r *roll) publisher(id string, sequence uint64) *keys.Session {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, e := range r.sessions[party{message.RolePublisher, id}] {
		if e.sequence == sequence {
			return e.session
		}
	}
	return nil
}

// add keeps a session among its party's newest, and returns the sequence numbers of those that it displaces. A bidder's or the
// auctioneer's has to be newer than all before it. A publisher's servers enrol each for itself, so theirs come in any order, as
// long as they are among the newest: an old message must not displace new sessions.
func (r *roll) add(p party, e *enrolled) (displaced []uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keep := map[message.Role]int{message.RoleBidder: hintsPerSeat, message.RoleAuctioneer: 1, message.RolePublisher: sessionsPerPublisher}[p.role]
	list := r.sessions[p]
	at, known := slices.BinarySearchFunc(list, e.sequence, func(x *enrolled, sequence uint64) int { return cmp.Compare(x.sequence, sequence) })
	if known {
		return nil, ErrKnown
	}
	if p.role != message.RolePublisher && at < len(list) {
		return nil, ErrOldEnrolment
	}
	if at == 0 && len(list) >= keep {
		return nil, ErrManyEnrolments
	}
	list = slices.Insert(slices.Clone(list), at, e)
	for ; len(list) > keep; list = list[1:] {
		displaced = append(displaced, list[0].sequence)
	}
	r.sessions[p] = list
	return displaced, nil
}

// Errors of Enrol about enrolments that are not new.
var (
	ErrOldEnrolment   = errors.New("a newer enrolment is known")
	ErrKnown          = fmt.Errorf("this enrolment is known: %w", ErrOldEnrolment) // its sender may use it
	ErrManyEnrolments = errors.New("too many newer sessions of the publisher are known")
)

// Enrol accepts the session, and a bidder's hint, of a party in the directory, and stores them for the rest of the period.
func (t *Trustee) Enrol(raw []byte) error {
	n, e, err := t.openEnrolment(raw)
	if err != nil {
		return err
	}
	t.enrolling.Lock()
	defer t.enrolling.Unlock()
	p := party{n.Role, n.ID}
	displaced, err := t.roll.add(p, e)
	if err != nil {
		return err
	}
	return t.store.putEnrolment(p, n.Sequence, raw, displaced)
}

func (t *Trustee) openEnrolment(raw []byte) (*message.Enrolment, *enrolled, error) {
	epoch := t.dir.Epoch()
	n, err := epoch.DecodeEnrolment(raw)
	if err != nil {
		return nil, nil, err
	}
	identity, err := t.identityOf(n)
	if err != nil {
		return nil, nil, err
	}
	if n.Trustee != t.key.Public().ID() {
		return nil, nil, fmt.Errorf("%w: enrolment is encrypted to another period key", message.ErrPeriod)
	}
	if err := identity.Verify(keys.DomainEnrolment, n.Digest(epoch), n.Signature); err != nil {
		return nil, nil, fmt.Errorf("enrolment of %q: %w", n.ID, err)
	}
	plaintext, err := t.key.Open(n.Info(epoch), n.Box)
	if err != nil {
		return nil, nil, fmt.Errorf("enrolment of %q: %w", n.ID, err)
	}
	defer clear(plaintext)
	values := 0
	if n.Role == message.RoleBidder {
		values = epoch.Params.N()
	}
	key, hint, err := message.DecodeSession(plaintext, values)
	if err != nil {
		return nil, nil, fmt.Errorf("enrolment of %q: %w", n.ID, err)
	}
	defer clear(key)
	session, err := keys.NewSession(key)
	if err != nil {
		return nil, nil, err
	}
	return n, &enrolled{n.Sequence, message.HintDigest(n.ID, hint), session, hint}, nil
}

func (t *Trustee) identityOf(n *message.Enrolment) (keys.Public, error) {
	switch n.Role {
	case message.RoleBidder:
		if b, ok := t.dir.Bidder(n.ID); ok {
			return b.Identity, nil
		}
	case message.RoleAuctioneer:
		if a := t.dir.Auctioneer(); a.ID == n.ID {
			return a.Identity, nil
		}
	case message.RolePublisher:
		if p, ok := t.dir.Publisher(n.ID); ok {
			return p.Identity, nil
		}
	}
	return nil, errors.New("enrolment of a party that is not in the directory")
}
