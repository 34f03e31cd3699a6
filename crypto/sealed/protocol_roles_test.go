package sealed

import (
	"fmt"
	"math"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// Parts are dealt evenly by the request, turn with every attempt, and leave out who is absent.
func TestRoles(t *testing.T) {
	const requests = 3000
	rng := rngOf(41)
	var evaluates [scheme.Trustees]int
	var alone [scheme.Trustees][scheme.Trustees]int // by absent and evaluator
	for range requests {
		var request message.Digest
		for i := range request {
			request[i] = byte(rng.Uint32())
		}
		seen := map[int]bool{}
		for attempt := range uint8(message.MaxAttempts) {
			r := RolesOf(&request, attempt, message.Nobody)
			if r[0]+r[1]+r[2] != 3 || r[0] == r[1] || r[1] == r[2] {
				t.Fatalf("parts %v", r)
			}
			if attempt < scheme.Trustees {
				seen[r[message.Evaluator]] = true
			}
			for part, i := range r {
				if r.PartOf(i) != message.Part(part) {
					t.Fatalf("trustee %d takes part %d of %v", i, r.PartOf(i), r)
				}
			}
			if r == RolesOf(&request, attempt+1, message.Nobody) {
				t.Fatal("an attempt has the parts of the one before")
			}
		}
		if len(seen) != scheme.Trustees {
			t.Fatalf("in three attempts only %v evaluate", seen)
		}
		evaluates[RolesOf(&request, 0, message.Nobody)[message.Evaluator]]++
		for absent := range uint8(scheme.Trustees) {
			r, next := RolesOf(&request, 0, absent), RolesOf(&request, 1, absent)
			if r[message.Checker] != int(absent) || r[0]+r[1]+r[2] != 3 || r[0] == r[2] || r[message.Evaluator] == next[message.Evaluator] {
				t.Fatalf("without trustee %d: parts %v, then %v", absent, r, next)
			}
			alone[absent][r[message.Evaluator]]++
		}
	}
	for i, n := range evaluates {
		if math.Abs(float64(n)-requests/3) > 5*math.Sqrt(requests*2/9.) {
			t.Errorf("trustee %d evaluates %d of %d auctions", i, n, requests)
		}
		for absent := range alone {
			if absent != i && math.Abs(float64(alone[absent][i])-requests/2) > 5*math.Sqrt(requests/4.) {
				t.Errorf("without trustee %d, %d evaluates %d of %d", absent, i, alone[absent][i], requests)
			}
		}
	}
}

// Whatever the parties must agree on changes the name of the run, and with it circuit and mask.
func TestBindingDependsOnEverything(t *testing.T) {
	q := twoImps(42)
	binding := func(change func(q *trio, c *message.Call), imp int) message.Digest {
		other := twoImps(42)
		c := other.call(0)
		if change != nil {
			change(other, c)
		}
		return other.run(t, c, imp).binding
	}
	names := map[message.Digest]string{}
	for name, d := range map[string]message.Digest{
		"run":      binding(nil, 0),
		"imp":      binding(nil, 1),
		"attempt":  binding(func(_ *trio, c *message.Call) { c.Attempt = 3 }, 0),
		"absent":   binding(func(_ *trio, c *message.Call) { c.Absent = 1 }, 0),
		"session":  binding(func(_ *trio, c *message.Call) { c.Tickets[0].Session[7]++ }, 0),
		"number":   binding(func(_ *trio, c *message.Call) { c.Tickets[0].Number = 1 << 40 }, 0),
		"manifest": binding(func(q *trio, _ *message.Call) { q.digest[31]++ }, 0),
		"roles": binding(func(q *trio, _ *message.Call) {
			first := RolesOf(&q.manifest.Request, 0, message.Nobody)
			for RolesOf(&q.manifest.Request, 0, message.Nobody) == first {
				q.manifest.Request[0]++
			}
		}, 0),
		"shape": binding(func(q *trio, _ *message.Call) { q.terms.GridBits++ }, 0),
	} {
		if other, ok := names[d]; ok {
			t.Errorf("%s and %s have one name", name, other)
		}
		names[d] = name
	}
	if again := q.run(t, q.call(0), 0).binding; names[again] != "run" {
		t.Error("the name is not a function of the auction")
	}
	c := q.call(0)
	c.Tickets[1].Number++
	if names[q.run(t, c, 0).binding] != "run" {
		t.Error("another imp's ticket changes the name")
	}
}

// Cut shares add up to the lane within 1.5 units, without a bias, and that is the error whichever trustee takes which part.
func TestCut(t *testing.T) {
	const lanes = 20000
	rng := rngOf(43)
	sum := 0.0
	for range lanes {
		z := [scheme.Trustees]uint32{rng.Uint32(), rng.Uint32(), rng.Uint32()}
		cut := uint32(0)
		for j := range z {
			if x := Cut(j, z[j]); x >= 1<<LaneBits {
				t.Fatalf("share %#x of %d bits", x, LaneBits)
			} else {
				cut += x
			}
		}
		off := float64(int32(cut<<DroppedBits-(z[0]+z[1]+z[2]))) / (1 << DroppedBits)
		if math.Abs(off) > 1.5 {
			t.Fatalf("shares %#x are off by %g units", z, off)
		}
		sum += off
	}
	if mean := sum / lanes; math.Abs(mean) > 5*0.5/math.Sqrt(lanes) { // three uniform errors: a deviation of 0.5
		t.Errorf("lanes are off by %g units on average", mean)
	}
	for j := range scheme.Trustees {
		for _, x := range []uint32{0, 1, 1<<LaneBits - 1, 12345} {
			for _, noise := range []uint32{0, 77, 255} {
				if got := Cut(j, uncut(j, x, noise)); got != x {
					t.Errorf("share %d: %#x became %#x", j, x, got)
				}
			}
		}
	}
}

// Each trustee holds the shares of the others' parts, and the parts get the shares that they need from it.
func TestHoldings(t *testing.T) {
	q := stage(44)
	for attempt := range uint8(3) {
		r := RolesOf(&q.manifest.Request, attempt, message.Nobody)
		for part := range r {
			for _, other := range []message.Part{message.Garbler, message.Checker, message.Evaluator} {
				if message.Part(part) == other {
					continue
				}
				for e, lanes := range q.x {
					for k, x := range lanes {
						if got := q.holdings[r[part]].of(&r, other)(e, k); got%(1<<LaneBits) != x[r[other]] {
							t.Fatalf("parts %v: %s has %#x for x of %s, want %#x", r, message.Part(part), got, other, x[r[other]])
						}
					}
				}
			}
		}
	}
}

// Imps on which nothing can be sold have no runs, and do not disturb the others.
func TestRunsOfSomeImps(t *testing.T) {
	rng := rngOf(45)
	s := newSale(message.SecondPrice, 7, 100, 0, 100, 0, 0) // the second's floor is the cap, nobody bids on the fourth
	s.enter(rng, bid{sum: 1000, imp: 0, cap: message.NoCap}, bid{sum: 1000, imp: 1, cap: message.NoCap}, bid{sum: 1, imp: 2, cap: message.NoCap})
	q := newTrio(rng, s, &Cache{})
	plans, err := Plans(q.terms, q.manifest)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := Runs(q.cache, plans, &q.manifest.Request, &q.digest, q.call(0))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(runs[0] != nil, runs[1] != nil, runs[2] != nil, runs[3] != nil)
	if len(runs) != 4 || got != "true false true false" {
		t.Errorf("runs: %s", got)
	}
	for _, imp := range []int{0, 2} {
		p := q.play(t, q.call(0), imp)
		if got, err := p.finish(); err != nil || !got.is(q.expected(&p.Roles, imp)) {
			t.Errorf("imp %d: %+v, %v", imp, got, err)
		}
	}
}
