package message

import (
	"errors"
	"fmt"
	"math"
	"time"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// Mode says how far the trustees open an auction. It is part of the request's digest, so nobody can change it afterwards.
type Mode uint8

const (
	// Open shows every bid to the ranker. A baseline: a ranker in league with one bidder learns the features.
	Open Mode = 1
	// Sealed shows the winner and the clearing price only.
	Sealed Mode = 2
)

func (m Mode) String() string {
	switch m {
	case Open:
		return "open"
	case Sealed:
		return "sealed"
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// ParseMode reads the name of a mode: sealed or open.
func ParseMode(name string) (Mode, error) {
	for _, m := range []Mode{Open, Sealed} {
		if m.String() == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("ranking %q: want sealed or open", name)
}

// PriceRule says what the winner pays. The numbers are OpenRTB's "at".
type PriceRule uint8

// Price rules.
const (
	FirstPrice  PriceRule = 1
	SecondPrice PriceRule = 2
)

// KeyID is the start of a public key's SHA-256 digest.
type KeyID [8]byte

// Attr is one public fact about a request or an imp, such as the hour or the slot's width.
type Attr struct{ Key, Value string }

// Imp is one impression on sale.
type Imp struct {
	ID    string
	Floor float64 // bid floor, CPM
	Attrs []Attr
}

// Terms are the public part of a request: everything that is agreed about an auction before it starts.
type Terms struct {
	Auction     [16]byte // random
	Publisher   string   // who signs the request
	Mode        Mode
	PriceRule   PriceRule
	Cap         float64 // highest bid that counts, CPM: bids from here on are void
	GridBits    uint8   // clearing prices of sealed auctions lie on a grid of 2^-GridBits in log price
	Issued      time.Time
	Expiry      time.Time // nobody answers or opens afterwards
	TMax        uint16    // milliseconds that the auctioneer has, from OpenRTB
	MaxLanes    uint16    // limit on all bidders' lanes together: more lanes leak more through winner and price
	MinOrgs     uint8     // least number of organisations that must have bid
	Recipient   KeyID     // identity key of the ranker to whom trustees answer
	TrusteeKeys [scheme.Trustees]KeyID
	BDigests    [scheme.Trustees]Digest
	Attrs       []Attr // public context
	Imps        []Imp
}

// MaxLifetime bounds Expiry - Issued, and so how long trustees remember a request.
const MaxLifetime = time.Minute

// MaxClockSkew is how far in the future a request may claim to have been issued.
const MaxClockSkew = 5 * time.Second

// LogCap is the natural logarithm of the cap. Lanes hold log-bids less LogCap-16, so that the cap is the end of their range.
func (t *Terms) LogCap() float64 { return math.Log(t.Cap) }

// Attr returns the first attribute with the key in the imp, else in the request, else "".
func (t *Terms) Attr(imp int, key string) string {
	for _, attrs := range [2][]Attr{t.Imps[imp].Attrs, t.Attrs} {
		for i := range attrs {
			if attrs[i].Key == key {
				return attrs[i].Value
			}
		}
	}
	return ""
}

// CheckTime refuses terms that are expired, not issued yet, or live too long.
func (t *Terms) CheckTime(now time.Time) error {
	switch {
	case !now.Before(t.Expiry):
		return fmt.Errorf("%w at %s", ErrExpired, t.Expiry.UTC().Format(time.RFC3339))
	case t.Issued.After(now.Add(MaxClockSkew)):
		return fmt.Errorf("request was issued at %s, in the future", t.Issued.UTC().Format(time.RFC3339))
	case t.Expiry.Sub(t.Issued) > MaxLifetime:
		return fmt.Errorf("request lives for %s, at most %s is allowed", t.Expiry.Sub(t.Issued), MaxLifetime)
	}
	return nil
}

// ErrExpired is wrapped when a request is used after its expiry.
var ErrExpired = errors.New("request expired")

// Check refuses terms that make no sense, whoever signed them.
func (t *Terms) Check() error {
	fail := func(field, format string, args ...any) error {
		return fmt.Errorf("terms: %s: %s", field, fmt.Sprintf(format, args...))
	}
	switch {
	case t.Mode != Open && t.Mode != Sealed:
		return fail("mode", "%d is neither open nor sealed", t.Mode)
	case t.PriceRule != FirstPrice && t.PriceRule != SecondPrice:
		return fail("price rule", "%d is neither first nor second price", t.PriceRule)
	case !(t.Cap >= 1e-3 && t.Cap <= 1e9):
		return fail("cap", "%g is not in [0.001, 1e9]", t.Cap)
	case t.GridBits > 12:
		return fail("grid", "2^-%d is finer than 2^-12", t.GridBits)
	case t.Publisher == "" || len(t.Publisher) > MaxID:
		return fail("publisher", "id of %d bytes, want 1 to %d", len(t.Publisher), MaxID)
	case t.Issued.UnixMilli() < 0 || t.Expiry.UnixMilli() <= t.Issued.UnixMilli() || t.Expiry.UnixMilli() > maxMilli:
		return fail("times", "want an issue since 1970 and a later expiry before 2262")
	case t.TMax == 0:
		return fail("tmax", "is zero")
	case t.MaxLanes == 0:
		return fail("lanes", "none are allowed")
	case len(t.Imps) == 0 || len(t.Imps) > MaxImps:
		return fail("imps", "%d, want 1 to %d", len(t.Imps), MaxImps)
	}
	seen := make(map[string]bool, len(t.Imps))
	for i, imp := range t.Imps {
		if imp.ID == "" || len(imp.ID) > MaxID || seen[imp.ID] {
			return fail("imps", "id of imp %d is empty, too long or not unique", i)
		}
		seen[imp.ID] = true
		if !(imp.Floor >= 0 && imp.Floor <= t.Cap) {
			return fail("imps", "floor %g of imp %d is not in [0, cap]", imp.Floor, i)
		}
		if err := checkAttrs(imp.Attrs); err != nil {
			return fail("imps", "imp %d: %v", i, err)
		}
	}
	if err := checkAttrs(t.Attrs); err != nil {
		return fail("context", "%v", err)
	}
	return nil
}

func checkAttrs(attrs []Attr) error {
	if len(attrs) > MaxAttrs {
		return fmt.Errorf("%d attributes, at most %d are allowed", len(attrs), MaxAttrs)
	}
	for i, a := range attrs {
		if a.Key == "" || len(a.Key) > MaxAttrKey || len(a.Value) > MaxAttrValue {
			return fmt.Errorf("attribute %d has an empty or too long key or value", i)
		}
	}
	return nil
}

// EncodeTerms checks terms and returns their bytes, which are what gets hashed and signed.
func (e *Epoch) EncodeTerms(t *Terms) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	var w wire.Writer
	e.start(&w, kindTerms)
	w.Raw(t.Auction[:])
	w.String(t.Publisher)
	w.U8(uint8(t.Mode))
	w.U8(uint8(t.PriceRule))
	w.F64(t.Cap)
	w.U8(t.GridBits)
	w.U64(uint64(t.Issued.UnixMilli()))
	w.U64(uint64(t.Expiry.UnixMilli()))
	w.U16(t.TMax)
	w.U16(t.MaxLanes)
	w.U8(t.MinOrgs)
	w.Raw(t.Recipient[:])
	for i := range t.TrusteeKeys {
		w.Raw(t.TrusteeKeys[i][:])
	}
	for i := range t.BDigests {
		w.Raw(t.BDigests[i][:])
	}
	writeAttrs(&w, t.Attrs)
	w.U16(uint16(len(t.Imps)))
	for _, imp := range t.Imps {
		w.String(imp.ID)
		w.F64(imp.Floor)
		writeAttrs(&w, imp.Attrs)
	}
	if len(w.Buf) > MaxTermsBytes {
		return nil, fmt.Errorf("terms: %d bytes, at most %d are allowed", len(w.Buf), MaxTermsBytes)
	}
	return w.Buf, nil
}

func writeAttrs(w *wire.Writer, attrs []Attr) {
	w.U16(uint16(len(attrs)))
	for _, a := range attrs {
		w.String(a.Key)
		w.String(a.Value)
	}
}

// DecodeTerms decodes and checks terms.
func (e *Epoch) DecodeTerms(b []byte) (*Terms, error) {
	if len(b) > MaxTermsBytes {
		return nil, fmt.Errorf("%w: terms: %d bytes, at most %d are allowed", wire.ErrMalformed, len(b), MaxTermsBytes)
	}
	r, err := e.open(b, kindTerms)
	if err != nil {
		return nil, err
	}
	t := &Terms{}
	r.Copy("auction", t.Auction[:])
	t.Publisher = r.String("publisher", MaxID)
	t.Mode = Mode(r.U8("mode"))
	t.PriceRule = PriceRule(r.U8("price rule"))
	t.Cap = r.F64("cap")
	t.GridBits = r.U8("grid")
	t.Issued = readTime(r, "issued")
	t.Expiry = readTime(r, "expiry")
	t.TMax = r.U16("tmax")
	t.MaxLanes = r.U16("lanes")
	t.MinOrgs = r.U8("organisations")
	r.Copy("recipient", t.Recipient[:])
	for i := range t.TrusteeKeys {
		r.Copy("trustee keys", t.TrusteeKeys[i][:])
	}
	for i := range t.BDigests {
		r.Copy("digests of b", t.BDigests[i][:])
	}
	t.Attrs = readAttrs(r)
	if n := r.Count("imps", MaxImps, 2+8+2); n > 0 {
		t.Imps = make([]Imp, n)
	}
	for i := range t.Imps {
		t.Imps[i] = Imp{ID: r.String("imp id", MaxID), Floor: r.F64("floor"), Attrs: readAttrs(r)}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if err := t.Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", wire.ErrMalformed, err)
	}
	return t, nil
}

// maxMilli is the last time, in milliseconds since 1970, of which nanoseconds fit 64 bits.
const maxMilli = math.MaxInt64 / 1_000_000

func readTime(r *wire.Reader, field string) time.Time {
	ms := r.U64(field)
	if ms > maxMilli {
		r.Fail(field, "is not a time")
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

func readAttrs(r *wire.Reader) []Attr {
	n := r.Count("attributes", MaxAttrs, 2+2)
	if n == 0 {
		return nil
	}
	attrs := make([]Attr, n)
	for i := range attrs {
		attrs[i] = Attr{r.String("attribute", MaxAttrKey), r.String("attribute", MaxAttrValue)}
	}
	return attrs
}
