package trustee

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// basesKept is how many bases a trustee keeps for each peer and direction: the newest may not have reached the peer.
const basesKept = 4

// bases are the base transfers that others have dealt, for when they are absent. It is safe for concurrent use.
type bases struct {
	mu        sync.Mutex
	senders   [scheme.Trustees][]base[*ot.Sender] // by the peer to send to; the newest is at the end
	receivers [scheme.Trustees][]base[*ot.Receiver]
}

// base is half of base transfers under the name that both halves have.
type base[T any] struct {
	id   [8]byte
	half T
}

// add keeps what a dealer has dealt for use with the third trustee.
func (b *bases) add(peer int, d *message.Deal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case d.Sender && len(d.Half) == len(ot.SenderBase{}):
		b.senders[peer] = keep(b.senders[peer], base[*ot.Sender]{d.ID, ot.NewSender((*ot.SenderBase)(d.Half))})
	case !d.Sender && len(d.Half) == len(ot.ReceiverBase{}):
		b.receivers[peer] = keep(b.receivers[peer], base[*ot.Receiver]{d.ID, ot.NewReceiver((*ot.ReceiverBase)(d.Half))})
	default:
		return fmt.Errorf("deal of %d bytes", len(d.Half))
	}
	return nil
}

func keep[T any](list []base[T], b base[T]) []base[T] {
	if len(list) == basesKept {
		list = list[1:]
	}
	return append(list[:len(list):len(list)], b)
}

// sender finds the half of a base with a peer.
func (b *bases) sender(peer int, id [8]byte) *ot.Sender {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.senders[peer] {
		if x.id == id {
			return x.half
		}
	}
	return nil
}

// receiver returns the newest half of a base with a peer, nil if there is none.
func (b *bases) receiver(peer int) (id [8]byte, r *ot.Receiver) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if list := b.receivers[peer]; len(list) > 0 {
		newest := list[len(list)-1]
		return newest.id, newest.half
	}
	return id, nil
}

// Dealt reports whether the third trustee has dealt what it takes to rank with a peer alone.
func (t *Trustee) Dealt(peer int) bool {
	b := &t.ranking.bases
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.senders[peer]) > 0 && len(b.receivers[peer]) > 0
}

// Deal deals base transfers to the other two trustees, in both directions, for when this one is absent. It fails if a link is
// down; call it again now and then, since a trustee that has restarted has lost what it was dealt.
func (t *Trustee) Deal() error {
	if t.ranking == nil {
		return ErrNoLinks
	}
	peers := scheme.SubKeysOf(t.index)
	for from := range peers {
		sender, receiver := ot.Deal()
		halves := [2]message.Deal{{Sender: true, Half: sender[:]}, {Half: receiver[:]}}
		rand.Read(halves[0].ID[:])
		halves[1].ID = halves[0].ID
		for i := range halves {
			to := peers[(from+i)%2]
			if err := t.ranking.links.Send(to, t.dir.Epoch().EncodeDeal(&halves[i])); err != nil {
				return fmt.Errorf("%w: trustee %d: %w", ErrPeer, to, err)
			}
		}
	}
	return nil
}

// goneGrace is how much later than the auctioneer a trustee may notice that another is gone.
const goneGrace = 10 * time.Millisecond

// gone waits until this trustee's own link to the absent one is down, too. What an auctioneer says is not enough, since nobody checks
// the garbler.
func (p *part) gone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goneGrace)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if _, _, up := p.ranking.links.Session(int(p.request.Absent)); !up {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: trustee %d", ErrPresent, p.request.Absent)
		case <-ticker.C:
		}
	}
}

// alone begins the work of either part without the checker, and returns the rest of it.
func (p *part) alone(role message.Part) (func(context.Context) ([]message.RankedImp, error), error) {
	if p.ranking.config.RequireAll {
		return nil, errors.New("this trustee ranks with both others or not at all")
	}
	work := p.garbleAlone
	if role == message.Evaluator {
		work = p.evaluateAlone
	}
	return func(ctx context.Context) ([]message.RankedImp, error) {
		if err := p.gone(ctx); err != nil {
			return nil, err
		}
		return work(ctx)
	}, nil
}

func (p *part) garbleAlone(ctx context.Context) ([]message.RankedImp, error) {
	made := make([]*sealed.Made, len(p.runs))
	for i, run := range p.runs {
		if run != nil {
			made[i] = run.MakeAlone()
		}
	}
	choice, err := p.await(ctx, message.Evaluator)
	if err != nil {
		return nil, err
	}
	sender := p.ranking.bases.sender(p.roles[message.Evaluator], choice.Session)
	if sender == nil {
		return nil, fmt.Errorf("%w: no base for transfers to trustee %d", ErrPeer, p.roles[message.Evaluator])
	}
	leg, imps := p.leg(message.Garbler), make([]message.RankedImp, len(p.runs))
	for i, run := range p.runs {
		if run == nil {
			continue
		}
		if leg.Imps[i], imps[i], err = run.GarbleAlone(sender, made[i], p.holding, &choice.Imps[i]); err != nil {
			return nil, fmt.Errorf("%w: %w", sealed.ErrContradiction, err)
		}
	}
	// The evaluator puts its share in itself: one that complains and tries again, with another share, would see who wins without
	// the winner.
	if err := p.ranking.once("garbled alone", &p.request.Digest, p.now); err != nil {
		return nil, err
	}
	return imps, p.send(message.Evaluator, leg)
}

func (p *part) evaluateAlone(ctx context.Context) ([]message.RankedImp, error) {
	id, receiver := p.ranking.bases.receiver(p.roles[message.Garbler])
	if receiver == nil {
		return nil, fmt.Errorf("%w: no base for transfers from trustee %d", ErrPeer, p.roles[message.Garbler])
	}
	leg, chosen := p.leg(message.Evaluator), make([]*ot.Chosen, len(p.runs))
	leg.Session = id
	var err error
	for i, run := range p.runs {
		if run == nil {
			continue
		}
		if leg.Imps[i], chosen[i], err = run.Choose(receiver, p.holding); err != nil {
			return nil, err
		}
	}
	if err := p.send(message.Garbler, leg); err != nil {
		return nil, err
	}
	garbler, err := p.await(ctx, message.Garbler)
	if err != nil {
		return nil, err
	}
	imps := make([]message.RankedImp, len(p.runs))
	for i, run := range p.runs {
		if run == nil {
			continue
		}
		if imps[i], err = run.EvaluateAlone(chosen[i], &garbler.Imps[i]); err != nil {
			return nil, err
		}
	}
	return imps, nil
}
