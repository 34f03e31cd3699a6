package trustee

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// shorter is the same auction closed again without its last answer.
func (m *market) shorter(c *closed) *closed {
	return m.close(c.request, c.answers[:len(c.answers)-1]...)
}

// The same manifest again is a retry, and gets the same shares. Another one is not served, whatever it lists, since comparing
// the outcomes of two manifests of one request would tell what a single bid was. A trustee without a memory would serve it.
func TestRequestIsServedForOneManifestOnly(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	first := m.openAll(c)
	if again := m.openAll(c); !reflect.DeepEqual(first, again) {
		t.Error("a retry gets other shares")
	}
	second := m.shorter(c)
	m.allRefuse(second, ErrReplay)
	reordered := m.close(c.request, append(c.answers[1:len(c.answers):len(c.answers)], c.answers[0])...)
	m.allRefuse(reordered, ErrReplay)
	if again := m.openAll(c); !reflect.DeepEqual(first, again) {
		t.Error("a retry after refusals gets other shares")
	}
	for i := range m.trustees {
		m.stop(i)
		m.folders[i] = t.TempDir() // the memory is lost
		m.start(i, m.boot)
		m.enrolAuctioneer(i)
		for _, id := range m.enrolled {
			if err := m.trustees[i].Enrol(m.seats[id].Enrolments()[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.works(second)
	m.allRefuse(c, ErrReplay)
}

// What was served survives a restart, also of a process that is killed, even if the request claims to be younger than the new
// process, as that of a publisher whose clock is fast does.
func TestPinsSurviveRestart(t *testing.T) {
	for name, stop := range map[string]func(m *market, i int){"stopped": (*market).stop, "killed": (*market).kill} {
		t.Run(name, func(t *testing.T) {
			m := newMarket(t, keys.X25519)
			c := m.sell(m.ask(opportunity()))
			m.works(c)
			for i := range m.trustees {
				stop(m, i)
				m.start(i, c.request.Terms.Issued.Add(-time.Second))
			}
			m.allRefuse(m.shorter(c), ErrReplay)
			m.works(c) // the enrolments have survived too
		})
	}
}

// A trustee does not trust its memory of what was going on when it stopped: it serves nothing that was issued before it started.
func TestRequestsFromBeforeTheStartAreRefused(t *testing.T) {
	m := newMarket(t, keys.X25519)
	c := m.sell(m.ask(opportunity()))
	m.works(c)
	for i := range m.trustees {
		m.stop(i)
		m.start(i, c.request.Terms.Issued.Add(time.Millisecond))
	}
	m.allRefuse(c, ErrBeforeBoot)
	m.allRefuse(m.shorter(c), ErrBeforeBoot)
	for i := range m.trustees {
		m.stop(i)
		m.start(i, c.request.Terms.Issued)
	}
	m.works(c)
}

// Of two manifests that race for one request only one is ever served.
func TestRacingManifests(t *testing.T) {
	m := newMarket(t, keys.X25519)
	m.works(m.sell(m.ask(opportunity())))
	c := m.sell(m.ask(opportunity()))
	manifests := [2]*closed{c, m.shorter(c)}
	var raw [2][]byte
	for k := range raw {
		raw[k] = m.encoded(manifests[k], 0)
	}
	const each = 100
	errs := make([][2]error, each)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		for k := range raw {
			wg.Go(func() {
				<-start
				_, errs[i][k] = m.trustees[0].Open(raw[k], c.request.Terms.Issued)
			})
		}
	}
	close(start)
	wg.Wait()
	served := [2]int{}
	for i := range errs {
		for k, err := range errs[i] {
			switch {
			case err == nil:
				served[k]++
			case !errors.Is(err, ErrReplay):
				t.Errorf("manifest %d: %v", k, err)
			}
		}
	}
	if served != [2]int{each, 0} && served != [2]int{0, each} {
		t.Errorf("served %d and %d times, want one manifest always and the other never", served[0], served[1])
	}
}

// An answer to one request, listed for another, does not open, and costs nobody else anything. An insider that boxes for one
// request what it computed from another gets a bid, but one that is noise: it has nothing to do with either user.
func TestAnswerToAnotherRequest(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 1)
	other := func(o *agent.Opportunity) { o.Features[0] = -o.Features[0] }
	earlier, later := m.ask(opportunity()), m.ask(with(other))
	m.works(m.close(earlier, append(m.answers(earlier), n.honest(earlier))...))

	replayed := m.answer("bolt", m.ask(opportunity()))
	lanes, y := n.lanes(earlier)
	honest := m.answer("cato", later)
	c := m.close(later, replayed, n.answer(later.Digest, lanes, y, nil), honest, m.answer("acme-1", later))
	all := m.openAll(c)
	for i := range all {
		if got := all[i].Entries[0].Status; got != message.BadBox {
			t.Errorf("trustee %d on an answer to another request: %s", i, got)
		}
		if got := all[i].Entries[2].Status; got != message.Opened {
			t.Errorf("trustee %d on an honest answer: %s", i, got)
		}
	}
	sum := add(t, all, pairs[0], 1)
	if got := near(m.weights[outsider], c, 1, sum); got > 1 {
		t.Errorf("%d of %d lanes computed from another ciphertext open to its features", got, len(lanes))
	}
}
