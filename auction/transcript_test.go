package auction

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/transport"
)

// sampleTranscript is of an auction that was decided at the second attempt, without trustee 1.
func sampleTranscript() *Transcript {
	absent := uint8(1)
	exchange := func(trustee uint8) TrusteeHashes {
		return TrusteeHashes{Trustee: trustee, Request: Hash{3, trustee}, Answer: Hash{4, trustee}, Statuses: []message.Status{message.Opened, message.BadBox}}
	}
	return &Transcript{
		Period: 3, Auction: "5c01", Request: Hash{1}, Manifest: Hash{2}, Arrival: time.Unix(1_795_000_000, 123_456_789).UTC(),
		Attempts: []Attempt{
			{Number: 0, Failed: "unreachable", Exchanges: []TrusteeHashes{{Trustee: 0, Request: Hash{5}}}},
			{Number: 1, Absent: &absent, Exchanges: []TrusteeHashes{exchange(0), exchange(2)}},
		},
	}
}

var sampleOutcome = []Outcome{{Imp: "1"}, {Imp: "2", Sold: true, Seat: "ada", Campaign: 1, Price: 2.718281828}}

func signSample(tb testing.TB, auctioneer keys.Identity, outcome []Outcome) *SignedTranscript {
	tb.Helper()
	s, err := sampleTranscript().Sign(outcome, auctioneer)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// A transcript survives its way to a file and back, with its opening and without.
func TestTranscriptRoundTrip(t *testing.T) {
	auctioneer := keys.NewIdentity()
	signed := signSample(t, auctioneer, sampleOutcome)
	line, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	var read SignedTranscript
	if err := json.Unmarshal(line, &read); err != nil {
		t.Fatal(err)
	}
	got, err := read.Verify(auctioneer.Public())
	if err != nil {
		t.Fatal(err)
	}
	want := sampleTranscript()
	want.Version, want.Outcome = transcriptVersion, signed.Opening.Commitment()
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(read.Opening.Imps, sampleOutcome) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if d := got.Deciding(); d == nil || d.Number != 1 {
		t.Errorf("decided by %+v", d)
	}
	read.Opening = nil
	if _, err := read.Verify(auctioneer.Public()); err != nil {
		t.Errorf("as published: %v", err)
	}
	if _, err := read.Verify(keys.NewIdentity().Public()); !errors.Is(err, keys.ErrSignature) {
		t.Errorf("of another auctioneer: %v", err)
	}
	t.Logf("%d bytes, %d without the opening", len(line), len(line)-len(mustMarshal(t, signed.Opening)))
}

func mustMarshal(t *testing.T, v *Opening) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is published tells neither the winner nor the price: the same outcome twice has two commitments.
func TestPublishedTranscriptHidesTheOutcome(t *testing.T) {
	auctioneer := keys.NewIdentity()
	a, b := signSample(t, auctioneer, sampleOutcome), signSample(t, auctioneer, sampleOutcome)
	if a.Opening.Commitment() == b.Opening.Commitment() {
		t.Error("an outcome has one commitment only, which a guess would confirm")
	}
	for _, secret := range []string{`"ada"`, "2.71", "sold", "price", "seat"} {
		if strings.Contains(string(a.Transcript), secret) {
			t.Errorf("%q stands in %s", secret, a.Transcript)
		}
	}
}

func TestHashText(t *testing.T) {
	var h Hash
	for text, says := range map[string]string{
		strings.Repeat("0", 63): "63 characters", strings.Repeat("0", 65): "65 characters", strings.Repeat("g", 64): "invalid byte", "": "0 characters",
	} {
		if err := h.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	want := Hash(sha256.Sum256(nil))
	if err := h.UnmarshalText([]byte(want.String())); err != nil || h != want {
		t.Errorf("%s, %v", h, err)
	}
}

// FuzzTranscript has the auctioneer sign anything. What is accepted does not contradict itself, and says the same when it is signed again.
func FuzzTranscript(f *testing.F) {
	auctioneer := keys.NewIdentity()
	f.Add([]byte(signSample(f, auctioneer, sampleOutcome).Transcript))
	f.Add([]byte(`{"version":1,"arrival":"2026-11-25T00:00:00Z","attempts":[{"number":0,"failed":"late","trustees":null}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &SignedTranscript{Transcript: b, Signature: auctioneer.Sign(keys.DomainTranscript, sha256.Sum256(b))}
		x, err := s.Verify(auctioneer.Public())
		if err != nil {
			return
		}
		if d := x.Deciding(); d != nil && (len(d.Exchanges) < 2 || x.Outcome == Hash{}) {
			t.Fatalf("decided by %d trustees: %s", len(d.Exchanges), b)
		}
		again, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		s = &SignedTranscript{Transcript: again, Signature: auctioneer.Sign(keys.DomainTranscript, sha256.Sum256(again))}
		y, err := s.Verify(auctioneer.Public())
		if err != nil {
			t.Fatalf("%s becomes %s: %v", b, again, err)
		}
		if third, err := json.Marshal(y); err != nil || string(third) != string(again) {
			t.Fatalf("%s becomes %s, then %s: %v", b, again, third, err)
		}
	})
}

// scribe is a transcriber with a short queue.
func scribe(t *testing.T, queue int, publish func(*SignedTranscript) error) *transcriber {
	h := open(t, nil)
	x := &transcriber{
		identity: h.keys.Auctioneer, publish: publish, metrics: newMetrics(h.dir), log: slog.New(slog.DiscardHandler),
		queue: make(chan ended, queue), done: make(chan struct{}),
	}
	go x.work()
	return x
}

func sealedCase(n byte) *Case {
	return &Case{Request: &message.Request{Digest: message.Digest{n}, Terms: &message.Terms{Mode: message.Sealed}}, RawManifest: []byte{n}}
}

// lost is how many transcripts were lost.
func lost(t *testing.T, m *metrics) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "cipherbid_transcripts_lost_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatal("transcripts are not counted")
	return 0
}

// While transcripts cannot be kept, auctions go on without; what waits is kept at the end, in order.
func TestTranscriptsDoNotHoldAuctionsUp(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var kept []Hash
	x := scribe(t, 2, func(s *SignedTranscript) error {
		once.Do(func() { close(started); <-release })
		var got Transcript
		if err := json.Unmarshal(s.Transcript, &got); err != nil {
			return err
		}
		kept = append(kept, got.Request)
		return nil
	})
	x.add(sealedCase(1), time.Now(), nil, sampleOutcome)
	<-started
	for n := byte(2); n < 7; n++ {
		x.add(sealedCase(n), time.Now(), &RankReport{traces: []*trace{{number: 0, absent: message.Nobody, failed: ErrTrustees}}}, nil)
	}
	openMode := sealedCase(9)
	openMode.Request.Terms.Mode = message.Open
	x.add(openMode, time.Now(), nil, nil)
	if n := lost(t, x.metrics); n != 3 {
		t.Errorf("%g lost, want 3", n)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	x.close(gone) // returns although the disk hangs
	close(release)
	x.close(t.Context())
	if want := []Hash{{1}, {2}, {3}}; !reflect.DeepEqual(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	x.add(sealedCase(8), time.Now(), nil, nil)
	if n := lost(t, x.metrics); n != 4 {
		t.Errorf("%g lost after the end, want 4", n)
	}
}

func TestTranscriptThatIsNotKeptIsCounted(t *testing.T) {
	x := scribe(t, 2, func(*SignedTranscript) error { return errors.New("disk full") })
	x.add(sealedCase(1), time.Now(), nil, nil)
	x.close(t.Context())
	if n := lost(t, x.metrics); n != 1 {
		t.Errorf("%g lost, want 1", n)
	}
}

// A plaintext market has no trustees to replay.
func TestPlaintextMarketKeepsNoTranscripts(t *testing.T) {
	h := open(t, nil)
	c := Config{Transcript: func(*SignedTranscript) error { return nil }}
	if x := newTranscriber(h.dir, h.keys.Auctioneer, h.metrics, &c); x != nil {
		x.close(t.Context())
		t.Error("a plaintext market keeps transcripts")
	}
}

// A trace says what was sent and received, also of a trustee that answers when it is too late.
func TestTrace(t *testing.T) {
	x := &trace{number: 2, absent: 1}
	x.sent(0, []byte("to 0"))
	x.sent(2, []byte("to 2"))
	x.ended(fmt.Errorf("%w: %w", ErrTrustees, transport.ErrUnreachable))
	x.received(2, []byte("from 2"), []message.Status{message.Opened})
	absent := uint8(1)
	want := Attempt{Number: 2, Absent: &absent, Failed: "unreachable", Exchanges: []TrusteeHashes{
		{Trustee: 0, Request: sha256.Sum256([]byte("to 0"))},
		{Trustee: 2, Request: sha256.Sum256([]byte("to 2")), Answer: sha256.Sum256([]byte("from 2")), Statuses: []message.Status{message.Opened}},
	}}
	if got := x.attempt(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Classes of failures name no addresses.
func TestFailureClasses(t *testing.T) {
	for want, err := range map[string]error{
		"": nil, "disagreement": fmt.Errorf("x: %w", ErrDisagree), "unreachable": errors.Join(errors.New("a"), transport.ErrUnreachable),
		"late": fmt.Errorf("%w: %w", ErrTrustees, context.DeadlineExceeded), "status 502": &transport.StatusError{Status: 502, Reason: "trustee 2"},
		"other": errors.New("http://10.0.0.1 is on fire"),
	} {
		if got := failureClass(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func BenchmarkTranscript(b *testing.B) {
	auctioneer := keys.NewIdentity()
	traces := make([]*trace, 1)
	traces[0] = &trace{absent: message.Nobody}
	for i := range 3 {
		traces[0].sent(i, make([]byte, 20<<10))
		traces[0].received(i, make([]byte, 1<<10), make([]message.Status, 10))
	}
	x := &transcriber{identity: auctioneer, publish: func(s *SignedTranscript) error { _, err := json.Marshal(s); return err }}
	c := sealedCase(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := x.write(&ended{c: c, arrival: time.Now(), traces: traces, outcome: sampleOutcome}); err != nil {
			b.Fatal(err)
		}
	}
}
