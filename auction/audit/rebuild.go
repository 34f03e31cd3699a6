package audit

import (
	"fmt"
	"math"

	"cipherbid/auction"
	"cipherbid/crypto/lattice"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// shares are the cut shares x_j of every lane: shares[j][entry][lane], nil for an entry of which no record holds it.
type shares [scheme.Trustees][][]uint32

// rebuild opens the records and adds up the lanes of every answer that counted.
func (p *replay) rebuild() error {
	var x shares
	for j := range x {
		x[j] = make([][]uint32, len(p.Manifest.Entries))
	}
	for _, r := range p.evidence.Records {
		if err := p.open(r, &x); err != nil {
			return err
		}
	}
	absent := uint8(message.Nobody)
	if p.decided.Absent != nil {
		absent = *p.decided.Absent
	}
	p.Roles = sealed.RolesOf(&p.evidence.Records[0].Request.Digest, p.decided.Number, absent)
	p.Lanes, p.LeftOut = make([][]uint32, len(p.Manifest.Entries)), make([]string, len(p.Manifest.Entries))
	for i := range p.Manifest.Entries {
		var err error
		if p.LeftOut[i], err = p.leftOut(i); err != nil {
			return err
		}
		if p.LeftOut[i] == "" {
			if p.Lanes[i], err = x.add(i, &p.Manifest.Entries[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// open checks the secrets of a record against what binds them, and computes the shares that they give.
func (p *replay) open(r *message.Record, x *shares) error {
	d, err := p.scheme.Unlock(r.Trustee, [2]*lattice.Seed{&r.SubKeys[0], &r.SubKeys[1]}, r.Request.B, &p.Terms.BDigests)
	if err != nil {
		return finding(p.record(r), "the sub-keys are not those of the request: %w", err)
	}
	defer d.Close()
	var hasher message.Hasher
	defer hasher.Wipe()
	for i := range r.Entries {
		if r.Entries[i].Status != message.Opened {
			continue
		}
		bid := &p.Manifest.Entries[i].Bid
		hint := p.evidence.Hints[bid.Hint]
		if hint == nil {
			return fmt.Errorf("%w: the hint of %q, %x, lies beside no record", ErrMissing, bid.Seat, bid.Hint)
		}
		if _, listed := p.dir.Bidder(bid.Seat); !listed || hint.Seat != bid.Seat {
			return finding(p.record(r), "the record says that an answer of %q was opened, which has not enrolled with that hint", bid.Seat)
		}
		half := len(r.Entries[i].Parts) / 2
		for at, j := range scheme.SubKeysOf(r.Trustee) {
			both := r.Entries[i].Parts[at*half : (at+1)*half]
			salt, part := both[:message.SaltBytes], both[message.SaltBytes:]
			if hasher.Commitment(&r.Request.Digest, bid.Seat, j, salt, part) != bid.Commitments[j] {
				return finding(p.record(r), "part %d of the answer of %q is not what the bidder has committed to", j, bid.Seat)
			}
			z := message.Lanes(part)
			for k := range z {
				z[k] = sealed.Cut(j, z[k]+d.PartialDecrypt(hint.Values, int(bid.Lanes[k].Campaign))[at])
			}
			// Where two records hold a share it is the same: both were checked against one commitment and one digest of b_j.
			x[j][i] = z
		}
	}
	return nil
}

// leftOut says why an answer did not count, "" if it did. It counts if garbler and checker could open it; with one trustee absent, if
// the other two could.
func (p *replay) leftOut(entry int) (string, error) {
	for _, x := range p.decided.Exchanges {
		if p.decided.Absent == nil && int(x.Trustee) == p.Roles[message.Evaluator] {
			continue
		}
		if len(x.Statuses) != len(p.Manifest.Entries) {
			return "", finding("the auctioneer", "the transcript has %d statuses of %d answers", len(x.Statuses), len(p.Manifest.Entries))
		}
		if s := x.Statuses[entry]; s != message.Opened {
			return fmt.Sprintf("%s: %s", p.id(int(x.Trustee)), s), nil
		}
	}
	return "", nil
}

// add adds up an entry's lanes.
func (x *shares) add(i int, entry *message.Entry) ([]uint32, error) {
	lanes := make([]uint32, len(entry.Lanes))
	for j := range x {
		if x[j][i] == nil {
			return nil, fmt.Errorf("%w: the answer of %q counted, but of these trustees one could not open it; add the third one's record",
				ErrMissing, entry.Seat)
		}
		for k, v := range x[j][i] {
			lanes[k] += v << sealed.DroppedBits
		}
	}
	return lanes, nil
}

// priceTolerance is how far two machines' exponentials may differ, relatively. The finest grid has steps of 2^-12.
const priceTolerance = 1e-9

// compare compares the outcome with that of the lanes.
func (p *replay) compare() error {
	want := auction.Rank(p.Terms, p.Manifest, p.Lanes)
	if len(want) != len(p.Outcome) {
		return finding("the auctioneer", "%d imps were published, the request has %d", len(p.Outcome), len(want))
	}
	suspects := "the auctioneer, or at two trustees in league"
	if p.decided.Absent != nil {
		suspects = fmt.Sprintf("the auctioneer, or at %q, which garbled unchecked", p.id(p.Roles[message.Garbler]))
	}
	for i, got := range p.Outcome {
		near := math.Abs(got.Price-want[i].Price) <= priceTolerance*want[i].Price
		if same := want[i]; near {
			same.Price = got.Price
			if same == got {
				continue
			}
		}
		return finding(suspects, "imp %q was published as %s, but the bids make it %s", want[i].Imp, sale(got), sale(want[i]))
	}
	return nil
}

// sale says an outcome in words.
func sale(o auction.Outcome) string {
	if !o.Sold {
		return "not sold"
	}
	return fmt.Sprintf("sold to %q, campaign %d, at %.6g CPM", o.Seat, o.Campaign, o.Price)
}
