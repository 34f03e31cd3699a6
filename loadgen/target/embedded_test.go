package target

import (
	"context"
	"testing"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/loadgen"
	"cipherbid/loadgen/netem"
)

// patient is a tmax that no auction of a test reaches, however slow the machine.
const patient = 20 * time.Second

func startEmbedded(t *testing.T, c Config) *Embedded {
	t.Helper()
	if c.TMax == 0 {
		c.TMax = patient
	}
	c.Data, c.Seed = data(t), 1
	e, err := StartEmbedded(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// batch runs n auctions, eight at a time, and checks every answer.
func batch(t *testing.T, target loadgen.Target, n int) *loadgen.Result {
	t.Helper()
	r, err := loadgen.Run(t.Context(), target, loadgen.Options{
		Scenario: loadgen.Offline, Batch: n, MaxInFlight: 8, TMax: patient, Check: 1, Claim: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Queries != n || r.Checked != n || r.Wrong != 0 {
		t.Fatalf("%d queries, %d checked, %d wrong: %v", r.Queries, r.Checked, r.Wrong, r.FirstFail)
	}
	return r
}

func TestEmbeddedMarketAnswersRight(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    Config
	}{
		{"encrypted", Config{Params: encrypted(t)}},
		{"encrypted, open", Config{Params: encrypted(t), Mode: message.Open}},
		{"encrypted live, as a device", Config{Params: encrypted(t), Live: true, Device: true}},
		{"plaintext", Config{Params: plain(t)}},
		{"plaintext, open", Config{Params: plain(t), Mode: message.Open}},
		{"many campaigns", Config{Params: encrypted(t), Bidders: 12, Campaigns: 16}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := startEmbedded(t, tc.c)
			r := batch(t, e, 60)
			if !r.Valid() || r.Good != 60 || r.Outcomes[loadgen.Sold] == 0 || r.Participation() != 1 {
				t.Errorf("%d good, %g heard: %v %v", r.Good, r.Participation(), r.Outcomes, r.Gates)
			}
			for _, stage := range []string{"network", "auction", "validate", "bidders", "ranking"} {
				if h := r.Stages[stage]; h == nil || h.TotalCount() != 60 {
					t.Errorf("stage %s is not there for every auction", stage)
				}
			}
			if (r.Stages["encrypt"] != nil) != tc.c.Live {
				t.Error("encryption is measured where it is not part of the call, or not where it is")
			}
			if r.Used.CPU["process"] <= 0 || !(r.PerCoreSecond() > 0) {
				t.Errorf("CPU time is %v", r.Used.CPU)
			}
			auctioneer := r.Used.Traffic["auctioneer"]
			if least := int64(60 * e.market.Dir.Params().PayloadBytes()); tc.c.Params.Encrypted() && auctioneer.In < least || auctioneer.Out == 0 {
				t.Errorf("the auctioneer's traffic is %+v, at least %d bytes came in", auctioneer, least)
			}
			for _, party := range []string{"trustee-0", "trustee-2"} {
				if got := r.Used.Traffic[party].In > 0; got != tc.c.Params.Encrypted() {
					t.Errorf("%s got bytes: %v", party, got)
				}
			}
			var links loadgen.Traffic // those of higher index are dialled
			for _, party := range []string{"trustee-1/link", "trustee-2/link"} {
				links.In, links.Out = links.In+r.Used.Traffic[party].In, links.Out+r.Used.Traffic[party].Out
			}
			if got := min(links.In, links.Out) > 60*1000; got != (tc.c.Params.Encrypted() && tc.c.Mode != message.Open) {
				t.Errorf("the trustees' links carried %+v", links)
			}
			if len(e.open) != 0 {
				t.Errorf("%d auctions are remembered", len(e.open))
			}
		})
	}
}

func TestUsersFollowOneAnother(t *testing.T) {
	e := startEmbedded(t, Config{Params: plain(t)})
	prepare := func(n int) {
		if err := e.Prepare(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	prepare(3)
	if e.user(2).row.ID != e.rows[2].ID {
		t.Error("query 2 is not user 2")
	}
	prepare(4)
	if e.user(0).row.ID != e.rows[3].ID || e.user(len(e.rows)-3).row.ID != e.rows[0].ID {
		t.Error("the second slice does not go on after the first")
	}
	if a := e.Call(t.Context(), 1); !a.Outcome.Decided() {
		t.Errorf("first use: %v", a)
	}
	if a := e.Call(t.Context(), 1); a.Outcome.Decided() {
		t.Error("a request was used twice")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e.Prepare(ctx, 100) == nil {
		t.Error("preparing went on after its context had ended")
	}
}

// The network's delays are lower bounds of what every stage takes. Trustees that rank need their links one way.
func TestEmulatedNetworkDelays(t *testing.T) {
	for _, mode := range []message.Mode{message.Sealed, message.Open} {
		t.Run(mode.String(), func(t *testing.T) { emulatedNetworkDelays(t, mode) })
	}
}

func emulatedNetworkDelays(t *testing.T, mode message.Mode) {
	const ms = time.Millisecond
	links, err := ParseLinks("publisher=30ms,bidders=20ms,trustees=10ms,enrolment=2ms,peers=16ms", 0)
	if err != nil {
		t.Fatal(err)
	}
	e := startEmbedded(t, Config{Params: encrypted(t), Mode: mode, Bidders: 3, Links: links})
	r := batch(t, e, 8)
	all, ranking := 60*ms, 10*ms
	if mode == message.Sealed {
		all, ranking = all+8*ms, ranking+8*ms
	}
	for stage, least := range map[string]time.Duration{loadgen.StageLatency: all, "network": 30 * ms, "bidders": 20 * ms, "ranking": ranking} {
		if got := time.Duration(r.Stages[stage].Min()); got < least*99/100 { // the histogram's resolution
			t.Errorf("stage %s took %s, at least %s were asked for", stage, got, least)
		}
	}
	if got := r.Used.Traffic["auctioneer"]; got.In == 0 {
		t.Error("no bytes behind the emulated network")
	}
	for _, link := range []string{"publisher>auctioneer", "auctioneer>trustee-1", "trustee-0>trustee-1", "trustee-1>trustee-2"} {
		if got := e.network.Traffic()[link]; got.Up == 0 || got.Down == 0 {
			t.Errorf("link %s carried %+v", link, got)
		}
	}
}

func TestMissingBiddersAreTold(t *testing.T) {
	e := startEmbedded(t, Config{Params: encrypted(t), Bidders: 4})
	gone := e.reference.models[0].Seat()
	if err := e.Market().Stop(gone); err != nil {
		t.Fatal(err)
	}
	r := batch(t, e, 20)
	if r.Partial != 20 || r.Good != 0 || r.Participation() != 0.75 || r.Short != 0 {
		t.Errorf("%d partial, %d good, %g heard, %d short", r.Partial, r.Good, r.Participation(), r.Short)
	}
}

func TestFailuresHaveNames(t *testing.T) {
	e := startEmbedded(t, Config{Params: encrypted(t), Bidders: 2, TMax: 10 * time.Millisecond}) // less than the reserves
	if err := e.Prepare(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if a := e.Call(t.Context(), 0); a.Outcome != "status_422" {
		t.Errorf("no time left: %+v", a)
	}
	if err := e.Market().Stop("auctioneer"); err != nil {
		t.Fatal(err)
	}
	if a := e.Call(t.Context(), 1); a.Outcome != loadgen.Unreachable && a.Outcome != loadgen.Timeout {
		t.Errorf("nobody there: %+v", a)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Params: plain(t), Data: data(t), TMax: time.Second}
	for name, change := range map[string]func(*Config){
		"no parameters": func(c *Config) { c.Params = nil },
		"no data":       func(c *Config) { c.Data = nil },
		"no time":       func(c *Config) { c.TMax = 0 },
		"long":          func(c *Config) { c.TMax = time.Hour },
		"campaigns":     func(c *Config) { c.Campaigns = 1000 },
		"bidders":       func(c *Config) { c.Bidders = -1 },
		"link":          func(c *Config) { c.Links.Bidders = netem.Link{RTT: -1} },
		"boxes":         func(c *Config) { c.Params, c.Suite = encrypted(t), "rot13" },
	} {
		c := good
		change(&c)
		if e, err := StartEmbedded(c); err == nil {
			t.Errorf("%s: accepted", name)
			e.Close()
		}
	}
}
