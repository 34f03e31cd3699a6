package auction

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Hash is a SHA-256 or other 256-bit digest, hexadecimal in text.
type Hash message.Digest

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("digest of %d characters, want %d", len(text), 2*len(h))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Transcript commits an auctioneer to a sealed auction: to every message of it and to its outcome. It tells none of them, nor who took
// part, and may be published. See cipherbid/auction/audit for what it is good for.
type Transcript struct {
	Version  int       `json:"version"`
	Period   uint32    `json:"period"`
	Auction  string    `json:"auction"`  // as in Result
	Request  Hash      `json:"request"`  // the request's digest
	Manifest Hash      `json:"manifest"` // its digest: of all answers that took part
	Arrival  time.Time `json:"arrival"`  // of the request
	Attempts []Attempt `json:"attempts"` // at ranking; none if there was no need to ask the trustees
	// Outcome is the commitment to the outcome, see Opening. It is missing if nothing was decided.
	Outcome Hash `json:"outcome,omitzero"`
}

// Attempt is one attempt at ranking. At most the last of an auction did not fail.
type Attempt struct {
	Number    uint8           `json:"number"`           // as the trustees know it, from 0
	Absent    *uint8          `json:"absent,omitempty"` // the trustee that was left out
	Failed    string          `json:"failed,omitempty"` // class of what went wrong
	Exchanges []TrusteeHashes `json:"trustees"`         // those that were asked, in ascending order
}

// TrusteeHashes are commitments to what was sent to a trustee and what came back.
type TrusteeHashes struct {
	Trustee  uint8            `json:"trustee"`            // its place in the directory
	Request  Hash             `json:"request"`            // SHA-256 of the encoded message.RankRequest
	Answer   Hash             `json:"answer,omitzero"`    // SHA-256 of the answer as it was sealed; missing if none came
	Statuses []message.Status `json:"statuses,omitempty"` // of every answer in the manifest, as the trustee has found it; base64
}

// Opening opens a transcript's commitment to the outcome. The bidders that lost are not to know the price, and so the opening is for the
// auditor, the publisher and the winners only.
type Opening struct {
	Salt []byte    `json:"salt"` // 32 random bytes
	Imps []Outcome `json:"imps"`
}

// SignedTranscript is a transcript as it is kept: one line of JSON. What is published is the line without its opening.
type SignedTranscript struct {
	Transcript json.RawMessage `json:"transcript"` // compact JSON of a Transcript
	Signature  []byte          `json:"signature"`  // the auctioneer's, over the SHA-256 digest of these bytes
	Opening    *Opening        `json:"opening,omitempty"`
}

const (
	transcriptVersion = 1
	saltBytes         = 32
)

// MaxTranscriptBytes bounds a line of JSON with a SignedTranscript.
const MaxTranscriptBytes = 1 << 20

// Commitment is the salted digest of an outcome.
func (o *Opening) Commitment() Hash {
	imps, err := json.Marshal(o.Imps)
	if err != nil {
		panic("auction: an outcome cannot be encoded: " + err.Error()) // prices are finite
	}
	h := sha256.New()
	fmt.Fprintf(h, "cipherbid outcome v1 %x %s", o.Salt, imps)
	return Hash(h.Sum(nil))
}

// Sign commits a transcript to an outcome, nil if there is none, and signs it.
func (t *Transcript) Sign(outcome []Outcome, auctioneer keys.Identity) (*SignedTranscript, error) {
	t.Version = transcriptVersion
	s := &SignedTranscript{}
	if outcome != nil {
		s.Opening = &Opening{Salt: make([]byte, saltBytes), Imps: outcome}
		rand.Read(s.Opening.Salt)
		t.Outcome = s.Opening.Commitment()
	}
	var err error
	if s.Transcript, err = json.Marshal(t); err != nil {
		return nil, fmt.Errorf("sign transcript: %w", err)
	}
	s.Signature = auctioneer.Sign(keys.DomainTranscript, sha256.Sum256(s.Transcript))
	return s, nil
}

// Verify checks the auctioneer's signature and that the transcript is well-formed, and returns it. An opening has to be that of the
// transcript.
func (s *SignedTranscript) Verify(auctioneer keys.Public) (*Transcript, error) {
	if err := auctioneer.Verify(keys.DomainTranscript, sha256.Sum256(s.Transcript), s.Signature); err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(s.Transcript))
	d.DisallowUnknownFields()
	t := &Transcript{}
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("transcript: there is data after the end")
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	if s.Opening != nil && (len(s.Opening.Salt) != saltBytes || s.Opening.Commitment() != t.Outcome) {
		return nil, ErrOpening
	}
	return t, nil
}

// ErrOpening means that an outcome is not the one that the auctioneer has committed to.
var ErrOpening = errors.New("transcript: the outcome is not the one that was signed")

// check refuses what contradicts itself.
func (t *Transcript) check() error {
	if t.Version != transcriptVersion {
		return fmt.Errorf("version %d, this is %d", t.Version, transcriptVersion)
	}
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch {
		case a.Number >= message.MaxAttempts || i > 0 && a.Number <= t.Attempts[i-1].Number:
			return fmt.Errorf("attempt %d is out of order", a.Number)
		case a.Absent != nil && *a.Absent >= scheme.Trustees:
			return fmt.Errorf("attempt %d: there is no trustee %d", a.Number, *a.Absent)
		case a.Failed == "" && i != len(t.Attempts)-1:
			return fmt.Errorf("attempt %d succeeded, and was not the last", a.Number)
		}
		if err := a.checkExchanges(); err != nil {
			return fmt.Errorf("attempt %d: %w", a.Number, err)
		}
	}
	if len(t.Attempts) > 0 && (t.Deciding() == nil) != (t.Outcome == Hash{}) {
		return errors.New("it has an outcome although every attempt failed, or none although one did not")
	}
	return nil
}

// checkExchanges wants an answer of everybody who takes part in an attempt that succeeded.
func (a *Attempt) checkExchanges() error {
	last := -1
	for i := range a.Exchanges {
		x := &a.Exchanges[i]
		switch {
		case x.Trustee >= scheme.Trustees || int(x.Trustee) <= last || a.Absent != nil && x.Trustee == *a.Absent:
			return fmt.Errorf("trustee %d is listed twice, in the wrong place, or absent", x.Trustee)
		case len(x.Statuses) > message.MaxEntries:
			return fmt.Errorf("trustee %d: %d statuses", x.Trustee, len(x.Statuses))
		case a.Failed == "" && x.Answer == Hash{}:
			return fmt.Errorf("trustee %d has not answered", x.Trustee)
		}
		last = int(x.Trustee)
	}
	taking := scheme.Trustees
	if a.Absent != nil {
		taking--
	}
	if a.Failed == "" && len(a.Exchanges) != taking {
		return fmt.Errorf("%d trustees were asked", len(a.Exchanges))
	}
	return nil
}

// Deciding is the attempt that decided the auction, nil if none did.
func (t *Transcript) Deciding() *Attempt {
	if n := len(t.Attempts); n > 0 && t.Attempts[n-1].Failed == "" {
		return &t.Attempts[n-1]
	}
	return nil
}
