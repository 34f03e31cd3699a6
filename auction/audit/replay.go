package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"cipherbid/auction"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// Report is what a replay has confirmed.
type Report struct {
	Transcript *auction.Transcript
	Outcome    []auction.Outcome // as published; nil if nothing was decided

	// The rest is of auctions that trustees have ranked, and nil of others.

	Terms    *message.Terms
	Manifest *message.Manifest
	Trustees []int        // whose records were given
	Roles    sealed.Roles // in the attempt that decided
	Lanes    [][]uint32   // of every answer, as far as circuits see them; nil for one that did not count
	LeftOut  []string     // why an answer did not count, "" for one that did
}

// Verify verifies a transcript with the directory of its period. With that of another period the error wraps [message.ErrPeriod].
func Verify(dir *directory.Directory, signed *auction.SignedTranscript) (*auction.Transcript, error) {
	t, err := signed.Verify(dir.Auctioneer().Identity)
	switch {
	case errors.Is(err, keys.ErrSignature):
		return nil, &Finding{err, "whoever handed the transcript over: it was altered, or is of another auctioneer"}
	case errors.Is(err, auction.ErrOpening):
		return nil, &Finding{err, "whoever handed the transcript over"}
	case err != nil:
		return nil, &Finding{err, "the auctioneer"}
	case t.Period != dir.Period().Number:
		return nil, fmt.Errorf("%w: %w: the transcript is of period %d, the directory of %d", ErrMissing, message.ErrPeriod, t.Period, dir.Period().Number)
	case signed.Opening == nil && t.Outcome != auction.Hash{}:
		return nil, fmt.Errorf("%w: the transcript lacks its opening, without which it tells no outcome", ErrMissing)
	}
	return t, nil
}

// Replay confirms the outcome of an auction. sch is the scheme of dir, the directory of the auction's period. Evidence is needed if the
// trustees have ranked, see [auction.Transcript.Deciding]; else it may be nil.
//
// The error is a [*Finding] if a check has failed. It wraps [ErrMissing] if the evidence does not suffice.
func Replay(dir *directory.Directory, sch scheme.Scheme, signed *auction.SignedTranscript, e *Evidence) (*Report, error) {
	t, err := Verify(dir, signed)
	if err != nil {
		return nil, err
	}
	p := &replay{Report: &Report{Transcript: t}, dir: dir, scheme: sch, evidence: e, decided: t.Deciding()}
	if signed.Opening != nil {
		p.Outcome = signed.Opening.Imps
	}
	if p.decided == nil {
		if slices.ContainsFunc(p.Outcome, func(o auction.Outcome) bool { return o.Sold }) {
			return nil, finding("the auctioneer", "something is sold although no trustee has ranked")
		}
		return p.Report, nil
	}
	for _, step := range []func() error{p.checkRecords, p.rebuild, p.compare} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p.Report, nil
}

// replay is a replay under way.
type replay struct {
	*Report
	dir      *directory.Directory
	scheme   scheme.Scheme
	evidence *Evidence
	decided  *auction.Attempt
}

// id names a trustee.
func (p *replay) id(trustee int) string { return p.dir.Trustees()[trustee].ID }

// record names a record as a suspect.
func (p *replay) record(r *message.Record) string {
	return fmt.Sprintf("the record of %q", p.id(r.Trustee))
}

// either names a record and the auctioneer as suspects: one says this, the other that.
func (p *replay) either(r *message.Record) string { return p.record(r) + " or the auctioneer" }

// checkRecords checks that the records are of this auction, and of different trustees.
func (p *replay) checkRecords() error {
	if p.evidence == nil || len(p.evidence.Records) < 2 {
		return fmt.Errorf("%w: that takes the records of two trustees", ErrMissing)
	}
	deciding := false
	for _, r := range p.evidence.Records {
		if slices.Contains(p.Trustees, r.Trustee) {
			return fmt.Errorf("%w: that takes the records of two trustees, and two of these are of %q", ErrMissing, p.id(r.Trustee))
		}
		p.Trustees = append(p.Trustees, r.Trustee)
		a, x, err := p.exchangeOf(r)
		if err == nil {
			err = p.checkRequest(r.Request, a)
		}
		if err == nil {
			err = p.checkAnswer(r, x)
		}
		if err != nil {
			return err
		}
		deciding = deciding || a == p.decided
	}
	if !deciding {
		return fmt.Errorf("%w: no record is of attempt %d, which decided", ErrMissing, p.decided.Number)
	}
	first := p.evidence.Records[0].Request
	p.Terms, p.Manifest = first.Terms, first.Manifest
	return nil
}

// exchangeOf finds what the transcript says of a record. What is secret in a record is checked later.
func (p *replay) exchangeOf(r *message.Record) (*auction.Attempt, *auction.TrusteeHashes, error) {
	t := p.Transcript
	switch {
	case auction.Hash(r.Request.Digest) != t.Request:
		return nil, nil, finding(p.record(r), "the record is of another request, or the request in it was altered")
	case auction.Hash(r.Request.ManifestBound) != t.Manifest:
		return nil, nil, finding(p.either(r), "the manifest in the record is not the one that the transcript names")
	}
	hash := auction.Hash(sha256.Sum256(r.Raw))
	for i := range t.Attempts {
		for k := range t.Attempts[i].Exchanges {
			if x := &t.Attempts[i].Exchanges[k]; int(x.Trustee) == r.Trustee && x.Request == hash {
				return &t.Attempts[i], x, nil
			}
		}
	}
	return nil, nil, finding(p.either(r), "what the record says the trustee was sent is not what the transcript says it was sent")
}

// checkRequest checks what the auctioneer had to know before it ran the auction, and what it says of the attempt. It has committed to
// every byte of the request by now.
func (p *replay) checkRequest(r *message.RankRequest, a *auction.Attempt) error {
	absent := uint8(message.Nobody)
	if a.Absent != nil {
		absent = *a.Absent
	}
	switch {
	case fmt.Sprintf("%x", r.Terms.Auction) != p.Transcript.Auction:
		return finding("the auctioneer", "the request is of auction %x, the transcript says %s", r.Terms.Auction, p.Transcript.Auction)
	case r.Terms.Mode != message.Sealed:
		return finding("the auctioneer", "the request is for %s ranking", r.Terms.Mode)
	case r.Attempt != a.Number || r.Absent != absent:
		return finding("the auctioneer", "trustees were told of another attempt than the transcript says")
	}
	if err := p.dir.VerifyRequest(r.Terms, r.Digest, r.Signature, p.Transcript.Arrival); err != nil {
		return finding("the auctioneer", "the auction should not have been held: %w", err)
	}
	return nil
}

// checkAnswer compares what a trustee has answered with what the auctioneer says it has, if it got an answer at all.
func (p *replay) checkAnswer(r *message.Record, x *auction.TrusteeHashes) error {
	if x.Answer == (auction.Hash{}) {
		return nil
	}
	same := len(x.Statuses) == len(r.Entries)
	for i := range r.Entries {
		same = same && x.Statuses[i] == r.Entries[i].Status
	}
	switch {
	case auction.Hash(r.Answer) != x.Answer:
		return finding(p.either(r), "the trustee's answer is not the one that the transcript names")
	case !same:
		return finding(p.either(r), "the record and the transcript differ on which answers %q could open", p.id(r.Trustee))
	}
	return nil
}
