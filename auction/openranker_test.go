package auction

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"

	"github.com/valyala/fasthttp"
)

var threeBids = []bid{cpm("a", 2), cpm("b", 5), cpm("c", 4)}

// decided is the outcome of threeBids without those of some seats.
func decided(t *testing.T, got []Outcome, err error, without ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	want := rankBids(terms(limit, 0.5), message.Digest{}, threeBids, without...)[0]
	if len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestOpenRankerDecides(t *testing.T) {
	s := openSafe(t, threeBids)
	if err := s.ranker.Enrol(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	got, report, err := s.rank(t, patience)
	decided(t, got, err)
	if len(report.Refused) != 0 || report.Bytes == 0 {
		t.Errorf("report %+v", report)
	}
}

// A trustee that forgets sessions, as one that starts anew without its store, gets a new one within the auction.
func TestRankerEnrolsWhereItIsNotKnown(t *testing.T) {
	s := openSafe(t, threeBids)
	got, _, err := s.rank(t, patience) // without any enrolment before
	decided(t, got, err)
	for _, f := range s.trustees {
		f.session.Store(nil)
	}
	got, _, err = s.rank(t, patience)
	decided(t, got, err)
	for i, f := range s.trustees {
		if n := f.enrolments.Load(); n != 2 {
			t.Errorf("trustee %d: %d enrolments, want 2", i, n)
		}
	}
}

func TestOneTrusteeDoesNotHoldTheAuctionUp(t *testing.T) {
	s := openSafe(t, threeBids)
	for name, wrong := range faults {
		s.waitForAll(name == "lies")
		for i, f := range s.trustees {
			f.fault.Store(&wrong)
			start := time.Now()
			got, _, err := s.rank(t, patience)
			if name != "lies" {
				decided(t, got, err)
			} else if !errors.Is(err, ErrDisagree) || got != nil {
				t.Errorf("trustee %d lies: %+v, %v", i, got, err)
			}
			// Nobody gives up a connection that hangs for 10 s: who takes that long has waited for it.
			if took := time.Since(start); took > 9*time.Second {
				t.Errorf("trustee %d %s: decided after %s", i, name, took)
			}
			f.fault.Store(nil)
		}
	}
}

func TestTwoFaultyTrusteesSellNothing(t *testing.T) {
	s := openSafe(t, threeBids)
	for name, wrong := range faults {
		s.trustees[0].fault.Store(&wrong)
		s.trustees[2].fault.Store(&wrong)
		s.waitForAll(name == "lies")
		within(t, func() {
			want, timeout := ErrTrustees, patience
			switch name {
			case "lies":
				want = ErrDisagree
			case "hangs":
				timeout = 100 * time.Millisecond
			}
			if got, _, err := s.rank(t, timeout); !errors.Is(err, want) || got != nil {
				t.Errorf("two trustees, each %s: %+v, %v", name, got, err)
			}
		})
	}
}

func TestRefusedAnswersAreReported(t *testing.T) {
	s := openSafe(t, threeBids)
	for _, i := range []int{0, 1} {
		refuses := fault(func(_ *fakeTrustee, _ *fasthttp.RequestCtx, shares *message.Shares) bool {
			shares.Entries[1] = message.EntryShares{Status: message.BadBox}
			return true
		})
		s.trustees[i].fault.Store(&refuses)
	}
	got, report, err := s.rank(t, patience)
	decided(t, got, err, "b")
	if len(report.Refused) != 1 || !strings.Contains(report.Refused["b"], "box does not open") {
		t.Errorf("refused %v", report.Refused)
	}
}

func TestOpenRankerNeedsADeadline(t *testing.T) {
	s := openSafe(t, threeBids)
	if _, _, err := s.ranker.Rank(context.Background(), s.auction); err == nil {
		t.Error("ranked without a deadline")
	}
}

func answering(status int) fault {
	return func(_ *fakeTrustee, ctx *fasthttp.RequestCtx, _ *message.Shares) bool {
		ctx.SetStatusCode(status)
		return false
	}
}

func altering(change func(s *message.Shares)) fault {
	return func(_ *fakeTrustee, _ *fasthttp.RequestCtx, s *message.Shares) bool { change(s); return true }
}

var faults = map[string]fault{
	"hangs": func(f *fakeTrustee, _ *fasthttp.RequestCtx, _ *message.Shares) bool { <-f.over; return false },
	"hangs up": func(_ *fakeTrustee, ctx *fasthttp.RequestCtx, _ *message.Shares) bool {
		ctx.Conn().Close()
		return false
	},
	"refuses":            answering(409),
	"fails":              answering(500),
	"knows nobody, ever": answering(412),
	"sends nothing":      answering(200),
	"declines":           answering(204),
	"does not seal": func(_ *fakeTrustee, ctx *fasthttp.RequestCtx, _ *message.Shares) bool {
		ctx.SetBodyString("shares")
		return false
	},
	"answers for another":    altering(func(s *message.Shares) { s.Trustee = (s.Trustee + 1) % scheme.Trustees }),
	"opens another manifest": altering(func(s *message.Shares) { s.Manifest[0]++ }),
	"leaves an entry out":    altering(func(s *message.Shares) { s.Entries = s.Entries[:2] }),
	"lies": altering(func(s *message.Shares) {
		z := &s.Entries[0].Z[0]
		*z = []uint32{(*z)[0] + 1<<26}
	}),
}
