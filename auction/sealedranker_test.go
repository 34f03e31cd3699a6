package auction

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"

	"github.com/valyala/fasthttp"
)

// fourBids are of three seats, of which the highest has two.
var fourBids = []bid{cpm("a", 2), cpm("b", 5), cpm("b", 4.5).of(3), cpm("c", 4)}

func TestSealedRankerDecides(t *testing.T) {
	v := openVault(t, fourBids)
	if err := v.ranker.Enrol(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, report, err := v.rank(t, patience)
		v.decided(t, "all three", got, err)
		if len(report.Refused) != 0 || report.Bytes == 0 {
			t.Errorf("report %+v", report)
		}
		for i, g := range v.trustees {
			calls := g.asked()
			if len(calls) != 1 || calls[0].Attempt != 0 || calls[0].Absent != message.Nobody || calls[0].Wait <= 0 || g.enrolments.Load() != 1 {
				t.Errorf("trustee %d: %d calls, %d enrolments", i, len(calls), g.enrolments.Load())
			}
		}
	}
}

// A trustee that forgets sessions gets a new one within the auction, and that is no attempt.
func TestSealedRankerEnrolsWhereItIsNotKnown(t *testing.T) {
	v := openVault(t, fourBids)
	got, _, err := v.rank(t, patience) // without any enrolment before
	v.decided(t, "before any enrolment", got, err)
	v.trustees[1].session.Store(nil)
	got, _, err = v.rank(t, patience)
	v.decided(t, "after one has forgotten", got, err)
	if calls := v.trustees[1].asked(); len(calls) != 1 || calls[0].Attempt != 0 {
		t.Errorf("%d calls", len(calls))
	}
}

// answers is a prank that answers with a status instead, for so many times.
func answers(status int, times int) prank {
	return func(_ *guard, ctx *fasthttp.RequestCtx, _ *message.Ranked) bool {
		if times == 0 {
			return true
		}
		times--
		ctx.SetStatusCode(status)
		return false
	}
}

// After a trustee has complained of another, there is another attempt with the identical manifest, other parts, and circuits that
// are made on the spot.
func TestRetryIsWithTheIdenticalManifest(t *testing.T) {
	v := openVault(t, fourBids)
	for i := range v.trustees {
		for _, failures := range []int{1, 3} {
			v.pranked(answers(502, failures), i)
			got, _, err := v.rank(t, patience)
			v.decided(t, "after failures", got, err)
			first := v.trustees[0].asked()[0]
			for _, g := range v.trustees {
				calls := g.asked()
				if len(calls) != failures+1 {
					t.Fatalf("trustee %d: %d calls, want %d", g.index, len(calls), failures+1)
				}
				for n, c := range calls {
					if int(c.Attempt) != n || c.Absent != message.Nobody || !bytes.Equal(c.RawManifest, first.RawManifest) || c.Digest != first.Digest {
						t.Errorf("trustee %d, call %d: attempt %d of another auction", g.index, n, c.Attempt)
					}
				}
			}
		}
	}
}

// There is an end to attempts, also when there is time left.
func TestAttemptsAreLimited(t *testing.T) {
	v := openVault(t, fourBids)
	v.pranked(answers(502, 1000), 2)
	got, _, err := v.rank(t, patience)
	if !errors.Is(err, ErrTrustees) || got != nil || !strings.Contains(err.Error(), "attempt 8") {
		t.Errorf("%+v, %v", got, err)
	}
	for i, g := range v.trustees {
		if n := len(g.asked()); n != message.MaxAttempts {
			t.Errorf("trustee %d: %d calls", i, n)
		}
	}
}

// What a trustee refuses it would refuse again, and what it gets wrong is no reason to ask again.
func TestNoRetryOnRefusals(t *testing.T) {
	v := openVault(t, fourBids)
	altered := func(change func(a *message.Ranked)) prank {
		return func(_ *guard, _ *fasthttp.RequestCtx, a *message.Ranked) bool { change(a); return true }
	}
	for name, wrong := range map[string]prank{
		"400": answers(400, 9), "403": answers(403, 9), "410": answers(410, 9), "429": answers(429, 9), "500": answers(500, 9),
		"nothing": answers(200, 9), "no content": answers(204, 9),
		"not sealed": func(_ *guard, ctx *fasthttp.RequestCtx, _ *message.Ranked) bool {
			ctx.SetBodyString("ranked")
			return false
		},
		"another trustee":   altered(func(a *message.Ranked) { a.Trustee = (a.Trustee + 1) % scheme.Trustees }),
		"another manifest":  altered(func(a *message.Ranked) { a.Manifest[0]++ }),
		"another attempt":   altered(func(a *message.Ranked) { a.Attempt++ }),
		"an imp less":       altered(func(a *message.Ranked) { a.Imps = nil }),
		"a status less":     altered(func(a *message.Ranked) { a.Statuses = a.Statuses[1:] }),
		"says bad statuses": altered(func(a *message.Ranked) { a.Statuses[0] = 99 }),
	} {
		for i := range v.trustees {
			v.pranked(wrong, i)
			got, _, err := v.rank(t, patience)
			if !errors.Is(err, ErrTrustees) || got != nil {
				t.Errorf("trustee %d answers %s: %+v, %v", i, name, got, err)
			}
			if n := len(v.trustees[i].asked()); n != 1 {
				t.Errorf("trustee %d answers %s: %d calls", i, name, n)
			}
		}
	}
	v.pranked(nil)
	got, _, err := v.rank(t, patience)
	v.decided(t, "with nothing wrong", got, err)
}

// Trustees that contradict each other in what they tell the auctioneer sell nothing.
func TestForgedOutcomesAreRefused(t *testing.T) {
	v := openVault(t, fourBids)
	for name, forge := range map[string]func(part message.Part, a *message.Ranked) bool{
		"labels": func(p message.Part, a *message.Ranked) bool { return p == message.Evaluator && touch(a.Imps[0].Labels) },
		"table":  func(p message.Part, a *message.Ranked) bool { return p == message.Checker && touch(a.Imps[0].Table) },
		"table's digest": func(p message.Part, a *message.Ranked) bool {
			return p == message.Garbler && touch(a.Imps[0].TableDigest[:])
		},
		"opened seats":    func(p message.Part, a *message.Ranked) bool { return p == message.Evaluator && touch(a.Imps[0].Opened) },
		"no opened seats": func(p message.Part, a *message.Ranked) bool { a.Imps[0].Opened = nil; return p == message.Evaluator },
		"garbler's status": func(p message.Part, a *message.Ranked) bool {
			if p == message.Garbler {
				a.Statuses[1] = message.BadBox // though it has put the answer in
			}
			return p == message.Garbler
		},
		"checker's status": func(p message.Part, a *message.Ranked) bool {
			if p == message.Checker {
				a.Statuses[1] = message.UnknownBidder
			}
			return p == message.Checker
		},
	} {
		forged := false
		v.pranked(func(g *guard, _ *fasthttp.RequestCtx, a *message.Ranked) bool {
			roles := v.roles(a.Attempt, message.Nobody)
			g.vault.mu.Lock()
			forged = forge(roles.PartOf(g.index), a) || forged
			g.vault.mu.Unlock()
			return true
		}, 0, 1, 2)
		got, _, err := v.rank(t, patience)
		if !errors.Is(err, ErrDisagree) || got != nil || !forged {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if n := len(v.trustees[0].asked()); n != 1 {
			t.Errorf("%s: %d calls", name, n)
		}
	}
}

func touch(b []byte) bool {
	b[len(b)-1] ^= 1
	return true
}

// An answer that one of the garblers cannot open does not count, and is reported.
func TestSealedRankerReportsRefusedAnswers(t *testing.T) {
	v := openVault(t, fourBids)
	for i, g := range v.trustees {
		honest := g.holding.Entries[1] // of seat b
		g.holding.Entries[1] = message.EntryShares{Status: message.BadCommitment}
		got, report, err := v.rank(t, patience)
		roles := v.roles(0, message.Nobody)
		if roles.PartOf(i) == message.Evaluator {
			v.decided(t, "closed to the evaluator", got, err)
			if len(report.Refused) != 0 {
				t.Errorf("refused %v", report.Refused)
			}
		} else {
			v.decided(t, "closed to a garbler", got, err, "b")
			if len(report.Refused) != 1 || !strings.Contains(report.Refused["b"], "differs from its commitment") {
				t.Errorf("refused %v", report.Refused)
			}
		}
		g.holding.Entries[1] = honest
	}
}

// A dead trustee is left out, within the auction that finds out and in those after it, until it is back.
func TestDeadTrusteeIsLeftOut(t *testing.T) {
	v := openVault(t, fourBids)
	got, _, err := v.rank(t, patience)
	v.decided(t, "before", got, err)
	for _, dead := range v.roles(0, message.Nobody) { // garbler, checker, evaluator of first attempts
		v.trustees[dead].dies(t)
		got, _, err = v.rank(t, patience)
		v.decided(t, "when it dies", got, err)
		got, _, err = v.rank(t, patience)
		v.decided(t, "while it is dead", got, err)
		for i, g := range v.trustees {
			calls := g.asked()
			if i != dead && (len(calls) != 1 || int(calls[0].Absent) != dead) || i == dead && len(calls) != 0 {
				t.Errorf("without trustee %d, %d gets %d calls", dead, i, len(calls))
			}
		}
		v.trustees[dead].lives(t)
		v.waitsFor(t, message.Nobody)
		got, _, err = v.rank(t, patience)
		v.decided(t, "when it is back", got, err)
		for i, g := range v.trustees {
			if calls := g.asked(); len(calls) != 1 || calls[0].Absent != message.Nobody {
				t.Errorf("with trustee %d back, %d gets %d calls", dead, i, len(calls))
			}
		}
	}
}

// waitsFor waits until the ranker knows who is absent.
func (v *vault) waitsFor(t *testing.T, absent uint8) {
	t.Helper()
	within(t, func() {
		for {
			if got, err := v.ranker.health.absent(); err == nil && got == absent {
				return
			}
			runtime.Gosched()
		}
	})
}

// Two dead trustees are too many: nothing is sold, at once.
func TestTwoDeadTrusteesSellNothing(t *testing.T) {
	v := openVault(t, fourBids)
	v.trustees[0].dies(t)
	v.trustees[2].dies(t)
	for range 2 {
		start := time.Now()
		got, _, err := v.rank(t, patience)
		if !errors.Is(err, ErrTrustees) || got != nil {
			t.Errorf("%+v, %v", got, err)
		}
		if took := time.Since(start); took > patience/3 {
			t.Errorf("nothing is sold after %s", took)
		}
	}
}

// A trustee that hangs costs the auction, and no more than its time.
func TestHangingTrusteeSellsNothing(t *testing.T) {
	v := openVault(t, fourBids)
	hangs := func(g *guard, _ *fasthttp.RequestCtx, _ *message.Ranked) bool { <-g.gone; return false }
	for i := range v.trustees {
		v.pranked(hangs, i)
		within(t, func() {
			if got, _, err := v.rank(t, 50*time.Millisecond); !errors.Is(err, ErrTrustees) || got != nil {
				t.Errorf("trustee %d hangs: %+v, %v", i, got, err)
			}
		})
	}
}

// An attempt that a trustee says it has served may be one whose answer was lost: it is tried again, but not for ever.
func TestLostAnswers(t *testing.T) {
	v := openVault(t, fourBids)
	v.pranked(answers(409, 1), 1)
	got, _, err := v.rank(t, patience)
	v.decided(t, "one answer was lost", got, err)
	v.pranked(answers(409, 100), 1)
	if got, _, err = v.rank(t, patience); !errors.Is(err, ErrTrustees) || got != nil {
		t.Errorf("all answers are lost: %+v, %v", got, err)
	}
	if n := len(v.trustees[0].asked()); n > lostAnswers+1 {
		t.Errorf("%d attempts", n)
	}
}

// Circuits that an evaluator has announced are used in first attempts, once each, and forgotten when something fails.
func TestTicketsAreUsedOnce(t *testing.T) {
	v := openVault(t, fourBids)
	evaluator := v.roles(0, message.Nobody)[message.Evaluator]
	announce := func() {
		for i, g := range v.trustees {
			g.mu.Lock()
			g.ready = []message.Ready{{Shape: v.shape(t), Session: [8]byte{byte(i)}, Numbers: []uint64{10, 11}}, {Shape: "1x1 g0 p1", Numbers: []uint64{99}}}
			g.mu.Unlock()
		}
	}
	quiet := func() {
		for _, g := range v.trustees {
			g.mu.Lock()
			g.ready = nil
			g.mu.Unlock()
		}
	}
	used := func() message.Ticket {
		calls := v.trustees[0].asked()
		return calls[len(calls)-1].Tickets[0]
	}
	announce()
	ranks := func(what string, want uint64) {
		t.Helper()
		got, _, err := v.rank(t, patience)
		v.decided(t, what, got, err)
		ticket := message.Ticket{}
		if want > 0 {
			ticket = message.Ticket{Session: [8]byte{byte(evaluator)}, Number: want}
		}
		if used() != ticket {
			t.Errorf("%s: ticket %+v, want number %d", what, used(), want)
		}
	}
	ranks("nothing was announced yet", 0)
	quiet()
	ranks("the first circuit", 10)
	ranks("the second circuit", 11)
	ranks("no more circuits", 0)

	announce()
	ranks("nothing in stock", 0)
	quiet()
	v.pranked(answers(502, 1), (evaluator+1)%scheme.Trustees)
	ranks("a second attempt makes its own", 0)
	if first := v.trustees[0].asked()[0].Tickets[0]; first.Number != 10 {
		t.Errorf("first attempt with ticket %+v", first)
	}
	ranks("what was in stock when something failed is forgotten", 0)
}

func (v *vault) shape(t *testing.T) string {
	t.Helper()
	return planOf(t, v.auction).Shape.Key()
}

func TestSealedRankerRefuses(t *testing.T) {
	v := openVault(t, fourBids)
	if _, _, err := v.ranker.Rank(context.Background(), v.auction); err == nil {
		t.Error("ranked without a deadline")
	}
	log := slog.New(slog.DiscardHandler)
	if _, err := NewSealedRanker(openSafe(t, fourBids).dir, v.keys.Auctioneer, log); err == nil {
		t.Error("trustees without links rank")
	}
	if _, err := NewSealedRanker(v.dir, keys.NewIdentity(), log); err == nil {
		t.Error("another auctioneer's identity is accepted")
	}
	if !v.ranker.Serves(message.Sealed) || v.ranker.Serves(message.Open) {
		t.Error("serves another mode than sealed")
	}
	ended, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	if got, _, err := v.ranker.Rank(ended, v.auction); !errors.Is(err, ErrTrustees) || got != nil {
		t.Errorf("after the deadline: %+v, %v", got, err)
	}
}
