// Package directory is the market directory: a signed file with everything that the parties of a market must agree on, from
// parameters to public keys. Every party pins the operator's key and reads the rest from here, so that nobody can be told of
// invented trustees, bidders or parameters.
//
// Start with [Load]. A [Directory] is immutable and safe for concurrent use.
package directory

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"cipherbid/crypto/ckks"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/plain"
	"cipherbid/crypto/scheme"
)

// MaxPeriod is the longest that a period may last. Trustees destroy its private keys afterwards.
const MaxPeriod = 24 * time.Hour

// Limits of a directory.
const (
	maxBidders    = message.MaxEntries
	maxPublishers = 1 << 16
	version       = 1
)

// Period is the time for which public elements, period keys, hints and sessions are valid.
type Period struct {
	Number uint32    `json:"number"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
}

// Trustee is one of the three holders of shares.
type Trustee struct {
	ID           string      `json:"id"`
	URL          string      `json:"url"`
	Link         string      `json:"link,omitempty"` // host:port for the other trustees; all have one, or ranking is open only
	Identity     keys.Public `json:"identity"`
	PeriodKey    []byte      `json:"period_key"`     // public HPKE key
	PeriodKeySig []byte      `json:"period_key_sig"` // by Identity, see PeriodKeyDigest
}

// Bidder is one seat.
type Bidder struct {
	Seat         string      `json:"seat"`
	Organisation string      `json:"organisation"` // seats of one organisation count once where organisations are counted
	URL          string      `json:"url"`
	Identity     keys.Public `json:"identity"`
}

// Party is an auctioneer or a publisher.
type Party struct {
	ID       string      `json:"id"`
	URL      string      `json:"url,omitempty"`
	Identity keys.Public `json:"identity"`
}

// File is a directory as written by the market's operator. It promises nothing until [New] has accepted it.
type File struct {
	Version    int            `json:"version"`
	Market     string         `json:"market"` // random, never reused
	Params     params.Literal `json:"params"`
	Suite      keys.Suite     `json:"suite"`
	Period     Period         `json:"period"`
	Features   string         `json:"features"` // digest of the feature map
	Trustees   []Trustee      `json:"trustees"`
	Auctioneer Party          `json:"auctioneer"`
	Bidders    []Bidder       `json:"bidders"`
	Publishers []Party        `json:"publishers"`
}

// clone copies the lists, which a holder of the file may change in place. It shares the keys, which are replaced but not changed.
func (f File) clone() File {
	f.Params.Primes = slices.Clone(f.Params.Primes)
	f.Trustees, f.Bidders, f.Publishers = slices.Clone(f.Trustees), slices.Clone(f.Bidders), slices.Clone(f.Publishers)
	return f
}

// Directory is a validated directory.
type Directory struct {
	file        File
	params      *params.Params
	epoch       message.Epoch
	trusteeKeys [scheme.Trustees]keys.BoxPublic
	bidders     map[string]*Bidder
	publishers  map[string]*Party
}

// New validates a directory file, of which it keeps a copy.
func New(f File) (*Directory, error) {
	f = f.clone()
	d := &Directory{file: f, bidders: map[string]*Bidder{}, publishers: map[string]*Party{}}
	if f.Version != version {
		return nil, fmt.Errorf("directory: version %d, this is %d", f.Version, version)
	}
	if len(f.Market) < 8 || len(f.Market) > message.MaxID {
		return nil, fmt.Errorf("directory: market name of %d bytes, want 8 to %d", len(f.Market), message.MaxID)
	}
	p, err := params.New(f.Params)
	if err != nil {
		return nil, fmt.Errorf("directory: params: %w", err)
	}
	d.params = p
	if !f.Period.Start.Before(f.Period.End) || f.Period.End.Sub(f.Period.Start) > MaxPeriod {
		return nil, fmt.Errorf("directory: period %d must last more than nothing and at most %s", f.Period.Number, MaxPeriod)
	}
	market := sha256.Sum256([]byte("cipherbid market v1 " + f.Market))
	d.epoch = message.Epoch{Params: p, Market: message.MarketID(market[:8]), Period: f.Period.Number}
	if err := d.checkTrustees(); err != nil {
		return nil, err
	}
	if err := d.checkParties(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Directory) checkTrustees() error {
	if !d.params.Encrypted() {
		if len(d.file.Trustees) != 0 {
			return errors.New("directory: a plaintext market has no trustees")
		}
		return nil
	}
	if len(d.file.Trustees) != scheme.Trustees {
		return fmt.Errorf("directory: %d trustees, want %d", len(d.file.Trustees), scheme.Trustees)
	}
	seen := map[string]bool{}
	for i, t := range d.file.Trustees {
		if err := checkParty("trustee", t.ID, t.URL, t.Identity, true); err != nil {
			return err
		}
		if err := checkLink(t.Link); err != nil || (t.Link == "") != (d.file.Trustees[0].Link == "") {
			return fmt.Errorf("directory: trustee %q: link %q is not host:port, or only some trustees have one", t.ID, t.Link)
		}
		if seen[t.ID] || seen[string(t.Identity)] || seen[string(t.PeriodKey)] {
			return fmt.Errorf("directory: trustee %q or a key of it is listed twice", t.ID)
		}
		seen[t.ID], seen[string(t.Identity)], seen[string(t.PeriodKey)] = true, true, true
		if err := t.Identity.Verify(keys.DomainPeriodKey, PeriodKeyDigest(d.file.Market, d.file.Period.Number, t.PeriodKey), t.PeriodKeySig); err != nil {
			return fmt.Errorf("directory: period key of trustee %q: %w", t.ID, err)
		}
		pub, err := keys.ParseBoxPublic(d.file.Suite, t.PeriodKey)
		if err != nil {
			return fmt.Errorf("directory: trustee %q: %w", t.ID, err)
		}
		d.trusteeKeys[i] = pub
	}
	return nil
}

func (d *Directory) checkParties() error {
	f := &d.file
	if err := checkParty("auctioneer", f.Auctioneer.ID, f.Auctioneer.URL, f.Auctioneer.Identity, true); err != nil {
		return err
	}
	if len(f.Bidders) > maxBidders || len(f.Publishers) > maxPublishers {
		return fmt.Errorf("directory: %d bidders and %d publishers, at most %d and %d are allowed", len(f.Bidders), len(f.Publishers), maxBidders, maxPublishers)
	}
	for i := range f.Bidders {
		b := &f.Bidders[i]
		if err := checkParty("bidder", b.Seat, b.URL, b.Identity, true); err != nil {
			return err
		}
		if b.Organisation == "" || d.bidders[b.Seat] != nil {
			return fmt.Errorf("directory: bidder %q has no organisation or is listed twice", b.Seat)
		}
		d.bidders[b.Seat] = b
	}
	for i := range f.Publishers {
		p := &f.Publishers[i]
		if err := checkParty("publisher", p.ID, p.URL, p.Identity, false); err != nil {
			return err
		}
		if d.publishers[p.ID] != nil {
			return fmt.Errorf("directory: publisher %q is listed twice", p.ID)
		}
		d.publishers[p.ID] = p
	}
	return nil
}

func checkParty(role, id, address string, identity keys.Public, needURL bool) error {
	if id == "" || len(id) > message.MaxID {
		return fmt.Errorf("directory: %s id of %d bytes, want 1 to %d", role, len(id), message.MaxID)
	}
	if len(identity) != ed25519.PublicKeySize {
		return fmt.Errorf("directory: %s %q: identity of %d bytes, want %d", role, id, len(identity), ed25519.PublicKeySize)
	}
	if address == "" && !needURL {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("directory: %s %q: url %q is not an http or https address", role, id, address)
	}
	return nil
}

func checkLink(link string) error {
	if link == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(link)
	if err == nil && (host == "" || port == "" || len(link) > 255) {
		err = errors.New("host or port is missing")
	}
	return err
}

// Linked reports whether the trustees have links to each other, which sealed ranking needs.
func (d *Directory) Linked() bool { return len(d.file.Trustees) > 0 && d.file.Trustees[0].Link != "" }

// PeriodKeyDigest is what a trustee's identity signs about a period key.
func PeriodKeyDigest(market string, period uint32, key []byte) message.Digest {
	return sha256.Sum256(fmt.Appendf(nil, "%q %d %x", market, period, key))
}

// File returns a copy of the file that d was made of.
func (d *Directory) File() File {
	b, err := json.Marshal(d.file)
	if err != nil {
		panic("directory: cannot encode itself: " + err.Error())
	}
	var f File
	if err := json.Unmarshal(b, &f); err != nil {
		panic("directory: cannot decode itself: " + err.Error())
	}
	return f
}

// Params returns the market's parameters.
func (d *Directory) Params() *params.Params { return d.params }

// Epoch returns what all messages of this market and period have in common.
func (d *Directory) Epoch() *message.Epoch { return &d.epoch }

// Period returns the period.
func (d *Directory) Period() Period { return d.file.Period }

// Suite returns the suite of the trustees' period keys.
func (d *Directory) Suite() keys.Suite { return d.file.Suite }

// Features returns the digest of the market's feature map.
func (d *Directory) Features() string { return d.file.Features }

// Current refuses a period that is over or has not begun.
func (d *Directory) Current(now time.Time) error {
	if now.Before(d.file.Period.Start) || !now.Before(d.file.Period.End) {
		return fmt.Errorf("%w: period %d runs from %s to %s; get the operator's next directory", message.ErrPeriod,
			d.file.Period.Number, d.file.Period.Start.UTC().Format(time.RFC3339), d.file.Period.End.UTC().Format(time.RFC3339))
	}
	return nil
}

// Scheme returns the market's arithmetic: encrypted, or the plaintext stand-in. It is costly; make it once.
func (d *Directory) Scheme() (scheme.Scheme, error) {
	if !d.params.Encrypted() {
		return plain.New(d.params)
	}
	return ckks.New(d.params, sha256.Sum256(fmt.Appendf(nil, "cipherbid period v1 %q %d", d.file.Market, d.file.Period.Number)))
}

// Trustees lists the trustees; there are none in a plaintext market. The caller must not modify them.
func (d *Directory) Trustees() []Trustee { return d.file.Trustees }

// TrusteeKey returns trustee i's public period key.
func (d *Directory) TrusteeKey(i int) keys.BoxPublic { return d.trusteeKeys[i] }

// TrusteeKeyIDs names the trustees' period keys.
func (d *Directory) TrusteeKeyIDs() (ids [scheme.Trustees]message.KeyID) {
	if d.params.Encrypted() {
		for i := range ids {
			ids[i] = d.trusteeKeys[i].ID()
		}
	}
	return ids
}

// Auctioneer returns the auctioneer, which is also the ranker of open auctions.
func (d *Directory) Auctioneer() Party { return d.file.Auctioneer }

// Bidders lists the bidders. The caller must not modify them.
func (d *Directory) Bidders() []Bidder { return d.file.Bidders }

// Bidder finds a seat.
func (d *Directory) Bidder(seat string) (*Bidder, bool) {
	b, ok := d.bidders[seat]
	return b, ok
}

// Publisher finds a publisher.
func (d *Directory) Publisher(id string) (*Party, bool) {
	p, ok := d.publishers[id]
	return p, ok
}

// CheckRequest checks what every receiver of a request must know before it acts, but for its signature: that its publisher is
// listed, that it is for this auctioneer and these trustees' keys, and that its time is now.
func (d *Directory) CheckRequest(t *message.Terms, now time.Time) error {
	if _, ok := d.publishers[t.Publisher]; !ok {
		return fmt.Errorf("publisher %q is not in the directory", t.Publisher)
	}
	if err := d.Current(now); err != nil {
		return err
	}
	if err := t.CheckTime(now); err != nil {
		return err
	}
	if t.Recipient != d.file.Auctioneer.Identity.ID() {
		return errors.New("request names another recipient")
	}
	if t.TrusteeKeys != d.TrusteeKeyIDs() {
		return fmt.Errorf("%w: request is encrypted to other period keys of the trustees", message.ErrPeriod)
	}
	return nil
}

// VerifySignature checks a publisher's signature of a request.
func (d *Directory) VerifySignature(publisher string, digest message.Digest, signature []byte) error {
	p, ok := d.publishers[publisher]
	if !ok {
		return fmt.Errorf("publisher %q is not in the directory", publisher)
	}
	if err := p.Identity.Verify(keys.DomainRequest, digest, signature); err != nil {
		return fmt.Errorf("publisher %q: %w", publisher, err)
	}
	return nil
}

// VerifyRequest does both.
func (d *Directory) VerifyRequest(t *message.Terms, digest message.Digest, signature []byte, now time.Time) error {
	if err := d.CheckRequest(t, now); err != nil {
		return err
	}
	return d.VerifySignature(t.Publisher, digest, signature)
}
