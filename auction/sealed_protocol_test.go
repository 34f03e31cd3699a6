package auction

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// closedAuction is a random sealed auction as three trustees hold it.
type closedAuction struct {
	terms    *message.Terms
	manifest *message.Manifest
	digest   message.Digest // the manifest's
	holdings [scheme.Trustees]*sealed.Holding
	lanes    [][]uint32 // what the cut shares add up to
}

// form is what random auctions have in common, so that few circuits have to be compiled.
type form struct {
	sizes  [][]int // numbers of lanes by seat and imp
	rule   message.PriceRule
	grid   uint8
	capped bool
}

// randomClosed draws an auction. Many lanes are equal, at an edge, at a floor or at a cap.
func randomClosed(rng *rand.Rand, f *form, opens func(trustee int) bool) *closedAuction {
	t := terms(math.Exp(rng.Float64()*20-6), make([]float64, len(f.sizes[0]))...)
	t.Mode, t.PriceRule, t.GridBits = message.Sealed, f.rule, f.grid
	pool := []int64{rng.Int64N(1 << 30), rng.Int64N(1 << 30), -rng.Int64N(1 << 30), 0}
	edges := []int64{-1 << 30, -1<<30 - 256, 1<<30 - 256, 1 << 30, -1 << 31, 1<<31 - 256, 1<<30 - 1, -1}
	for i := range t.Imps {
		if rng.IntN(3) > 0 {
			beside := float64(pool[rng.IntN(len(pool))]&^255) + 128*float64(rng.IntN(3)-1)
			t.Imps[i].Floor = min(t.Cap, t.Cap*math.Exp(beside/(1<<26)-16))
		}
	}
	var bids []bid
	tie := rng.IntN(3) == 0
	for s, perImp := range f.sizes {
		for imp, n := range perImp {
			for campaign := range n {
				lane := pool[rng.IntN(len(pool))]
				switch k := rng.IntN(8); {
				case tie:
					lane = pool[0]
				case k == 0:
					lane = edges[rng.IntN(len(edges))]
				case k == 1:
					lane = int64(rng.Uint32())
				case k < 4:
					lane += 256 * int64(rng.IntN(3)-1)
				}
				b := bid{fmt.Sprint("seat-", s), imp, 2 * campaign, uint32(lane), message.NoCap}
				if f.capped && rng.IntN(3) == 0 {
					b.cap = max(-1<<30, min(message.NoCap, int32(lane)&^255+int32(rng.IntN(3)-1)))
				}
				bids = append(bids, b)
			}
		}
	}
	m, lanes := entriesOf(digestOf(rng.Uint64()), bids)
	a := &closedAuction{terms: t, manifest: m, digest: digestOf(rng.Uint64())}
	a.share(rng, lanes, opens)
	return a
}

// share shares lanes among the trustees. In half of the auctions nothing is lost by cutting the shares, so that lanes that were
// drawn equal stay so.
func (a *closedAuction) share(rng *rand.Rand, lanes [][]uint32, opens func(trustee int) bool) {
	exact := rng.IntN(2) == 0
	for i := range a.holdings {
		a.holdings[i] = &sealed.Holding{Trustee: i, Entries: make([]message.EntryShares, len(lanes))}
	}
	for e, values := range lanes {
		var z [scheme.Trustees][]uint32
		sums := make([]uint32, len(values))
		for k, v := range values {
			z0, z1 := rng.Uint32(), rng.Uint32()
			if exact {
				z0, z1 = z0&^255-382, z1&^255
				v = v&^255 - 382
			}
			z[0], z[1], z[2] = append(z[0], z0), append(z[1], z1), append(z[2], v-z0-z1)
			for j := range z {
				sums[k] += sealed.Cut(j, z[j][k])
			}
			sums[k] <<= sealed.DroppedBits
			if exact && sums[k] != values[k]&^255 {
				panic("the shares of an exact auction lose something")
			}
		}
		for i, h := range a.holdings {
			if !opens(i) {
				h.Entries[e].Status = message.BadBox
				continue
			}
			for at, j := range scheme.SubKeysOf(i) {
				h.Entries[e].Z[at] = z[j]
			}
		}
		a.lanes = append(a.lanes, sums)
	}
}

// expected is the outcome by the reference: bids count that both garblers of an attempt can open.
func (a *closedAuction) expected(r sealed.Roles) []Outcome {
	lanes := make([][]uint32, len(a.lanes))
	for e := range lanes {
		if a.opened(r[message.Garbler], e) && a.opened(r[message.Checker], e) {
			lanes[e] = a.lanes[e]
		}
	}
	return Rank(a.terms, a.manifest, lanes)
}

func (a *closedAuction) opened(trustee, entry int) bool {
	return a.holdings[trustee].Entries[entry].Status == message.Opened
}

// decide runs all three parts and reads the outcome, as trustees and auctioneer do.
func (a *closedAuction) decide(t *testing.T, cache *sealed.Cache, attempt uint8) ([]Outcome, sealed.Roles) {
	t.Helper()
	plans, err := sealed.Plans(a.terms, a.manifest)
	if err != nil {
		t.Fatal(err)
	}
	call := &message.Call{Attempt: attempt, Absent: message.Nobody, Tickets: make([]message.Ticket, len(a.terms.Imps))}
	runs, err := sealed.Runs(cache, plans, &a.manifest.Request, &a.digest, call)
	if err != nil {
		t.Fatal(err)
	}
	roles := sealed.RolesOf(&a.manifest.Request, attempt, message.Nobody)
	secret := sealed.Secret(a.digest)
	outcomes := unsold(a.terms)
	for i, run := range runs {
		if run == nil {
			continue
		}
		made := run.Make(&secret)
		garbler, garbled := run.Garble(&secret, made, a.holdings[roles[message.Garbler]])
		checker, checked := run.Check(&secret, made, a.holdings[roles[message.Checker]])
		evaluated, err := run.Evaluate(a.holdings[roles[message.Evaluator]], sealed.NewTables(garbler.Tables), &garbler, &checker)
		if err != nil {
			t.Fatal(err)
		}
		if err := run.CheckOpened(&evaluated, a.statuses(roles[message.Garbler]), a.statuses(roles[message.Checker])); err != nil {
			t.Fatal(err)
		}
		o, err := run.Read(a.terms, &garbled, &checked, &evaluated, i)
		if err != nil {
			t.Fatal(err)
		}
		if o.Sold {
			e := &a.manifest.Entries[o.Entry]
			outcomes[i] = Outcome{Imp: outcomes[i].Imp, Sold: true, Seat: e.Seat, Campaign: int(e.Lanes[o.Lane].Campaign), Price: o.Price}
		}
	}
	return outcomes, roles
}

func (a *closedAuction) statuses(trustee int) (all []message.Status) {
	for _, e := range a.holdings[trustee].Entries {
		all = append(all, e.Status)
	}
	return all
}

// randomSizes draws numbers of lanes by seat and imp, of 1 to 128 lanes on an imp.
func randomSizes(rng *rand.Rand) [][]int {
	imps := 1 + rng.IntN(1+rng.IntN(3))
	left := make([]int, imps)
	for i := range left {
		left[i] = 1 + rng.IntN(1<<(1+rng.IntN(7)))
	}
	largest := 1 + rng.IntN(1<<rng.IntN(5))
	equal := rng.IntN(2) == 0
	var sizes [][]int
	for more := true; more; {
		more = false
		seat := make([]int, imps)
		for i := range seat {
			if left[i] == 0 {
				continue
			}
			seat[i] = largest
			if !equal {
				seat[i] = rng.IntN(largest + 1)
			}
			seat[i] = min(seat[i], left[i])
			left[i] -= seat[i]
			more = more || left[i] > 0
		}
		if seat[0] > 0 || imps > 1 && seat[1] > 0 {
			sizes = append(sizes, seat)
		}
	}
	if len(sizes) == 0 {
		sizes = [][]int{make([]int, imps)}
		sizes[0][0] = 1
	}
	return sizes
}

// Three trustees that show each other nothing come to the outcome of the reference, on lanes as they are after cutting, whatever
// the shape, and whichever of them takes which part. Where one cannot open an answer, that depends on its part.
func TestSealedProtocolDecidesAsTheReference(t *testing.T) {
	cache := &sealed.Cache{}
	forms, each := 100, 8
	if testing.Short() {
		forms = 20
	}
	auctions, sold, unequal := 0, 0, 0
	for n := range forms {
		rng := rand.New(rand.NewPCG(uint64(n), 77))
		f := &form{randomSizes(rng), message.PriceRule(1 + n%2), uint8(rng.IntN(13)), n%3 == 0}
		for k := range each {
			closing := 0
			if k%2 == 1 {
				closing = 12
			}
			a := randomClosed(rng, f, func(int) bool { return closing == 0 || rng.IntN(closing) > 0 })
			var first []Outcome
			for attempt := range uint8(scheme.Trustees) {
				got, roles := a.decide(t, cache, attempt)
				want := a.expected(roles)
				for imp := range want {
					if got[imp] != want[imp] {
						t.Fatalf("form %d, auction %d, attempt %d, imp %d: %+v, want %+v", n, k, attempt, imp, got[imp], want[imp])
					}
					auctions++
					if got[imp].Sold {
						sold++
					}
				}
				if attempt == 0 {
					first = got
				} else if fmt.Sprint(first) != fmt.Sprint(got) {
					if unequal++; closing == 0 {
						t.Fatalf("form %d, auction %d: %+v, with other parts %+v", n, k, first, got)
					}
				}
			}
		}
	}
	t.Logf("%d imps, %d sold, %d attempts differ from the first because an answer was closed", auctions, sold, unequal)
	if sold < auctions/3 || sold > auctions*9/10 || unequal == 0 {
		t.Error("the auctions are not as different as they should be")
	}
}
