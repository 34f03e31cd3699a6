package audit

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
)

// Any two trustees' records confirm every auction, and so do all three.
func TestEveryPairOfTrusteesConfirms(t *testing.T) {
	c := commonMarket(t)
	for _, tc := range []struct {
		name    string
		request message.Digest
		sold    []string // seats, "" for unsold
		counted int
	}{
		{"second price", c.second, []string{"bob"}, 3},
		{"first price", c.first, []string{"bob"}, 3},
		{"two imps, one with a floor between the bids", c.two, []string{"bob", "bob"}, 3},
		{"sold at the floor", c.floor, []string{"bob"}, 3},
		{"unsold", c.unsold, []string{""}, 3},
	} {
		for _, trustees := range pairs {
			e, err := c.gather(tc.request, trustees...)
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			r, err := Replay(c.dir, c.scheme, c.signed[tc.request], e)
			if err != nil {
				t.Errorf("%s, trustees %v: %v", tc.name, trustees, err)
				continue
			}
			if !reflect.DeepEqual(r.Outcome, c.answered[tc.request].Imps) {
				t.Errorf("%s: confirmed %+v, the publisher was told %+v", tc.name, r.Outcome, c.answered[tc.request].Imps)
			}
			for i, seat := range tc.sold {
				if r.Outcome[i].Sold != (seat != "") || r.Outcome[i].Seat != seat {
					t.Errorf("%s: imp %d: %+v, want %q", tc.name, i, r.Outcome[i], seat)
				}
			}
			if !reflect.DeepEqual(r.Trustees, trustees) || len(r.Lanes) != tc.counted {
				t.Errorf("%s: trustees %v, %d answers", tc.name, r.Trustees, len(r.Lanes))
			}
		}
	}
}

// An auction that nobody bid in has a transcript and needs no records.
func TestAuctionThatWasNotRankedNeedsNoRecords(t *testing.T) {
	c := commonMarket(t)
	r, err := Replay(c.dir, c.scheme, c.signed[c.nobody], nil)
	if err != nil || r.Terms != nil || len(r.Outcome) != 1 || r.Outcome[0].Sold || r.Bids() != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.gather(c.nobody, 0, 1); !errors.Is(err, ErrMissing) {
		t.Errorf("a trustee has recorded an auction that it was not asked to rank: %v", err)
	}
}

// With a trustee absent the other two's records confirm, and the transcript says who was absent. With two absent nothing is decided, and
// the transcript says so.
func TestAbsentTrustees(t *testing.T) {
	var all, two, none message.Digest
	soon := opportunity(0.5)
	soon.TMax = 2 * time.Second // an evaluator waits so long for a trustee that has stopped, and holds its server's end up
	h, err := hold(t.TempDir(), nil, func(m *market.Market, ask func(*agent.Opportunity) (message.Digest, error)) (err error) {
		if all, err = ask(soon); err != nil {
			return err
		}
		if err = m.Stop("trustee-1"); err != nil {
			return err
		}
		if two, err = ask(soon); err != nil {
			return err
		}
		if err = m.Stop("trustee-0"); err != nil {
			return err
		}
		if none, err = ask(soon); err == nil {
			return errors.New("one trustee has decided an auction")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []message.Digest{all, two} {
		e, err := h.gather(request, 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Replay(h.dir, h.scheme, h.signed[request], e)
		if err != nil {
			t.Fatal(err)
		}
		absent := r.Transcript.Deciding().Absent
		if (absent != nil) != (request == two) || absent != nil && (*absent != 1 || r.Roles[message.Checker] != 1) || r.Outcome[0].Seat != "bob" {
			t.Errorf("absent %v, roles %v, %+v", absent, r.Roles, r.Outcome)
		}
	}
	if _, err := h.gather(two, 0, 1); !errors.Is(err, ErrMissing) {
		t.Errorf("record of the absent trustee: %v", err)
	}
	r, err := Replay(h.dir, h.scheme, h.signed[none], nil)
	if err != nil || r.Outcome != nil || r.Transcript.Outcome != (auction.Hash{}) || r.Transcript.Deciding() != nil {
		t.Errorf("%+v, %v", r, err)
	}
	for _, a := range r.Transcript.Attempts {
		if a.Failed != "unreachable" {
			t.Errorf("attempt %+v", a)
		}
	}
}

// Bids are listed as Rank sees them.
func TestBids(t *testing.T) {
	c := commonMarket(t)
	e, err := c.gather(c.two, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Replay(c.dir, c.scheme, c.signed[c.two], e)
	if err != nil {
		t.Fatal(err)
	}
	want := []Bid{
		{"1", "bob", 0, 5, ""}, {"1", "cyd", 0, 4, ""}, {"1", "bob", 1, 2.5, ""}, {"1", "ada", 0, 2, ""}, {"1", "cyd", 1, 2, ""}, {"1", "ada", 1, 1, ""},
		{"2", "bob", 0, 5, ""}, {"2", "cyd", 0, 4, "below the floor"}, {"2", "bob", 1, 2.5, "below the floor"}, {"2", "ada", 0, 2, "below the floor"},
		{"2", "cyd", 1, 2, "below the floor"}, {"2", "ada", 1, 1, "below the floor"},
	}
	got := r.Bids()
	if len(got) != len(want) {
		t.Fatalf("%d bids: %+v", len(got), got)
	}
	key := func(b Bid) string { return fmt.Sprintf("%s %.2f %s %d", b.Imp, b.CPM, b.Seat, b.Campaign) }
	slices.SortFunc(got, func(x, y Bid) int { return strings.Compare(key(x), key(y)) }) // equal bids may come either way
	slices.SortFunc(want, func(x, y Bid) int { return strings.Compare(key(x), key(y)) })
	for i := range want {
		if math.Abs(got[i].CPM-want[i].CPM) > 1e-3 || key(got[i]) != key(want[i]) || got[i].LeftOut != want[i].LeftOut {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	if e, err = c.gather(c.second, 0, 1); err != nil { // bids are e times higher here
		t.Fatal(err)
	}
	if r, err = Replay(c.dir, c.scheme, c.signed[c.second], e); err != nil {
		t.Fatal(err)
	}
	capped := 0
	for _, b := range r.Bids() {
		if b.LeftOut == "above its campaign's cap" && b.CPM > 3 && b.Campaign == 1 {
			capped++
		}
	}
	if capped != 2 {
		t.Errorf("%d bids above their caps: %+v", capped, r.Bids())
	}
}
