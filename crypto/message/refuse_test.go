package message

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// refusal is a message that must not decode, and what the error must say.
type refusal struct {
	name string
	raw  []byte
	says string
}

func checkRefusals(t *testing.T, list []refusal, decode func([]byte) error) {
	t.Helper()
	for _, tc := range list {
		if err := decode(tc.raw); !errors.Is(err, wire.ErrMalformed) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want ErrMalformed that says %q", tc.name, err, tc.says)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		with := func(change func(*Request)) []byte {
			r := sampleRequest(t, e)
			change(r)
			return e.EncodeRequest(r)
		}
		list := []refusal{
			{"large box", with(func(r *Request) { r.Boxes[1] = make([]byte, MaxUserBox+1) }), "box: 4097 bytes, at most 4096"},
			{"long terms", with(func(r *Request) { r.RawTerms = make([]byte, MaxTermsBytes+1) }), "terms: 65537 bytes"},
			{"no terms", with(func(r *Request) { r.RawTerms = nil }), "frame"},
			{"other terms", with(func(r *Request) { r.RawTerms = e.EncodeEnrolment(sampleEnrolment()) }), "message of type 8, want 1"},
			{"short signature", with(func(r *Request) { r.Signature = r.Signature[1:] }), ""},
		}
		checkRefusals(t, list, func(b []byte) error { _, err := e.DecodeRequest(b); return err })
	})
}

func TestRefusedAnswers(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		campaigns := uint16(e.Params.MaxLanes())
		with := func(seat string, lanes ...Lane) []byte {
			return e.AppendAnswer(nil, sampleAnswer(e, Digest{}, "s"+seat, lanes))
		}
		whole := with("eat", sampleLanes(1, 3)...)
		count := func(lo, hi byte) []byte { return patch(t, whole, []byte("seat"), 4+32, lo, hi) }
		list := []refusal{
			{"no seat", patch(t, whole, []byte("seat"), -2, 0, 0), "seat: is empty"},
			{"long seat", with(strings.Repeat("x", MaxID), Lane{}), "seat: 65 bytes, at most 64"},
			{"no lanes", with("eat"), "lanes: there are none"},
			{"too many lanes", with("eat", make([]Lane, MaxAnswerLanes+1)...), "lanes: 2049, at most 2048"},
			{"65,535 lanes", count(255, 255), "lanes: 65535, at most 2048"},
			{"more lanes than bytes", count(0, 8), "lanes: 2048 do not fit"},
			{"imp out of range", with("eat", Lane{MaxImps, 0, 0}), "imp 16"},
			{"campaign out of range", with("eat", Lane{0, campaigns, 0}), "campaign 32"},
			{"unsorted campaigns", with("eat", Lane{0, 2, 0}, Lane{0, 1, 0}), "lane: 1 is not in ascending order"},
			{"unsorted imps", with("eat", Lane{0, 1, 0}, Lane{1, 1, 0}, Lane{0, 2, 0}), "lane: 2 is not in ascending order"},
			{"lane twice", with("eat", Lane{0, 1, 0}, Lane{0, 1, 0}), "lane: 1 is not in ascending order"},
			{"cap above the range", with("eat", Lane{0, 0, NoCap + 1}), "cap out of range"},
			{"cap below the range", with("eat", Lane{0, 0, -1<<30 - 1}), "cap out of range"},
		}
		if e.Params.Encrypted() {
			large := sampleAnswer(e, Digest{}, "seat", sampleLanes(1, 3))
			large.Boxes[2] = make([]byte, maxBidderBox+1)
			list = append(list, refusal{"large box", e.AppendAnswer(nil, large), "box: 16445 bytes"})
		} else {
			short := sampleAnswer(e, Digest{}, "seat", sampleLanes(1, 3))
			short.Clear = short.Clear[:2]
			list = append(list, refusal{"too few clear lanes", e.AppendAnswer(nil, short), "clear lanes: needs 12 bytes, 8 are left"})
		}
		checkRefusals(t, list, func(b []byte) error { _, err := e.DecodeAnswer(b); return err })
	})
}

func TestRefusedManifests(t *testing.T) {
	e := epochs(t)[0]
	_, _, m := sampleAuction(t, e, 3, 4)
	raw := e.EncodeManifest(m)
	twice := &Manifest{Request: m.Request, Entries: []Entry{m.Entries[0], m.Entries[1], m.Entries[0]}}
	unsorted := &Manifest{Request: m.Request, Entries: []Entry{m.Entries[0]}}
	unsorted.Entries[0].Lanes = []Lane{{1, 0, 0}, {0, 0, 0}}
	count := func(lo, hi byte) []byte { return patch(t, raw, m.Request[:], 32, lo, hi) }
	checkRefusals(t, []refusal{
		{"seat twice", e.EncodeManifest(twice), "entries: a seat is listed twice"},
		{"unsorted lanes", e.EncodeManifest(unsorted), "not in ascending order"},
		{"1,025 entries", count(1, 4), "entries: 1025, at most 1024"},
		{"65,535 entries", count(255, 255), "entries: 65535"},
		{"more entries than bytes", count(0, 4), "entries: 1024 do not fit"},
		{"an entry less", count(2, 0), "left over"},
	}, func(b []byte) error { _, err := e.DecodeManifest(b); return err })
}

func TestRefusedOpenRequests(t *testing.T) {
	e := epochs(t)[0]
	const trustee = 1
	r, answers, m := sampleAuction(t, e, 3, 4)
	// with encodes an open request whose answers and manifest were changed alike.
	with := func(change func(r *Request, answers []*Answer, m *Manifest)) []byte {
		r, answers, m := sampleAuction(t, e, 3, 4)
		change(r, answers, m)
		return encodeOpen(e, r, m, answers, trustee)
	}
	changedTerms := func(change func(*Terms)) []byte {
		return with(func(r *Request, _ []*Answer, m *Manifest) {
			x := sampleTerms()
			change(x)
			var err error
			if r.RawTerms, err = e.EncodeTerms(x); err != nil {
				t.Fatal(err)
			}
			m.Request = RequestDigest(r.RawTerms, scheme.HashPacked(r.C0), scheme.HashPacked(r.B))
		})
	}
	checkRefusals(t, []refusal{
		{"box that is not in the manifest", with(func(_ *Request, a []*Answer, _ *Manifest) { a[2].Boxes[trustee][0] ^= 1 }), "bidder's box: 2 is not the one in the manifest"},
		{"boxes of another trustee", encodeOpen(e, r, m, answers, 2), "bidder's box: 0 is not the one"},
		{"boxes in another order", with(func(_ *Request, a []*Answer, _ *Manifest) { a[0], a[1] = a[1], a[0] }), "bidder's box: 0 is not the one"},
		{"a box less", encodeOpen(e, r, m, answers[:2], trustee), "bidder's box: needs 4 bytes"},
		{"a box more", encodeOpen(e, r, &Manifest{m.Request, m.Entries[:2]}, answers, trustee), "left over"},
		{"manifest for another request", with(func(_ *Request, _ []*Answer, m *Manifest) { m.Request[0] ^= 1 }), "manifest is for another request"},
		{"other c0", with(func(r *Request, _ []*Answer, _ *Manifest) { r.C0[0] ^= 1 }), "manifest is for another request"},
		{"other b", with(func(r *Request, _ []*Answer, _ *Manifest) { r.B[0] ^= 1 }), "manifest is for another request"},
		{"too many lanes of one bidder", changedTerms(func(x *Terms) { x.MaxLanes = 3 }), "entry 0: 4 lanes, the request allows 3"},
		{"too many lanes of all bidders", changedTerms(func(x *Terms) { x.MaxLanes = 11 }), "12 lanes in the manifest, the request allows 11"},
		{"lane for an imp that is not on sale", with(func(_ *Request, a []*Answer, m *Manifest) {
			m.Entries[1].Lanes = []Lane{{0, 0, 0}, {2, 0, 0}}
		}), "entry 1: lane for imp 2 of 2"},
		{"large box of the user", with(func(r *Request, _ []*Answer, _ *Manifest) { r.Boxes[trustee] = make([]byte, MaxUserBox+1) }), "box: 4097 bytes"},
	}, func(b []byte) error { _, err := e.DecodeOpenRequest(b, trustee); return err })

	next := *e
	next.Period++
	old := e.EncodeOpenRequest(r, next.EncodeManifest(m), noise(20, BoxOverhead), answers, trustee)
	if _, err := e.DecodeOpenRequest(old, trustee); !errors.Is(err, ErrPeriod) {
		t.Errorf("a manifest of the next period: %v, want ErrPeriod", err)
	}
}

func TestRefusedShares(t *testing.T) {
	e := epochs(t)[0]
	_, _, m := sampleAuction(t, e, 3, 4)
	s := sampleShares(m)
	raw := e.EncodeShares(s)
	_, _, longer := sampleAuction(t, e, 4, 4)
	_, _, wider := sampleAuction(t, e, 3, 5)
	checkRefusals(t, []refusal{
		{"trustee 3", patch(t, raw, s.Manifest[:], 32, 3), "trustee: there is no trustee 3"},
		{"unknown status", patch(t, raw, s.Manifest[:], 33, byte(statuses)), "status: 4 is unknown"},
		{"status 255", patch(t, raw, s.Manifest[:], 33, 255), "status: 255 is unknown"},
		{"shares where the status says none", patch(t, raw, s.Manifest[:], 33, byte(BadBox)), ""},
	}, func(b []byte) error { _, err := e.DecodeShares(b, m); return err })
	for name, other := range map[string]*Manifest{"more entries": longer, "more lanes": wider, "no entries": {}} {
		if _, err := e.DecodeShares(raw, other); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("shares for a manifest with %s: %v", name, err)
		}
	}
}

func TestRefusedEnrolments(t *testing.T) {
	e := epochs(t)[0]
	raw := e.EncodeEnrolment(sampleEnrolment())
	long, large := sampleEnrolment(), sampleEnrolment()
	long.ID = strings.Repeat("x", MaxID+1)
	large.Box = make([]byte, MaxPeriodBytes+1)
	checkRefusals(t, []refusal{
		{"role 0", patch(t, raw, []byte("\x06\x00seat-1"), -1, 0), "role: 0 is unknown"},
		{"role 4", patch(t, raw, []byte("\x06\x00seat-1"), -1, 4), "role: 4 is unknown"},
		{"long id", e.EncodeEnrolment(long), "id: 65 bytes"},
		{"large box", e.EncodeEnrolment(large), "box: 1048577 bytes"},
	}, func(b []byte) error { _, err := e.DecodeEnrolment(b); return err })
}

func TestRefusedRankRequests(t *testing.T) {
	e := epochs(t)[0]
	r, answers, m := sampleAuction(t, e, 3, 4)
	raw := func(call []byte, trustee int) []byte {
		return e.EncodeRankRequest(r, call, e.EncodeManifest(m), noise(20, BoxOverhead), answers, trustee)
	}
	with := func(change func(*Call)) []byte {
		c := sampleCall()
		change(c)
		return raw(EncodeCall(c), 1)
	}
	whole := EncodeCall(sampleCall())
	checkRefusals(t, []refusal{
		{"attempt 8", with(func(c *Call) { c.Attempt = MaxAttempts }), "attempt: 8, at most 8"},
		{"attempt 255", with(func(c *Call) { c.Attempt = 255 }), "attempt: 255"},
		{"trustee 3 absent", with(func(c *Call) { c.Absent = 3 }), "there is no trustee 3"},
		{"trustee 254 absent", with(func(c *Call) { c.Absent = Nobody - 1 }), "there is no trustee 254"},
		{"a long wait", with(func(c *Call) { c.Wait = MaxWait + time.Millisecond }), "wait: 10.001s, at most 10s"},
		{"no tickets", with(func(c *Call) { c.Tickets = nil }), "tickets: 0 for 2 imps"},
		{"a ticket less", with(func(c *Call) { c.Tickets = c.Tickets[:1] }), "tickets: 1 for 2 imps"},
		{"a ticket more", with(func(c *Call) { c.Tickets = make([]Ticket, 3) }), "tickets: 3 for 2 imps"},
		{"17 tickets", with(func(c *Call) { c.Tickets = make([]Ticket, 17) }), "call: 278 bytes, at most 262"},
		{"17 tickets claimed", raw(append(whole[:4:4], 17, 0), 1), "tickets: 17, at most 16"},
		{"no call", raw(nil, 1), "attempt"},
		{"half a call", raw(whole[:len(whole)/2], 1), "tickets"},
		{"a call and a byte", raw(append(whole[:len(whole):len(whole)], 0), 1), "left over"},
		{"boxes of another trustee", raw(whole, 2), "bidder's box: 0 is not the one"},
	}, func(b []byte) error { _, err := e.DecodeRankRequest(b, 1); return err })

	next := *e
	next.Period++
	inner := raw(whole, 1)
	copy(inner[frameBytes+4+len(whole):], next.EncodeOpenRequest(r, e.EncodeManifest(m), noise(20, BoxOverhead), answers, 1))
	if _, err := e.DecodeRankRequest(inner, 1); !errors.Is(err, ErrPeriod) {
		t.Errorf("an open request of the next period inside: %v, want ErrPeriod", err)
	}
}

func TestRefusedRanked(t *testing.T) {
	e := epochs(t)[0]
	a := sampleRanked()
	raw := e.EncodeRanked(a)
	with := func(change func(*Ranked)) []byte {
		x := sampleRanked()
		change(x)
		return e.EncodeRanked(x)
	}
	checkRefusals(t, []refusal{
		{"trustee 3", patch(t, raw, a.Manifest[:], -1, 3), "there is no trustee 3"},
		{"unknown status", patch(t, raw, a.Manifest[:], 32+1+2, byte(statuses)), "status: 4 is unknown"},
		{"1,025 statuses", with(func(x *Ranked) { x.Statuses = make([]Status, MaxEntries+1) }), "statuses: 1025, at most 1024"},
		{"17 imps", with(func(x *Ranked) { x.Imps = make([]RankedImp, MaxImps+1) }), "imps: 17, at most 16"},
		{"a large table", with(func(x *Ranked) { x.Imps[0].Table = make([]byte, maxTable+1) }), "table: 2049 bytes, at most 2048"},
		{"many labels", with(func(x *Ranked) { x.Imps[0].Labels = make([]byte, maxTable/2+1) }), "labels: 1025 bytes, at most 1024"},
		{"many seats", with(func(x *Ranked) { x.Imps[0].Opened = make([]byte, maxOpened+1) }), "opened seats: 8193 bytes, at most 8192"},
		{"65 stocks", with(func(x *Ranked) { x.Ready = make([]Ready, MaxReady+1) }), "stocks: 65, at most 64"},
		{"a long shape", with(func(x *Ranked) { x.Ready[0].Shape = strings.Repeat("x", MaxShape+1) }), "shape: 257 bytes, at most 256"},
		{"1,025 circuits", with(func(x *Ranked) { x.Ready[0].Numbers = make([]uint64, MaxReadyEach+1) }), "circuits: 1025, at most 1024"},
		{"more statuses than bytes", patch(t, raw, a.Manifest[:], 32+1, 0, 4), "statuses: 1024 do not fit"},
	}, func(b []byte) error { _, err := e.DecodeRanked(b); return err })
}

func TestRefusedLegs(t *testing.T) {
	e := epochs(t)[0]
	l := sampleLeg()
	raw := e.EncodeLeg(l)
	checkRefusals(t, []refusal{
		{"part 3", patch(t, raw, l.Manifest[:], 33, 3), "part: 3 is unknown"},
		{"17 imps", e.EncodeLeg(&Leg{Imps: make([]LegImp, MaxImps+1)}), "imps: 17, at most 16"},
		{"an imp more than there is", patch(t, raw, l.Session[:], 8, 3), ""},
		{"an imp less", patch(t, raw, l.Session[:], 8, 1), "left over"},
		{"more labels than bytes", patch(t, raw, l.Imps[0].Share[:], 16, 0, 0, 0, 4), "leg: needs 67108864 bytes"},
		{"labels above all limits", patch(t, raw, l.Imps[0].Share[:], 16, 1, 0, 0, 4), "leg: 67108865 bytes, at most 67108864"},
	}, func(b []byte) error { _, err := e.DecodeLeg(b); return err })
}

func TestRefusedStocksAndDeals(t *testing.T) {
	e := epochs(t)[0]
	checkRefusals(t, []refusal{
		{"a long shape", e.EncodeStock(&Stock{Shape: strings.Repeat("x", MaxShape+1)}), "shape: 257 bytes, at most 256"},
		{"half a number", e.EncodeStock(sampleStock())[:frameBytes+2+len(sampleStock().Shape)+12], "circuit: needs 8 bytes, 4 are left"},
	}, func(b []byte) error { _, _, err := e.DecodeStock(b); return err })
	raw := e.EncodeDeal(sampleDeal())
	id := sampleDeal().ID
	checkRefusals(t, []refusal{
		{"role 2", patch(t, raw, id[:], 8, 2), "role: is neither sender nor receiver"},
		{"a large half", e.EncodeDeal(&Deal{Half: make([]byte, maxDeal+1)}), "half: 8193 bytes, at most 8192"},
		{"a short half", patch(t, raw, id[:], 9, 99), "left over"},
	}, func(b []byte) error { _, err := e.DecodeDeal(b); return err })
}

// Who gets a frame from a link can tell which decoder it is for, and hostile bytes at most lead to the wrong one.
func TestLinkKind(t *testing.T) {
	e := epochs(t)[0]
	links := map[string]LinkMessage{"leg": LinkLeg, "stock": LinkStock, "deal": LinkDeal}
	for _, m := range allFramed(t, e) {
		got := LinkKind(m.raw)
		if want, ok := links[m.name]; ok && got != want || !ok && (got == LinkLeg || got == LinkStock || got == LinkDeal) {
			t.Errorf("%s is of kind %d", m.name, got)
		}
	}
	for n := range frameBytes {
		if got := LinkKind(make([]byte, n)); got != 0 {
			t.Errorf("%d bytes are of kind %d", n, got)
		}
	}
}

func TestPartsAndModesHaveNames(t *testing.T) {
	if got := Garbler.String() + Checker.String() + Evaluator.String(); got != "garblercheckerevaluator" {
		t.Error(got)
	}
	for _, m := range []Mode{Open, Sealed} {
		if got, err := ParseMode(m.String()); err != nil || got != m {
			t.Errorf("%s is parsed as %d, %v", m, got, err)
		}
	}
	for _, name := range []string{"", "Open", "mode 3", Mode(3).String()} {
		if _, err := ParseMode(name); err == nil {
			t.Errorf("%q is a mode", name)
		}
	}
}

func TestCheckLanes(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lanes []Lane
		says  string
	}{
		{"as many as allowed", sampleLanes(2, 256), ""},
		{"one more", sampleLanes(1, 513), "513 lanes, the request allows 512"},
		{"an imp that is not on sale", []Lane{{0, 0, 0}, {2, 0, 0}}, "lane for imp 2 of 2"},
	} {
		err := (&Bid{Lanes: tc.lanes}).CheckLanes(sampleTerms())
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.says)
		}
	}
}

func TestStatusesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for s := range statuses {
		if name := s.String(); seen[name] || strings.HasPrefix(name, "status ") {
			t.Errorf("status %d is called %q", uint8(s), name)
		} else {
			seen[name] = true
		}
	}
	if got := statuses.String(); got != "status 4" {
		t.Errorf("an unknown status is called %q", got)
	}
}
