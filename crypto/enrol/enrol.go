// Package enrol opens sessions with trustees: bidders, the auctioneer and publishers each send every trustee one message a
// period, encrypted to its period key and signed, that brings a session key and, from a bidder, its hint. Afterwards boxes need
// no key exchange and messages no signature. The session is gone with the trustee's period key.
package enrol

import (
	"errors"
	"fmt"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Sessions are one party's sessions with the three trustees, and the messages that open them. It is immutable and safe for
// concurrent use.
type Sessions struct {
	Sequence uint64 // names them among the party's
	With     [scheme.Trustees]*keys.Session
	Messages [scheme.Trustees][]byte
}

// New draws sessions with all trustees. hint is a bidder's, nil for others.
func New(dir *directory.Directory, role message.Role, id string, identity keys.Identity, hint []uint32) (*Sessions, error) {
	s := &Sessions{Sequence: nextSequence()}
	for i := range s.With {
		var err error
		if s.With[i], s.Messages[i], err = open(dir, role, id, identity, i, s.Sequence, hint); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// One draws a session with trustee i alone, without a hint.
func One(dir *directory.Directory, role message.Role, id string, identity keys.Identity, trustee int) (*keys.Session, []byte, error) {
	return open(dir, role, id, identity, trustee, nextSequence(), nil)
}

// nextSequence grows from call to call, also across restarts unless the clock goes back.
func nextSequence() uint64 { return uint64(time.Now().UnixNano()) }

func open(dir *directory.Directory, role message.Role, id string, identity keys.Identity, trustee int, sequence uint64, hint []uint32) (*keys.Session, []byte, error) {
	if trustee < 0 || trustee >= len(dir.Trustees()) {
		return nil, nil, fmt.Errorf("enrol: there is no trustee %d in the directory", trustee)
	}
	if (hint != nil) != (role == message.RoleBidder) {
		return nil, nil, errors.New("enrol: bidders have a hint, others have none")
	}
	key := keys.NewSessionKey()
	defer clear(key)
	session, err := keys.NewSession(key)
	if err != nil {
		return nil, nil, err
	}
	pub := dir.TrusteeKey(trustee)
	n := &message.Enrolment{Role: role, ID: id, Sequence: sequence, Trustee: pub.ID()}
	plaintext := message.EncodeSession(key, hint)
	defer clear(plaintext)
	if n.Box, err = pub.Seal(n.Info(dir.Epoch()), plaintext); err != nil {
		return nil, nil, fmt.Errorf("enrol with trustee %d: %w", trustee, err)
	}
	n.Signature = identity.Sign(keys.DomainEnrolment, n.Digest(dir.Epoch()))
	return session, dir.Epoch().EncodeEnrolment(n), nil
}
