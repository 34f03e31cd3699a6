package auction

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// opening is an auction's lanes as three honest trustees would answer: replicated shares of every lane.
type opening struct {
	manifest *message.Manifest
	lanes    [][]uint32
	shares   [scheme.Trustees]*message.Shares
}

func openingOf(bids []bid) *opening {
	rng := rand.New(rand.NewPCG(3, 4))
	o := &opening{}
	o.manifest, o.lanes = entriesOf(digestOf(9), bids)
	for i := range o.shares {
		o.shares[i] = &message.Shares{Trustee: i, Entries: make([]message.EntryShares, len(o.lanes))}
	}
	for e, lanes := range o.lanes {
		var z [scheme.Trustees][]uint32
		for _, lane := range lanes {
			z0, z1 := rng.Uint32(), rng.Uint32()
			z[0], z[1], z[2] = append(z[0], z0), append(z[1], z1), append(z[2], lane-z0-z1)
		}
		for i := range o.shares {
			for at, j := range scheme.SubKeysOf(i) {
				o.shares[i].Entries[e].Z[at] = slices.Clone(z[j])
			}
		}
	}
	return o
}

// only returns the answers of some trustees.
func (o *opening) only(trustees ...int) *[scheme.Trustees]*message.Shares {
	var some [scheme.Trustees]*message.Shares
	for _, i := range trustees {
		some[i] = o.shares[i]
	}
	return &some
}

func sampleOpening() *opening {
	return openingOf([]bid{cpm("a", 2), cpm("a", 3).of(1), cpm("b", 5), cpm("c", 4).of(2), cpm("c", 1).on(1)})
}

var coalitions = [][]int{{0, 1, 2}, {0, 1}, {0, 2}, {1, 2}}

func TestAnyTwoTrusteesOpen(t *testing.T) {
	for _, some := range coalitions {
		o := sampleOpening()
		lanes, refused, err := combine(o.manifest, o.only(some...))
		if err != nil || refused != nil {
			t.Fatalf("trustees %v: refused %v, %v", some, refused, err)
		}
		for e := range lanes {
			if !slices.Equal(lanes[e], o.lanes[e]) {
				t.Errorf("trustees %v, entry %d: %v, want %v", some, e, lanes[e], o.lanes[e])
			}
		}
	}
}

func TestOneTrusteeOpensNothing(t *testing.T) {
	for _, some := range [][]int{nil, {0}, {1}, {2}} {
		if lanes, _, err := combine(sampleOpening().manifest, sampleOpening().only(some...)); !errors.Is(err, ErrTrustees) || lanes != nil {
			t.Errorf("trustees %v: %v, %v", some, lanes, err)
		}
	}
}

// eachForgery forges one share of one lane by one trustee. j is the share's index, other the trustee that holds it too.
func eachForgery(f func(name string, o *opening, forger, other, j, entry int)) {
	for forger := range scheme.Trustees {
		for at, j := range scheme.SubKeysOf(forger) {
			for e, lanes := range sampleOpening().lanes {
				for k := range lanes {
					o := sampleOpening()
					o.shares[forger].Entries[e].Z[at][k] += 1 << 20
					f(fmt.Sprintf("trustee %d, z_%d, entry %d, lane %d", forger, j, e, k), o, forger, 3-forger-j, j, e)
				}
			}
		}
	}
}

func TestForgedShareIsNoticed(t *testing.T) {
	eachForgery(func(name string, o *opening, forger, other, j, entry int) {
		for _, some := range coalitions {
			if !slices.Contains(some, forger) || !slices.Contains(some, other) {
				continue
			}
			lanes, _, err := combine(o.manifest, o.only(some...))
			if !errors.Is(err, ErrDisagree) || lanes != nil {
				t.Errorf("%s, answers of %v: %v, %v", name, some, lanes, err)
				continue
			}
			both := fmt.Sprintf("%d and %d hold different shares z_%d", min(forger, other), max(forger, other), j)
			if got := err.Error(); !strings.Contains(got, both) || !strings.Contains(got, o.manifest.Entries[entry].Seat) {
				t.Errorf("%s: %q does not say %q", name, got, both)
			}
		}
	})
}

// With two answers, each trustee holds one share alone, and nothing can be said against it. That is why all three are asked.
func TestTwoTrusteesVouchForOneShareOnly(t *testing.T) {
	eachForgery(func(name string, o *opening, forger, _, j, entry int) {
		lanes, _, err := combine(o.manifest, o.only(forger, j)) // trustee j does not hold z_j
		if err != nil || slices.Equal(lanes[entry], o.lanes[entry]) {
			t.Errorf("%s: noticed (%v): the package comment promises too little", name, err)
		}
	})
}

// Without the comparison, one lying trustee would choose the winner: a lane's share moves its bid by any factor.
func TestForgedShareWouldChangeTheWinner(t *testing.T) {
	bids := []bid{cpm("a", 2), cpm("b", 5)}
	honest := openingOf(bids)
	if w := Rank(terms(limit, 0), honest.manifest, honest.lanes)[0].Seat; w != "b" {
		t.Fatal(w)
	}
	for forger := range scheme.Trustees {
		for at, j := range scheme.SubKeysOf(forger) {
			o := openingOf(bids)
			o.shares[forger].Entries[0].Z[at][0] += laneOf(6, limit) - laneOf(2, limit)
			lanes := addUp(o, forger)
			if got := Rank(terms(limit, 0), o.manifest, lanes)[0]; got.Seat != "a" || !near(got.Price, 5, 1e-7) {
				t.Errorf("trustee %d, z_%d: the attack that comparing prevents does not work: %+v", forger, j, got)
			}
			if _, _, err := combine(o.manifest, o.only(0, 1, 2)); !errors.Is(err, ErrDisagree) {
				t.Errorf("trustee %d, z_%d: %v", forger, j, err)
			}
		}
	}
}

// addUp adds shares without comparing any, believing one trustee first.
func addUp(o *opening, believed int) [][]uint32 {
	lanes := make([][]uint32, len(o.lanes))
	for e := range lanes {
		lanes[e] = make([]uint32, len(o.lanes[e]))
		done := map[int]bool{}
		for _, i := range []int{believed, (believed + 1) % 3} {
			for at, j := range scheme.SubKeysOf(i) {
				for k := range lanes[e] {
					if !done[j] {
						lanes[e][k] += o.shares[i].Entries[e].Z[at][k]
					}
				}
				done[j] = true
			}
		}
	}
	return lanes
}

// refuse makes a trustee refuse an entry.
func (o *opening) refuse(trustee, entry int, why message.Status) {
	o.shares[trustee].Entries[entry] = message.EntryShares{Status: why}
}

func TestRefusedEntries(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answers  []int
		refusing []int
		opened   bool
	}{
		{"by one of three", []int{0, 1, 2}, []int{1}, true},
		{"by two of three", []int{0, 1, 2}, []int{0, 2}, false},
		{"by all", []int{0, 1, 2}, []int{0, 1, 2}, false},
		{"by one of two", []int{1, 2}, []int{2}, false},
		{"by the one that did not answer", []int{0, 1}, []int{2}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := sampleOpening()
			for _, i := range tc.refusing {
				o.refuse(i, 1, message.BadCommitment)
			}
			lanes, refused, err := combine(o.manifest, o.only(tc.answers...))
			if err != nil {
				t.Fatal(err)
			}
			if got := lanes[1] != nil; got != tc.opened {
				t.Errorf("opened %v, want %v", got, tc.opened)
			}
			if why, got := refused["b"]; got == tc.opened || got && !strings.Contains(why, "differs from its commitment") {
				t.Errorf("refused: %v", refused)
			}
			for _, e := range []int{0, 2} {
				if !slices.Equal(lanes[e], o.lanes[e]) {
					t.Errorf("entry %d suffers: %v, want %v", e, lanes[e], o.lanes[e])
				}
			}
		})
	}
}
