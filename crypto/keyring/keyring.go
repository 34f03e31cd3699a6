// Package keyring makes and keeps the keys of a whole market, for `cipherbid keys`, the demo and tests: [Make] draws them,
// [Keyring.Save] and [Load] store them in a folder, [Keyring.Roll] begins the next period and destroys the last one's private
// keys.
//
// Having all keys in one place is for development. In production every party draws its own identity and hands the operator
// the public half; a trustee also signs its period key. The files are the same: one for each party, readable by its owner.
package keyring

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Spec describes a market to make.
type Spec struct {
	Params     params.Literal
	Suite      keys.Suite
	Period     time.Duration // length of a period, at most directory.MaxPeriod
	Features   string        // digest of the feature map
	Trustees   []Site        // three, or none in a plaintext market
	Auctioneer Site
	Bidders    []Seat
	Publishers []string
}

// Site is a party and its address.
type Site struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	Link string `json:"link,omitempty"` // a trustee's, for the other trustees: host:port
}

// Seat is a bidder and its address.
type Seat struct {
	ID           string `json:"id"`
	Organisation string `json:"organisation"`
	URL          string `json:"url"`
}

// Keyring holds all private keys of a market and its directory.
type Keyring struct {
	Operator   keys.Identity
	Auctioneer keys.Identity
	Bidders    map[string]keys.Identity
	Publishers map[string]keys.Identity
	Trustees   [scheme.Trustees]TrusteeKeys // zero in a plaintext market

	file directory.File
}

// TrusteeKeys are a trustee's private keys.
type TrusteeKeys struct {
	Identity keys.Identity
	Period   *keys.BoxKey
}

// names are what ids may look like, since files are named after them.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Make draws all keys of a market whose first period begins now.
func Make(s Spec, now time.Time) (*Keyring, error) {
	var market [16]byte
	rand.Read(market[:])
	k := &Keyring{Operator: keys.NewIdentity(), Auctioneer: keys.NewIdentity(), Bidders: map[string]keys.Identity{}, Publishers: map[string]keys.Identity{}}
	k.file = directory.File{
		Version: 1, Market: hex.EncodeToString(market[:]), Params: s.Params, Suite: s.Suite, Features: s.Features,
		Auctioneer: directory.Party{ID: s.Auctioneer.ID, URL: s.Auctioneer.URL, Identity: k.Auctioneer.Public()},
	}
	for _, b := range s.Bidders {
		k.Bidders[b.ID] = keys.NewIdentity()
		k.file.Bidders = append(k.file.Bidders, directory.Bidder{Seat: b.ID, Organisation: b.Organisation, URL: b.URL, Identity: k.Bidders[b.ID].Public()})
	}
	for _, p := range s.Publishers {
		k.Publishers[p] = keys.NewIdentity()
		k.file.Publishers = append(k.file.Publishers, directory.Party{ID: p, Identity: k.Publishers[p].Public()})
	}
	if len(s.Trustees) > scheme.Trustees {
		return nil, fmt.Errorf("%d trustees, want %d", len(s.Trustees), scheme.Trustees)
	}
	for i, t := range s.Trustees {
		k.Trustees[i].Identity = keys.NewIdentity()
		k.file.Trustees = append(k.file.Trustees, directory.Trustee{ID: t.ID, URL: t.URL, Link: t.Link, Identity: k.Trustees[i].Identity.Public()})
	}
	for _, id := range k.ids() {
		if !names.MatchString(id) || strings.Contains(id, periodInfix) {
			return nil, fmt.Errorf("id %q: want letters, digits, '.', '_' and '-', at most 64, and not %q", id, periodInfix)
		}
	}
	return k, k.begin(1, now, s.Period)
}

func (k *Keyring) ids() []string {
	ids := []string{k.file.Auctioneer.ID}
	for _, b := range k.file.Bidders {
		ids = append(ids, b.Seat)
	}
	for _, p := range k.file.Publishers {
		ids = append(ids, p.ID)
	}
	for _, t := range k.file.Trustees {
		ids = append(ids, t.ID)
	}
	return ids
}

// Roll begins the next period at start: fresh period keys, the next number, everything else as it was. The old period's
// private keys are gone from the keyring; Save removes them from the folder.
func (k *Keyring) Roll(start time.Time, length time.Duration) error {
	return k.begin(k.file.Period.Number+1, start, length)
}

func (k *Keyring) begin(number uint32, start time.Time, length time.Duration) error {
	k.file.Period = directory.Period{Number: number, Start: start.UTC().Truncate(time.Second), End: start.UTC().Truncate(time.Second).Add(length)}
	for i := range k.file.Trustees {
		key, err := keys.NewBoxKey(k.file.Suite)
		if err != nil {
			return err
		}
		k.Trustees[i].Period = key
		t := &k.file.Trustees[i]
		t.PeriodKey = key.Public().Bytes()
		t.PeriodKeySig = k.Trustees[i].Identity.Sign(keys.DomainPeriodKey, directory.PeriodKeyDigest(k.file.Market, number, t.PeriodKey))
	}
	_, err := k.Directory()
	return err
}

// Directory validates and returns the market's directory.
func (k *Keyring) Directory() (*directory.Directory, error) { return directory.New(k.file) }

// Signed returns the directory file with the operator's signature.
func (k *Keyring) Signed() ([]byte, error) { return directory.Sign(k.file, k.Operator) }
