package auction

import (
	"fmt"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// combine adds replicated shares up to lanes. shares[i] is trustee i's answer, or nil if it gave none.
//
// An entry counts if at least two trustees opened it: any two hold all three shares between them. Every share that two
// trustees hold is compared. Honest holders cannot differ: they have checked their parts against the same commitments and
// their sub-keys against the same digests. So a difference means that one of the two lies or is broken, and which one cannot
// be told from shares alone: combine fails with ErrDisagree and names both, rather than let either decide who wins.
//
// Where only two trustees opened an entry, each of them holds one share alone, and a lie about it goes unnoticed.
//
// lanes[i] is nil for an entry that fewer than two trustees opened; refused says why.
func combine(m *message.Manifest, shares *[scheme.Trustees]*message.Shares) (lanes [][]uint32, refused map[string]string, err error) {
	answered := 0
	for _, s := range shares {
		if s != nil {
			answered++
		}
	}
	if answered < 2 {
		return nil, nil, fmt.Errorf("%w: %d did", ErrTrustees, answered)
	}
	lanes = make([][]uint32, len(m.Entries))
	for i := range m.Entries {
		sum, why, err := combineEntry(len(m.Entries[i].Lanes), i, shares)
		if err != nil {
			return nil, nil, fmt.Errorf("%w on the answer of %q", err, m.Entries[i].Seat)
		}
		if sum == nil {
			if refused == nil {
				refused = map[string]string{}
			}
			refused[m.Entries[i].Seat] = why
		}
		lanes[i] = sum
	}
	return lanes, refused, nil
}

func combineEntry(lanes, entry int, shares *[scheme.Trustees]*message.Shares) (sum []uint32, why string, err error) {
	var parts [scheme.Trustees][]uint32
	var holder [scheme.Trustees]int
	opened := 0
	for i, s := range shares {
		if s == nil {
			continue
		}
		e := &s.Entries[entry]
		if e.Status != message.Opened {
			why = fmt.Sprintf("trustee %d: %s", i, e.Status)
			continue
		}
		opened++
		for at, j := range scheme.SubKeysOf(i) {
			if parts[j] == nil {
				parts[j], holder[j] = e.Z[at], i
				continue
			}
			for k := range parts[j] {
				if parts[j][k] != e.Z[at][k] {
					return nil, "", fmt.Errorf("%w: %d and %d hold different shares z_%d", ErrDisagree, holder[j], i, j)
				}
			}
		}
	}
	if opened < 2 {
		return nil, why, nil
	}
	sum = make([]uint32, lanes)
	for k := range sum {
		sum[k] = parts[0][k] + parts[1][k] + parts[2][k]
	}
	return sum, "", nil
}
