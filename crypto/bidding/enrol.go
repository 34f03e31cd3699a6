package bidding

import (
	"fmt"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// Enrol makes the message with which a bidder or the auctioneer opens a session with trustee i for the rest of the period, and
// the session. hint is nil for the auctioneer.
func Enrol(dir *directory.Directory, role message.Role, id string, identity keys.Identity, trustee int, hint []uint32) (*keys.Session, []byte, error) {
	if trustee < 0 || trustee >= len(dir.Trustees()) {
		return nil, nil, fmt.Errorf("enrol: there is no trustee %d in the directory", trustee)
	}
	key := keys.NewSessionKey()
	defer clear(key)
	session, err := keys.NewSession(key)
	if err != nil {
		return nil, nil, err
	}
	pub := dir.TrusteeKey(trustee)
	n := &message.Enrolment{Role: role, ID: id, Sequence: uint64(time.Now().UnixNano()), Trustee: pub.ID()}
	plaintext := message.EncodeSession(key, hint)
	defer clear(plaintext)
	if n.Box, err = pub.Seal(n.Info(dir.Epoch()), plaintext); err != nil {
		return nil, nil, fmt.Errorf("enrol with trustee %d: %w", trustee, err)
	}
	n.Signature = identity.Sign(keys.DomainEnrolment, n.Digest(dir.Epoch()))
	return session, dir.Epoch().EncodeEnrolment(n), nil
}
