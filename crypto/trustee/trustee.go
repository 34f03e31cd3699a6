// Package trustee is the core of a trustee: it holds one HPKE key for a period, opens its boxes, and turns a closed auction
// into its two of the three replicated shares of every log-bid. Start with [New]; [Trustee.Enrol] and [Trustee.Open] take and
// return encoded messages.
//
// What a trustee promises: it serves a request for one manifest only, also across restarts; only if a listed publisher signed
// it, only for the recipient and the mode that the request names, only while the request and the period last; and its shares
// leave it encrypted to the recipient. What it refuses costs nobody else's bid: an answer that does not check out is reported
// as such and left out.
//
// A Trustee is safe for concurrent use.
package trustee

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Errors of Open. Everything else is the request's fault.
var (
	ErrReplay     = errors.New("request was served for another manifest")
	ErrBeforeBoot = errors.New("request was issued before this trustee started")
	ErrMode       = errors.New("request is for the other ranking mode")
	ErrNotEnrol   = errors.New("recipient has not enrolled with this trustee")
	ErrNoSession  = errors.New("no such session of the publisher")
	ErrFewOrgs    = errors.New("too few organisations have bid")
)

// Trustee serves one period.
type Trustee struct {
	dir    *directory.Directory
	scheme scheme.Scheme
	index  int
	key    *keys.BoxKey
	boot   time.Time
	pins   *pins
	roll   *roll
	store  *Store

	ranking  *ranking // nil without links
	recorder Recorder // nil unless records are kept

	enrolling sync.Mutex // so that the store displaces in the order in which the roll does
}

// New returns trustee index of the directory. store holds pins and enrolments of the period; boot is now, a parameter for tests.
func New(dir *directory.Directory, sch scheme.Scheme, index int, key *keys.BoxKey, store *Store, boot time.Time) (*Trustee, error) {
	if index < 0 || index >= len(dir.Trustees()) {
		return nil, fmt.Errorf("there is no trustee %d in the directory", index)
	}
	if dir.TrusteeKey(index).ID() != key.Public().ID() {
		return nil, fmt.Errorf("trustee %q: period key is not the one in the directory for period %d", dir.Trustees()[index].ID, dir.Period().Number)
	}
	t := &Trustee{dir: dir, scheme: sch, index: index, key: key, boot: boot, roll: newRoll(), store: store}
	var err error
	if t.pins, err = loadPins(store, boot); err != nil {
		return nil, err
	}
	return t, store.enrolments(func(raw []byte) {
		// What does not decrypt any more was for another key; its sender will enrol again.
		if n, e, err := t.openEnrolment(raw); err == nil {
			_, _ = t.roll.add(party{n.Role, n.ID}, e)
		}
	})
}

// Link gives the trustee its links to the other two, without which it only opens. Call it before the first request.
func (t *Trustee) Link(links Links, c RankConfig) {
	t.ranking = &ranking{config: c, links: links, legs: newMailbox()}
	t.ranking.stock = newStock(t, c.Stock)
}

// Index is the trustee's place in the directory.
func (t *Trustee) Index() int { return t.index }

// Open serves a closed auction with open ranking and returns the shares, sealed to the recipient.
func (t *Trustee) Open(raw []byte, now time.Time) ([]byte, error) {
	o, err := t.dir.Epoch().DecodeOpenRequest(raw, t.index)
	if err != nil {
		return nil, err
	}
	session, err := t.admit(o, message.Open, message.ManifestContext(&o.ManifestBound, t.index), now)
	if err != nil {
		return nil, err
	}
	entries, err := t.shares(o, nil, now)
	if err != nil {
		return nil, err
	}
	plaintext := t.dir.Epoch().EncodeShares(&message.Shares{Manifest: o.ManifestBound, Trustee: t.index, Entries: entries})
	defer clear(plaintext)
	context := message.SharesContext(&o.ManifestBound, t.index)
	return session.Seal(nil, plaintext, &context), nil
}

// admit decides whether the trustee may serve a request at all, and returns the recipient's session.
func (t *Trustee) admit(o *message.OpenRequest, mode message.Mode, tagged message.Digest, now time.Time) (*keys.Session, error) {
	if o.Terms.Mode != mode {
		return nil, ErrMode
	}
	if err := t.dir.CheckRequest(o.Terms, now); err != nil {
		return nil, err
	}
	if o.Terms.Issued.Before(t.boot) {
		return nil, ErrBeforeBoot
	}
	session := t.roll.auctioneer(t.dir.Auctioneer().ID)
	if session == nil {
		return nil, ErrNotEnrol
	}
	if _, err := session.Open(nil, o.ManifestTag, &tagged); err != nil {
		// Somebody else sent it, or the auctioneer has another session than this trustee and must enrol again.
		return nil, fmt.Errorf("manifest's tag: %w", ErrNotEnrol)
	}
	return session, nil
}

// shares pins an admitted request to its manifest and forms this trustee's shares of every answer. The request is pinned durably
// when it returns.
func (t *Trustee) shares(o *message.OpenRequest, record *recording, now time.Time) ([]message.EntryShares, error) {
	subKeys, err := t.openUserBox(o)
	if err != nil {
		return nil, fmt.Errorf("user agent's box: %w", err)
	}
	defer clear(subKeys)
	settle, err := t.pins.pin(o.Digest, o.ManifestBound, o.Terms.Expiry, now)
	if err != nil {
		return nil, err
	}
	entries, err := t.openEntries(o, subKeys, record)
	if err := errors.Join(settle(), err); err != nil {
		return nil, err
	}
	return entries, t.checkOrganisations(o, entries)
}

func (t *Trustee) openEntries(o *message.OpenRequest, subKeys []byte, record *recording) ([]message.EntryShares, error) {
	d, err := t.unlock(o, subKeys)
	if err != nil {
		return nil, err
	}
	record.unlocked(subKeys)
	defer d.Close()
	entries := make([]message.EntryShares, len(o.Manifest.Entries))
	var hasher message.Hasher
	defer hasher.Wipe()
	for i := range entries {
		entries[i] = t.openEntry(o, i, d, &hasher, record)
	}
	return entries, nil
}

// checkOrganisations counts the organisations whose answers were opened. What is only listed does not count, or an auctioneer
// could make up the organisations that a request demands.
func (t *Trustee) checkOrganisations(o *message.OpenRequest, entries []message.EntryShares) error {
	orgs := map[string]bool{}
	for i := range entries {
		if b, ok := t.dir.Bidder(o.Manifest.Entries[i].Seat); ok && entries[i].Status == message.Opened {
			orgs[b.Organisation] = true
		}
	}
	if len(orgs) < int(o.Terms.MinOrgs) {
		return fmt.Errorf("%w: %d, the request demands %d", ErrFewOrgs, len(orgs), o.Terms.MinOrgs)
	}
	return nil
}

// openUserBox opens the user agent's box. It is what shows that the publisher made the request: a box in one of its sessions
// does by itself, and one to the period key, which anybody can make, together with the publisher's signature.
func (t *Trustee) openUserBox(o *message.OpenRequest) ([]byte, error) {
	box, err := message.DecodeUserBox(o.Box)
	if err != nil {
		return nil, err
	}
	if !box.Session {
		if err := t.dir.VerifySignature(o.Terms.Publisher, o.Digest, o.Signature); err != nil {
			return nil, err
		}
		return t.key.Open(message.UserBoxInfo(&o.Digest, t.index), box.Box)
	}
	session := t.roll.publisher(o.Terms.Publisher, box.Sequence)
	if session == nil {
		return nil, fmt.Errorf("publisher %q: %w", o.Terms.Publisher, ErrNoSession)
	}
	context := message.UserBoxContext(&o.Digest, t.index)
	return session.Open(nil, box.Box, &context)
}

// unlock takes the sub-keys from an opened box and checks b.
func (t *Trustee) unlock(o *message.OpenRequest, plaintext []byte) (scheme.Decrypter, error) {
	if len(plaintext) != 2*lattice.SeedSize {
		return nil, errors.New("user agent's box holds something else than two sub-keys")
	}
	seeds := [2]lattice.Seed{lattice.Seed(plaintext[:lattice.SeedSize]), lattice.Seed(plaintext[lattice.SeedSize:])}
	defer seeds[0].Wipe()
	defer seeds[1].Wipe()
	return t.scheme.Unlock(t.index, [2]*lattice.Seed{&seeds[0], &seeds[1]}, o.B, &o.Terms.BDigests)
}

// openEntry forms z_j = p_j + coefficient of c1 s_j for both sub-keys and every lane of one answer.
func (t *Trustee) openEntry(o *message.OpenRequest, i int, d scheme.Decrypter, hasher *message.Hasher, record *recording) message.EntryShares {
	bid := &o.Manifest.Entries[i].Bid
	bidder := t.roll.bidder(bid.Seat, bid.Hint)
	if bidder == nil {
		return message.EntryShares{Status: message.UnknownBidder}
	}
	context := hasher.BoxContext(&o.Digest, bid, t.index)
	plaintext, err := bidder.session.Open(nil, o.Boxes[i], &context)
	if err != nil || len(plaintext) != message.PartsBytes(len(bid.Lanes)) {
		return message.EntryShares{Status: message.BadBox}
	}
	defer clear(plaintext)
	out := message.EntryShares{Status: message.Opened}
	half := len(plaintext) / 2
	for at, j := range scheme.SubKeysOf(t.index) {
		salt, part := plaintext[at*half:at*half+message.SaltBytes], plaintext[at*half+message.SaltBytes:(at+1)*half]
		if hasher.Commitment(&o.Digest, bid.Seat, j, salt, part) != bid.Commitments[j] {
			return message.EntryShares{Status: message.BadCommitment}
		}
		out.Z[at] = message.Lanes(part)
	}
	for k, lane := range bid.Lanes {
		z := d.PartialDecrypt(bidder.hint, int(lane.Campaign))
		out.Z[0][k] += z[0]
		out.Z[1][k] += z[1]
	}
	record.opened(i, plaintext, message.Hint{Digest: bid.Hint, Seat: bid.Seat, Values: bidder.hint})
	return out
}
