package trustee

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// A request is opened from its issue, less the clocks' skew, until its expiry, and only if it lives no longer than allowed.
func TestTimeOfARequest(t *testing.T) {
	m := newMarket(t, keys.X25519)
	r := m.ask(opportunity())
	c := m.sell(r)
	m.works(c)
	issued, expiry := r.Terms.Issued, r.Terms.Expiry
	long := func(d time.Duration) *closed { // without bids, since honest seats refuse it as well
		altered := m.alter(r, func(t *message.Terms, _, _ []byte) { t.Expiry, t.MinOrgs = t.Issued.Add(d), 0 })
		return m.close(m.reseal(altered, r))
	}
	for _, tc := range []struct {
		name string
		c    *closed
		now  time.Time
		want string // "" if it is opened
	}{
		{"when issued", c, issued, ""},
		{"at its last moment", c, expiry.Add(-time.Millisecond), ""},
		{"at its expiry", c, expiry, "request expired"},
		{"an hour later", c, issued.Add(time.Hour), "request expired"},
		{"from a clock as fast as may be", c, issued.Add(-message.MaxClockSkew), ""},
		{"from the future", c, issued.Add(-message.MaxClockSkew - time.Millisecond), "in the future"},
		{"as long as may be", long(message.MaxLifetime), issued, ""},
		{"longer", long(message.MaxLifetime + time.Millisecond), issued, "at most 1m0s is allowed"},
	} {
		for i := range m.trustees {
			_, err := m.openAt(tc.c, i, tc.now)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%s: trustee %d: %v, want %q", tc.name, i, err, tc.want)
			}
			if tc.want == "request expired" && !errors.Is(err, message.ErrExpired) {
				t.Errorf("%s: trustee %d: %v, want %v", tc.name, i, err, message.ErrExpired)
			}
		}
	}
}

// A trustee serves nothing before its period begins and after it ends, even a request that has not expired.
func TestTimeOfAPeriod(t *testing.T) {
	m := newMarket(t, keys.X25519)
	end, start := m.dir.Period().End, m.dir.Period().Start
	r := m.ask(opportunity())
	m.works(m.sell(r))
	at := func(issued time.Time) *closed {
		altered := m.alter(r, func(t *message.Terms, _, _ []byte) { t.Issued, t.Expiry = issued, issued.Add(30*time.Second) })
		return m.close(m.reseal(altered, r)) // nobody bids
	}
	last, early := at(end.Add(-time.Second)), at(start)
	for i, trustee := range m.trustees {
		if _, err := trustee.Open(m.encoded(last, i), end); !errors.Is(err, message.ErrPeriod) {
			t.Errorf("trustee %d, when the period has ended: %v", i, err)
		}
		if _, err := trustee.Open(m.encoded(early, i), start.Add(-time.Millisecond)); !errors.Is(err, message.ErrPeriod) {
			t.Errorf("trustee %d, before the period begins: %v", i, err)
		}
		// One second earlier it is only that nobody has bid.
		if _, err := trustee.Open(m.encoded(last, i), end.Add(-time.Second)); !errors.Is(err, ErrFewOrgs) {
			t.Errorf("trustee %d, in the last second of the period: %v", i, err)
		}
	}
}

// The next period has other keys, and its trustees refuse what belongs to the last one at the first bytes. Dressed up as the
// new period's, the old request still names and needs the old keys, which are gone.
func TestRequestOfTheLastPeriod(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	old := m.dir
	oldKey := m.keys.Trustees[0].Period
	if err := m.keys.Roll(m.boot, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	var err error
	if m.dir, err = m.keys.Directory(); err != nil {
		t.Fatal(err)
	}
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := New(m.dir, m.scheme, 0, oldKey, store, m.boot); err == nil {
		t.Error("the last period's key serves the next")
	}
	if _, err := New(old, m.scheme, 0, m.keys.Trustees[0].Period, store, m.boot); err == nil {
		t.Error("the next period's key serves the last")
	}
	if m.scheme, err = m.dir.Scheme(); err != nil {
		t.Fatal(err)
	}
	for i := range m.trustees {
		m.stop(i)
		m.folders[i] = t.TempDir()
		m.start(i, m.boot)
		m.enrolAuctioneer(i)
	}
	for i, trustee := range m.trustees {
		raw := old.Epoch().EncodeOpenRequest(c.request, c.raw, m.tag(m.sessions[i], c.raw, i), c.answers, i)
		if _, err := trustee.Open(raw, c.request.Terms.Issued); !errors.Is(err, message.ErrPeriod) {
			t.Errorf("trustee %d: %v, want %v", i, err, message.ErrPeriod)
		}
		if err := trustee.Enrol(m.seats["bolt"].Enrolments()[i]); !errors.Is(err, message.ErrPeriod) {
			t.Errorf("trustee %d on an enrolment: %v, want %v", i, err, message.ErrPeriod)
		}
	}
	for _, id := range m.enrolled {
		m.enrolSeat(id)
	}
	dressed := m.resign(m.alter(m.framed(c.request), func(*message.Terms, []byte, []byte) {}))
	m.allRefuse(m.close(dressed), message.ErrPeriod)
	dressed = m.resign(m.alter(dressed, func(t *message.Terms, _, _ []byte) { t.TrusteeKeys = m.dir.TrusteeKeyIDs() }))
	m.noBoxOpens(m.close(dressed))
	m.works(m.sell(m.ask(opportunity())))
}

// framed is a request under the market's present frame.
func (m *market) framed(r *message.Request) *message.Request {
	m.tb.Helper()
	out := *r
	var err error
	if out.RawTerms, err = m.dir.Epoch().EncodeTerms(r.Terms); err != nil {
		m.tb.Fatal(err)
	}
	return &out
}

// A request to another market, with the same parties and parameters, is refused at the first bytes.
func TestRequestOfAnotherMarket(t *testing.T) {
	m, other := newMarket(t, keys.X25519), newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	for i, trustee := range other.trustees {
		if _, err := trustee.Open(m.encoded(c, i), c.request.Terms.Issued); !errors.Is(err, message.ErrMarket) {
			t.Errorf("trustee %d: %v, want %v", i, err, message.ErrMarket)
		}
		if err := trustee.Enrol(m.seats["bolt"].Enrolments()[i]); !errors.Is(err, message.ErrMarket) {
			t.Errorf("trustee %d on an enrolment: %v, want %v", i, err, message.ErrMarket)
		}
	}
}

// A publisher that is not in the directory, another one's signature, and another recipient than the market's auctioneer.
func TestWhoMayAskForWhom(t *testing.T) {
	m := newMarket(t, keys.X25519)
	r := m.ask(opportunity())
	honest := m.sell(r)
	m.works(honest)
	stranger := keys.NewIdentity()
	for _, tc := range []struct {
		name   string
		edit   func(t *message.Terms, c0, b []byte)
		signer keys.Identity
		want   string
	}{
		{"a listed publisher", func(*message.Terms, []byte, []byte) {}, m.keys.Publishers["news"], ""},
		{"signed by another publisher", func(*message.Terms, []byte, []byte) {}, m.keys.Publishers["shop"], keys.ErrSignature.Error()},
		{"signed by the auctioneer", func(*message.Terms, []byte, []byte) {}, m.keys.Auctioneer, keys.ErrSignature.Error()},
		{"an unlisted publisher", func(t *message.Terms, _, _ []byte) { t.Publisher = "fake" }, stranger, "not in the directory"},
		{"another recipient", func(t *message.Terms, _, _ []byte) { t.Recipient = stranger.Public().ID() }, m.keys.Publishers["news"], "names another recipient"},
	} {
		altered := m.alter(r, tc.edit)
		altered.Signature = tc.signer.Sign(keys.DomainRequest, altered.Digest)
		c := *honest
		if altered.Digest != r.Digest {
			c = *m.sell(altered)
		}
		c.request = altered
		for i, err := range m.refusals(&c) {
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%s: trustee %d: %v, want %q", tc.name, i, err, tc.want)
			}
		}
	}
}
