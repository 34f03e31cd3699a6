package auction

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

const (
	noticeQueue = 4096 // notices waiting for one bidder; beyond, they are dropped and counted
	noticeBatch = 256
	noticeDelay = 300 * time.Millisecond // to gather a batch: each takes a signature and its check
	noticePause = 100 * time.Millisecond // after the first failure, four times as long after each further one
	noticeTries = 3
)

// notices delivers win and loss notices outside the auction path: a bounded queue and one sender for each bidder.
type notices struct {
	queues   map[string]chan message.Notice
	identity keys.Identity
	metrics  *metrics
	log      *slog.Logger
	stop     chan struct{}
	senders  sync.WaitGroup
}

func newNotices(bidders []bidderLink, identity keys.Identity, m *metrics, log *slog.Logger) *notices {
	n := &notices{queues: map[string]chan message.Notice{}, identity: identity, metrics: m, log: log, stop: make(chan struct{})}
	for i := range bidders {
		q := make(chan message.Notice, noticeQueue)
		n.queues[bidders[i].seat] = q
		n.senders.Go(func() { n.sendLoop(&bidders[i], q) })
	}
	return n
}

// send queues a notice for every bidder that took part, for every imp that it bid on.
func (n *notices) send(c *Case, result *Result) {
	for _, a := range c.Answers {
		last := -1
		for _, l := range a.Lanes {
			if int(l.Imp) == last {
				continue
			}
			last = int(l.Imp)
			o := &result.Imps[last]
			notice := message.Notice{Auction: result.Auction, Imp: o.Imp, Loss: message.LossOutbid}
			if o.Sold && o.Seat == a.Seat {
				notice.Loss, notice.Campaign, notice.Price = message.Won, o.Campaign, o.Price
			}
			select {
			case n.queues[a.Seat] <- notice:
			default:
				n.metrics.dropped(a.Seat)
			}
		}
	}
}

// sendLoop gathers notices into batches until it is told to stop and the queue is empty.
func (n *notices) sendLoop(b *bidderLink, q <-chan message.Notice) {
	for {
		select {
		case first := <-q:
			n.deliver(b, n.gather(first, q))
		case <-n.stop:
			for {
				select {
				case first := <-q:
					n.deliver(b, n.gather(first, q))
				default:
					return
				}
			}
		}
	}
}

func (n *notices) gather(first message.Notice, q <-chan message.Notice) []message.Notice {
	batch := []message.Notice{first}
	timer := time.NewTimer(noticeDelay)
	defer timer.Stop()
	for len(batch) < noticeBatch {
		select {
		case x := <-q:
			batch = append(batch, x)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

func (n *notices) deliver(b *bidderLink, batch []message.Notice) {
	raw, err := json.Marshal(message.NoticeBatch{Sequence: uint64(time.Now().UnixNano()), Seat: b.seat, Notices: batch})
	if err != nil {
		panic("auction: notices cannot be encoded: " + err.Error())
	}
	body, err := json.Marshal(message.SignedBatch{Batch: raw, Signature: n.identity.Sign(keys.DomainNotice, sha256.Sum256(raw))})
	if err != nil {
		panic("auction: notices cannot be encoded: " + err.Error())
	}
	for try := range noticeTries {
		if _, err = b.client.Post("/notice", body, time.Now().Add(time.Second), 0); err == nil {
			return
		}
		select {
		case <-time.After(noticePause << (2 * try)):
		case <-n.stop:
		}
	}
	n.metrics.undelivered(b.seat, len(batch))
	n.log.Warn("notices not delivered", "seat", b.seat, "notices", len(batch), "error", err)
}

// close sends what is waiting, until ctx ends.
func (n *notices) close(ctx context.Context) {
	close(n.stop)
	done := make(chan struct{})
	go func() { n.senders.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
