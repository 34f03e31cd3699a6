package auction

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// mailbox collects what one bidder is told.
type mailbox struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (m *mailbox) add(body []byte) (status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bodies = append(m.bodies, body)
	return 204
}

// batches opens the mail and checks that it is the auctioneer's and for the seat.
func (m *mailbox) batches(t *testing.T, auctioneer keys.Public, seat string) []message.NoticeBatch {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []message.NoticeBatch
	last := uint64(0)
	for _, body := range m.bodies {
		var signed message.SignedBatch
		var batch message.NoticeBatch
		if err := json.Unmarshal(body, &signed); err != nil {
			t.Fatal(err)
		}
		if err := auctioneer.Verify(keys.DomainNotice, sha256.Sum256(signed.Batch), signed.Signature); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(signed.Batch, &batch); err != nil {
			t.Fatal(err)
		}
		if batch.Seat != seat || batch.Sequence <= last || len(body) > message.MaxNoticeBytes {
			t.Errorf("batch %d for %q of %d bytes, after %d, in the mail of %q", batch.Sequence, batch.Seat, len(body), last, seat)
		}
		last = batch.Sequence
		all = append(all, batch)
	}
	return all
}

func TestNotices(t *testing.T) {
	mail := map[string]*mailbox{"winner": {}, "loser": {}, "decliner": {}}
	h := open(t, nil,
		fake{seat: "winner", notice: mail["winner"].add, bid: func(c *call) {
			c.send(c.answer(lane{0, 0, laneOf(7, limit), message.NoCap}, lane{0, 4, laneOf(9, limit), message.NoCap}, lane{1, 0, laneOf(1, limit), message.NoCap}))
		}},
		fake{seat: "loser", notice: mail["loser"].add, bid: bids(3, 2)},
		fake{seat: "decliner", notice: mail["decliner"].add, bid: func(c *call) { c.ctx.SetStatusCode(204) }})
	auctioneer := h.dir.Auctioneer().Identity
	const auctions = 20
	ids := map[string]bool{}
	for range auctions {
		got, _ := h.auction(func(t *message.Terms) { t.Imps = append(t.Imps, message.Imp{ID: "<2>", Floor: 5}) })
		ids[got.Auction] = true
	}
	h.shut() // sends what waits
	count := map[string]int{}
	for seat, m := range mail {
		for _, batch := range m.batches(t, auctioneer, seat) {
			for _, n := range batch.Notices {
				if !ids[n.Auction] {
					t.Errorf("%s: notice of an auction that was not held", seat)
				}
				price := n.Price
				n.Auction, n.Price = "", 0
				count[fmt.Sprint(seat, n)]++
				if won := seat == "winner" && n.Imp == "1"; won && !near(price, 3, 1e-7) || !won && price != 0 {
					t.Errorf("%s learns the price %g of imp %s", seat, price, n.Imp)
				}
			}
		}
	}
	want := map[string]int{
		fmt.Sprint("winner", message.Notice{Imp: "1", Loss: message.Won, Campaign: 4}): auctions,
		fmt.Sprint("winner", message.Notice{Imp: "<2>", Loss: message.LossOutbid}):     auctions, // below the floor, but not told so
		fmt.Sprint("loser", message.Notice{Imp: "1", Loss: message.LossOutbid}):        auctions, // once for two campaigns
	}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("notices %v, want %v", count, want)
	}
	for _, body := range mail["loser"].bodies {
		if bytes.Contains(body, []byte("price")) {
			t.Errorf("loser is told of a price: %s", body)
		}
	}
}

// A bidder that is slow to take notices gets those that gather meanwhile in one batch.
func TestNoticesAreBatched(t *testing.T) {
	const auctions = 30
	var m mailbox
	first, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h := open(t, nil, fake{seat: "a", bid: bids(2), notice: func(body []byte) int {
		once.Do(func() { close(first) })
		<-release
		return m.add(body)
	}})
	auctioneer := h.dir.Auctioneer().Identity
	h.auction(nil)
	within(t, func() { <-first })
	for range auctions - 1 {
		h.auction(nil)
	}
	close(release)
	h.shut()
	seen, batches := 0, map[uint64]bool{}
	m.mu.Lock()
	bodies := m.bodies
	m.bodies = nil
	m.mu.Unlock()
	for _, body := range bodies { // the first may come again, if the release took longer than its deadline
		one := mailbox{bodies: [][]byte{body}}
		batch := one.batches(t, auctioneer, "a")[0]
		if !batches[batch.Sequence] {
			seen += len(batch.Notices)
		}
		batches[batch.Sequence] = true
	}
	if seen != auctions || len(batches) != 2 {
		t.Errorf("%d notices in %d batches, want %d in 2", seen, len(batches), auctions)
	}
}

func TestGatherFillsABatch(t *testing.T) {
	q := make(chan message.Notice, noticeBatch+10)
	for range cap(q) - 1 {
		q <- message.Notice{}
	}
	n := &notices{}
	if got := len(n.gather(message.Notice{}, q)); got != noticeBatch {
		t.Errorf("first batch has %d notices, want %d", got, noticeBatch)
	}
	if got := len(n.gather(<-q, q)); got != 10 {
		t.Errorf("second batch has %d notices, want 10", got)
	}
}

// Close empties a full queue, however many batches it takes.
func TestCloseSendsWhatWaits(t *testing.T) {
	var m mailbox
	h := open(t, nil, fake{seat: "a", notice: m.add})
	n := &notices{identity: h.keys.Auctioneer, metrics: h.metrics, log: h.log, stop: make(chan struct{})}
	q := make(chan message.Notice, noticeQueue)
	for range noticeQueue {
		q <- message.Notice{Loss: message.LossOutbid}
	}
	close(n.stop)
	within(t, func() { n.sendLoop(&h.fanout.bidders[0], q) })
	got := 0
	for _, batch := range m.batches(t, h.dir.Auctioneer().Identity, "a") {
		got += len(batch.Notices)
	}
	if got != noticeQueue {
		t.Errorf("sent %d notices, want %d", got, noticeQueue)
	}
}

// Nobody takes the notices: the queue fills up, and what does not fit is dropped and counted instead of holding auctions up.
func TestFullQueueDropsAndCounts(t *testing.T) {
	h := open(t, nil, fake{seat: "a", bid: bids(2)})
	n := &notices{queues: map[string]chan message.Notice{"a": make(chan message.Notice, noticeQueue)}, metrics: h.metrics, log: slog.New(slog.DiscardHandler)}
	c := &Case{Answers: []*message.Answer{{Bid: message.Bid{Seat: "a", Lanes: make([]message.Lane, 3)}}}}
	result := &Result{Imps: []Outcome{{Sold: true, Seat: "a", Price: 1}}}
	within(t, func() {
		for range noticeQueue + 3 {
			n.send(c, result)
		}
	})
	if got := h.counters()[`cipherbid_notices_lost_total{reason="queue full",seat="a"}`]; got != 3 {
		t.Errorf("counted %g lost notices, want 3", got)
	}
}

func TestUndeliveredNoticesAreTriedAgainAndCounted(t *testing.T) {
	var tries atomic.Int32
	h := open(t, nil,
		fake{seat: "refuses", bid: bids(2), notice: func([]byte) int { tries.Add(1); return 500 }},
		fake{seat: "absent", absent: true})
	h.auction(nil)
	h.notices.send(&Case{Answers: []*message.Answer{{Bid: message.Bid{Seat: "absent", Lanes: make([]message.Lane, 1)}}}}, &Result{Imps: []Outcome{{}}})
	within(t, h.shut)
	counters := h.counters()
	for _, seat := range []string{"refuses", "absent"} {
		if got := counters[fmt.Sprintf("cipherbid_notices_lost_total{reason=\"not delivered\",seat=%q}", seat)]; got != 1 {
			t.Errorf("counted %g notices not delivered to %s, want 1", got, seat)
		}
	}
	if n := tries.Load(); n != noticeTries {
		t.Errorf("tried %d times, want %d", n, noticeTries)
	}
}

// A bidder that does not take its notices holds up Close only as long as its caller wants to wait.
func TestCloseEndsWithItsContext(t *testing.T) {
	var h *house
	taken := make(chan struct{}, 10)
	h = open(t, nil, fake{seat: "a", bid: bids(2), notice: func([]byte) int { taken <- struct{}{}; <-h.over; return 204 }})
	h.auction(nil)
	within(t, func() { <-taken })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.closed = true
	within(t, func() { h.Close(ctx) })
}
