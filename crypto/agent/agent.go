// Package agent is the user agent's side: it encrypts one user's features for one auction. Start with [New] and
// [Agent.Request].
//
// The key of an auction exists only inside Request: three random sub-keys, of which each trustee gets two in a box that is
// bound to the request. What leaves the agent hides the features from everybody but two trustees in league. An Agent is safe
// for concurrent use.
package agent

import (
	"crypto/rand"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Agent encrypts on behalf of one publisher.
type Agent struct {
	dir       *directory.Directory
	scheme    scheme.Scheme
	publisher string
	identity  keys.Identity
	sessions  atomic.Pointer[enrol.Sessions]
}

// Opportunity is what an agent puts up for auction.
type Opportunity struct {
	Features  []float64 // private, each in [-1, 1]
	Attrs     []message.Attr
	Imps      []message.Imp
	Mode      message.Mode
	PriceRule message.PriceRule
	Cap       float64       // highest bid that counts, CPM
	GridBits  uint8         // see message.Terms
	TMax      time.Duration // for the whole auction
	Lifetime  time.Duration // after which nobody answers; at most message.MaxLifetime
	MaxLanes  int           // of all bidders together
	MinOrgs   int
}

// New returns an agent of a publisher that is listed in the directory. sch must be the directory's scheme.
func New(dir *directory.Directory, sch scheme.Scheme, publisher string, identity keys.Identity) (*Agent, error) {
	p, ok := dir.Publisher(publisher)
	if !ok {
		return nil, fmt.Errorf("publisher %q is not in the directory", publisher)
	}
	if string(p.Identity) != string(identity.Public()) {
		return nil, fmt.Errorf("publisher %q has another identity in the directory", publisher)
	}
	return &Agent{dir: dir, scheme: sch, publisher: publisher, identity: identity}, nil
}

// NewSessions draws sessions with the trustees, for agents that run many auctions. Once the trustees have their messages, [Use]
// the sessions: boxes then need no key exchange, which is most of the time that a request takes.
func (a *Agent) NewSessions() (*enrol.Sessions, error) {
	return enrol.New(a.dir, message.RolePublisher, a.publisher, a.identity, nil)
}

// Use makes further requests under the sessions; nil goes back to boxes that anybody could send.
func (a *Agent) Use(s *enrol.Sessions) { a.sessions.Store(s) }

// Request encrypts an opportunity and returns the encoded request and its digest. The error wraps message.ErrPeriod if the
// directory's period is over: the trustees' keys in it are destroyed, and the operator's next directory has new ones.
func (a *Agent) Request(o *Opportunity) ([]byte, message.Digest, error) {
	r, err := a.build(o, time.Now())
	if err != nil {
		return nil, message.Digest{}, err
	}
	return a.dir.Epoch().EncodeRequest(r), r.Digest, nil
}

func (a *Agent) build(o *Opportunity, now time.Time) (*message.Request, error) {
	if err := a.dir.Current(now); err != nil {
		return nil, err
	}
	if o.TMax < 0 || o.MaxLanes < 0 || o.MinOrgs < 0 || o.MinOrgs > math.MaxUint8 {
		return nil, fmt.Errorf("opportunity: tmax of %s, %d lanes or %d organisations are out of range", o.TMax, o.MaxLanes, o.MinOrgs)
	}
	enc, err := a.scheme.Encrypt(o.Features)
	if err != nil {
		return nil, err
	}
	defer enc.Wipe()
	terms := &message.Terms{
		Publisher: a.publisher, Mode: o.Mode, PriceRule: o.PriceRule, Cap: o.Cap, GridBits: o.GridBits,
		Issued: now, Expiry: now.Add(o.Lifetime), TMax: uint16(min(o.TMax.Milliseconds(), 1<<16-1)),
		MaxLanes: uint16(min(o.MaxLanes, 1<<16-1)), MinOrgs: uint8(o.MinOrgs),
		Recipient: a.dir.Auctioneer().Identity.ID(), TrusteeKeys: a.dir.TrusteeKeyIDs(), BDigests: enc.BDigests,
		Attrs: o.Attrs, Imps: o.Imps,
	}
	rand.Read(terms.Auction[:])
	raw, err := a.dir.Epoch().EncodeTerms(terms)
	if err != nil {
		return nil, err
	}
	if err := terms.CheckTime(now); err != nil {
		return nil, err
	}
	r := &message.Request{Terms: terms, RawTerms: raw, C0: enc.C0, B: enc.B}
	r.Digest = message.RequestDigest(raw, scheme.HashPacked(enc.C0), scheme.HashPacked(enc.B))
	r.Signature = a.identity.Sign(keys.DomainRequest, r.Digest)
	if !a.dir.Params().Encrypted() {
		return r, nil
	}
	for i := range r.Boxes {
		if r.Boxes[i], err = a.sealSubKeys(enc, &r.Digest, i); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// sealSubKeys boxes the two sub-keys of trustee i.
func (a *Agent) sealSubKeys(enc *scheme.Encryption, digest *message.Digest, trustee int) ([]byte, error) {
	var plaintext [2 * lattice.SeedSize]byte
	defer clear(plaintext[:])
	for at, j := range scheme.SubKeysOf(trustee) {
		copy(plaintext[at*lattice.SeedSize:], enc.SubKeys[j][:])
	}
	var box message.UserBox
	if s := a.sessions.Load(); s != nil {
		context := message.UserBoxContext(digest, trustee)
		box = message.UserBox{Session: true, Sequence: s.Sequence, Box: s.With[trustee].Seal(nil, plaintext[:], &context)}
		return box.Encode(), nil
	}
	var err error
	box.Box, err = a.dir.TrusteeKey(trustee).Seal(message.UserBoxInfo(digest, trustee), plaintext[:])
	return box.Encode(), err
}
