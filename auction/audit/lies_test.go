package audit

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/crypto/message"
	"cipherbid/crypto/sealed"
)

// resign has the auctioneer sign something else about an auction.
func resign(t *testing.T, h *house, request message.Digest, change func(x *auction.Transcript, outcome []auction.Outcome)) *auction.SignedTranscript {
	t.Helper()
	return resignAs(t, h, request, func(x *auction.Transcript, outcome []auction.Outcome) []auction.Outcome {
		change(x, outcome)
		return outcome
	})
}

func resignAs(t *testing.T, h *house, request message.Digest, change func(x *auction.Transcript, outcome []auction.Outcome) []auction.Outcome) *auction.SignedTranscript {
	t.Helper()
	x, err := h.signed[request].Verify(h.keys.Auctioneer.Public())
	if err != nil {
		t.Fatal(err)
	}
	outcome := change(x, slices.Clone(h.signed[request].Opening.Imps))
	signed, err := x.Sign(outcome, h.keys.Auctioneer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// wantFinding replays with the records of every pair of trustees, and wants one check to fail.
func wantFinding(t *testing.T, name string, h *house, signed *auction.SignedTranscript, request message.Digest, suspects, says string) {
	t.Helper()
	for _, trustees := range [][]int{{0, 1}, {1, 2}} {
		e, err := h.gather(request, trustees...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Replay(h.dir, h.scheme, signed, e)
		checkFinding(t, name, err, suspects, says)
	}
}

func checkFinding(t *testing.T, name string, err error, suspects, says string) {
	t.Helper()
	var f *Finding
	if !errors.As(err, &f) || !strings.HasPrefix(f.Suspects, suspects) || !strings.Contains(f.Err.Error(), says) {
		t.Errorf("%s: %v, want a finding that says %q and points at %s", name, err, says, suspects)
	}
}

// An auctioneer that signs another outcome is found out, whatever pair of trustees is asked.
func TestLyingAuctioneerIsFoundOut(t *testing.T) {
	c := commonMarket(t)
	for _, tc := range []struct {
		name   string
		change func(o *auction.Outcome)
		says   string
	}{
		{"another winner", func(o *auction.Outcome) { o.Seat = "cyd" }, `sold to "cyd", campaign 0, at 10.85`},
		{"another campaign", func(o *auction.Outcome) { o.Campaign = 1 }, "campaign 1"},
		{"a higher price", func(o *auction.Outcome) { o.Price *= 1 + 1e-6 }, "but the bids make it sold"},
		{"a lower price", func(o *auction.Outcome) { o.Price = 0.5 }, "at 0.5 CPM, but the bids make it sold"},
		{"not sold", func(o *auction.Outcome) { *o = auction.Outcome{Imp: o.Imp} }, "published as not sold, but"},
		{"another imp", func(o *auction.Outcome) { o.Imp = "7" }, `imp "1" was published`},
	} {
		lie := resign(t, c.house, c.second, func(_ *auction.Transcript, outcome []auction.Outcome) { tc.change(&outcome[0]) })
		wantFinding(t, tc.name, c.house, lie, c.second, "the auctioneer, or at two trustees in league", tc.says)
	}
	sold := resign(t, c.house, c.unsold, func(_ *auction.Transcript, outcome []auction.Outcome) {
		outcome[0] = auction.Outcome{Imp: "1", Sold: true, Seat: "ada", Price: 900}
	})
	wantFinding(t, "sold below the floor", c.house, sold, c.unsold, "the auctioneer, or at two trustees in league", `sold to "ada"`)
	short := resignAs(t, c.house, c.two, func(_ *auction.Transcript, outcome []auction.Outcome) []auction.Outcome { return outcome[:1] })
	wantFinding(t, "an imp less", c.house, short, c.two, "the auctioneer", "1 imps were published, the request has 2")
	invented := resign(t, c.house, c.nobody, func(_ *auction.Transcript, outcome []auction.Outcome) {
		outcome[0] = auction.Outcome{Imp: "1", Sold: true, Seat: "ada", Price: 1}
	})
	_, err := Replay(c.dir, c.scheme, invented, nil)
	checkFinding(t, "sold without ranking", err, "the auctioneer", "no trustee has ranked")
}

// Nor can it sign another request, manifest or message than trustees have got.
func TestContradictoryTranscriptIsFoundOut(t *testing.T) {
	c := commonMarket(t)
	early := c.signed[c.second]
	x, err := early.Verify(c.keys.Auctioneer.Public())
	if err != nil {
		t.Fatal(err)
	}
	absent := uint8((x.Deciding().Exchanges[0].Trustee + 1) % 3)
	for _, tc := range []struct {
		name           string
		change         func(x *auction.Transcript)
		suspects, says string
	}{
		{"request", func(x *auction.Transcript) { x.Request[0] ^= 1 }, "the record of", "another request"},
		{"manifest", func(x *auction.Transcript) { x.Manifest[0] ^= 1 }, "the record of", "the manifest in the record"},
		{"auction", func(x *auction.Transcript) { x.Auction = "00" }, "the auctioneer", "the transcript says 00"},
		{"too late", func(x *auction.Transcript) { x.Arrival = x.Arrival.Add(time.Minute) }, "the auctioneer", "should not have been held: request expired"},
		{"another attempt", func(x *auction.Transcript) { x.Attempts[0].Number = 3 }, "the auctioneer", "another attempt"},
		{"message to a trustee", func(x *auction.Transcript) { x.Attempts[0].Exchanges[1].Request[0] ^= 1 }, `the record of "trustee-1" or the auctioneer`, "was sent"},
		{"answer of a trustee", func(x *auction.Transcript) { x.Attempts[0].Exchanges[1].Answer[0] ^= 1 }, `the record of "trustee-1" or the auctioneer`, "trustee's answer"},
		{"status", func(x *auction.Transcript) { x.Attempts[0].Exchanges[1].Statuses[0]++ }, `the record of "trustee-1" or the auctioneer`, "differ on which"},
		{"a status less", func(x *auction.Transcript) {
			x.Attempts[0].Exchanges[1].Statuses = x.Attempts[0].Exchanges[1].Statuses[1:]
		}, `the record of "trustee-1" or the auctioneer`, "differ on which"},
		{"messages of a trustee that was absent", func(x *auction.Transcript) { x.Attempts[0].Absent = &absent }, "the auctioneer", "absent"},
		{"no trustee", func(x *auction.Transcript) { x.Attempts[0].Exchanges = nil }, "the auctioneer", "0 trustees were asked"},
		{"no answer", func(x *auction.Transcript) { x.Attempts[0].Exchanges[2].Answer = auction.Hash{} }, "the auctioneer", "has not answered"},
		{"failed, with an outcome", func(x *auction.Transcript) { x.Attempts[0].Failed = "late" }, "the auctioneer", "although every attempt failed"},
		{"a success before the last", func(x *auction.Transcript) {
			x.Attempts = append(x.Attempts, auction.Attempt{Number: 1, Failed: "late"})
		}, "the auctioneer", "was not the last"},
		{"attempts out of order", func(x *auction.Transcript) {
			x.Attempts = slices.Insert(x.Attempts, 0, auction.Attempt{Number: 1, Failed: "late"})
		}, "the auctioneer", "out of order"},
		{"a fourth trustee", func(x *auction.Transcript) { x.Attempts[0].Exchanges[2].Trustee = 3 }, "the auctioneer", "trustee 3"},
	} {
		lie := resign(t, c.house, c.second, func(x *auction.Transcript, _ []auction.Outcome) { tc.change(x) })
		wantFinding(t, tc.name, c.house, lie, c.second, tc.suspects, tc.says)
	}
}

// What it says of a trustee whose record is not given has to make sense as well.
func TestLiesAboutTheThirdTrustee(t *testing.T) {
	c := commonMarket(t)
	roles := sealed.RolesOf(&c.second, 0, message.Nobody)
	third := uint8(roles[message.Garbler])
	e, err := c.gather(c.second, roles[message.Checker], roles[message.Evaluator])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(c.dir, c.scheme, c.signed[c.second], e); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name     string
		change   func(x *auction.Transcript)
		suspects string
		says     string
	}{
		{"fewer statuses", func(x *auction.Transcript) { x.Attempts[0].Exchanges[third].Statuses = nil }, "the auctioneer", "0 statuses of 3 answers"},
		{"absent", func(x *auction.Transcript) {
			x.Attempts[0].Absent = &third
			x.Attempts[0].Exchanges = slices.Delete(x.Attempts[0].Exchanges, int(third), int(third)+1)
		}, "the auctioneer", "another attempt"},
		{"a bid that it could not open", func(x *auction.Transcript) {
			x.Attempts[0].Exchanges[third].Statuses[1] = message.BadBox
		}, "the auctioneer, or at two trustees", `published as sold to "bob"`},
	} {
		lie := resign(t, c.house, c.second, func(x *auction.Transcript, _ []auction.Outcome) { tc.change(x) })
		_, err := Replay(c.dir, c.scheme, lie, e)
		checkFinding(t, tc.name, err, tc.suspects, tc.says)
	}
}
