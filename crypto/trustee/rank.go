package trustee

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// Links are a trustee's links to the other two: encrypted, authenticated, in order. Implementations are safe for concurrent use.
type Links interface {
	// Send queues a frame, the parts one after the other, for a trustee. It does not wait for the network, and fails while the link is down.
	Send(peer int, parts ...[]byte) error
	// Session returns a secret that both ends of the current connection share, and its public name. It reports false while the
	// link is down.
	Session(peer int) (secret sealed.Secret, name [8]byte, up bool)
}

// RankConfig says how a trustee ranks.
type RankConfig struct {
	Stock      int  // circuits of a shape that it garbles in advance
	RequireAll bool // refuse to rank while one trustee is absent: nobody checks the garbler then
}

// Errors of Rank.
var (
	ErrNoLinks = errors.New("this trustee has no links and cannot rank")
	ErrAttempt = errors.New("this attempt was served before")
	// ErrPresent means that a trustee that is said to be absent is there.
	ErrPresent = errors.New("the trustee that is said to be absent is linked to this one")
	// ErrPeer means that another trustee cannot be reached, or does not answer.
	ErrPeer = errors.New("another trustee fails")
)

// ranking is what a trustee needs for sealed ranking.
type ranking struct {
	config   RankConfig
	links    Links
	circuits sealed.Cache
	legs     *mailbox
	done     recent.Map[struct{}]       // see once
	opened   recent.Map[message.Digest] // which answers, by request
	bases    bases
	stock    *stock
}

// Receive takes a frame from another trustee's link. It keeps the frame.
func (t *Trustee) Receive(peer int, frame []byte, now time.Time) error {
	if t.ranking == nil {
		return ErrNoLinks
	}
	switch message.LinkKind(frame) {
	case message.LinkLeg:
		l, err := t.dir.Epoch().DecodeLeg(frame)
		if err != nil {
			return err
		}
		return t.ranking.legs.deliver(legKey{l.Manifest, l.Attempt, peer}, l, len(frame), now)
	case message.LinkStock:
		m, tables, err := t.dir.Epoch().DecodeStock(frame)
		if err != nil {
			return err
		}
		return t.ranking.stock.receive(peer, m, tables, now)
	case message.LinkDeal:
		d, err := t.dir.Epoch().DecodeDeal(frame)
		if err != nil {
			return err
		}
		return t.ranking.bases.add(scheme.Trustees-t.index-peer, d) // for use with the third
	}
	return fmt.Errorf("trustee %d: frame of an unknown kind", peer)
}

// Lost takes note that the link to a trustee has gone down. Whoever waits for it stops waiting.
func (t *Trustee) Lost(peer int) { t.ranking.legs.broken(peer) }

// Rank takes part in a sealed ranking and returns this trustee's part of the outcome, sealed to the recipient. The evaluator
// waits for the others, at most as long as the call says.
func (t *Trustee) Rank(raw []byte, now time.Time) ([]byte, error) {
	if t.ranking == nil {
		return nil, ErrNoLinks
	}
	r, err := t.dir.Epoch().DecodeRankRequest(raw, t.index)
	if err != nil {
		return nil, err
	}
	session, err := t.admit(r.OpenRequest, message.Sealed, message.CallContext(&r.ManifestBound, r.RawCall, t.index), now)
	if err != nil {
		return nil, err
	}
	if int(r.Absent) == t.index {
		return nil, errors.New("this trustee is said to be absent")
	}
	// A circuit that is evaluated on two inputs shows them, and inputs may differ if a bidder has enrolled meanwhile.
	if err := t.ranking.once(fmt.Sprintf("attempt %d", r.Attempt), &r.Digest, now); err != nil {
		return nil, err
	}
	plans, err := sealed.Plans(r.Terms, r.Manifest)
	if err != nil {
		return nil, err
	}
	runs, err := sealed.Runs(&t.ranking.circuits, plans, &r.Digest, &r.ManifestBound, &r.Call)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(context.Background(), now.Add(r.Wait))
	defer cancel()
	record := t.startRecord(raw, len(r.Manifest.Entries))
	defer record.wipe()
	ranked, err := t.takePart(ctx, r, runs, record, now)
	if err != nil {
		return nil, err
	}
	plaintext := t.dir.Epoch().EncodeRanked(ranked)
	defer clear(plaintext)
	context := message.RankedContext(&r.ManifestBound, r.Attempt, t.index)
	answer := session.Seal(nil, plaintext, &context)
	t.keep(record, r.Digest, ranked.Statuses, answer)
	return answer, nil
}

// once refuses to do something a second time for an auction.
func (k *ranking) once(what string, request *message.Digest, now time.Time) error {
	name := message.Digest(sha256.Sum256(append([]byte(what), request[:]...)))
	if _, seen, err := k.done.Put(&name, struct{}{}, now); err != nil {
		return err
	} else if seen {
		return fmt.Errorf("%w: %s", ErrAttempt, what)
	}
	return nil
}

// same refuses another attempt in which this trustee can open other answers than in the first: with a bid less, it would open the
// runner-up.
func (k *ranking) same(r *message.RankRequest, entries []message.EntryShares, now time.Time) error {
	h := sha256.New()
	for i := range entries {
		h.Write([]byte{byte(entries[i].Status)})
	}
	opened := message.Digest(h.Sum(nil))
	first, _, err := k.opened.Put(&r.Digest, opened, now)
	if err == nil && first != opened {
		err = fmt.Errorf("%w: other answers open than at the first", ErrAttempt)
	}
	return err
}

// part is one trustee's work in a sealed ranking.
type part struct {
	*Trustee
	request *message.RankRequest
	runs    []*sealed.Run
	roles   sealed.Roles
	holding *sealed.Holding
	now     time.Time
}

func (t *Trustee) takePart(ctx context.Context, r *message.RankRequest, runs []*sealed.Run, record *recording, now time.Time) (*message.Ranked, error) {
	p := &part{Trustee: t, request: r, runs: runs, roles: sealed.RolesOf(&r.Digest, r.Attempt, r.Absent), now: now}
	ranked, err := p.work(ctx, record)
	if err != nil {
		p.giveUp()
	}
	return ranked, err
}

func (p *part) work(ctx context.Context, record *recording) (*message.Ranked, error) {
	work, err := p.begin(p.roles.PartOf(p.index))
	if err != nil {
		return nil, err
	}
	r := p.request
	p.ranking.stock.busy.Add(1)
	entries, err := p.shares(r.OpenRequest, record, p.now)
	p.ranking.stock.busy.Add(-1)
	if err != nil {
		return nil, err
	}
	if err := p.ranking.same(r, entries, p.now); err != nil {
		return nil, err
	}
	p.holding = &sealed.Holding{Trustee: p.index, Entries: entries}
	defer wipe(entries)
	ranked := &message.Ranked{Trustee: p.index, Manifest: r.ManifestBound, Attempt: r.Attempt, Statuses: make([]message.Status, len(entries))}
	for i := range entries {
		ranked.Statuses[i] = entries[i].Status
	}
	if ranked.Imps, err = work(ctx); err != nil {
		return nil, err
	}
	ranked.Ready = p.ranking.stock.announce()
	return ranked, nil
}

// giveUp tells whoever waits for this trustee that it will not come to anything.
func (p *part) giveUp() {
	role := p.roles.PartOf(p.index)
	to := message.Evaluator
	if role == message.Evaluator {
		if p.request.Absent == message.Nobody {
			return
		}
		to = message.Garbler
	}
	leg := p.leg(role)
	leg.Imps = nil
	_ = p.send(to, leg) // if that fails as well, the other waits for as long as it was told to
}

func wipe(entries []message.EntryShares) {
	for i := range entries {
		for _, z := range entries[i].Z {
			clear(z)
		}
	}
}

// begin begins what does not depend on shares, and returns the rest of the work.
func (p *part) begin(role message.Part) (func(context.Context) ([]message.RankedImp, error), error) {
	switch {
	case p.request.Absent != message.Nobody:
		return p.alone(role)
	case role == message.Evaluator:
		return p.evaluate, nil
	}
	return p.garble(role)
}

// garble begins the work of a garbler or checker, and returns the rest of it, for which the shares are needed.
func (p *part) garble(role message.Part) (func(context.Context) ([]message.RankedImp, error), error) {
	other := p.roles[message.Garbler+message.Checker-role]
	secret, name, up := p.ranking.links.Session(other)
	if !up {
		return nil, fmt.Errorf("%w: no link to trustee %d", ErrPeer, other)
	}
	circuits := make(chan madeOrNot, 1)
	go func() { circuits <- p.make(role, &secret, name) }()
	return func(context.Context) ([]message.RankedImp, error) {
		x := <-circuits
		if x.err != nil {
			return nil, x.err
		}
		leg := p.leg(role)
		leg.Session = name
		imps := make([]message.RankedImp, len(p.runs))
		for i, made := range x.made {
			switch {
			case made == nil:
			case role == message.Garbler:
				leg.Imps[i], imps[i] = p.runs[i].Garble(&secret, made, p.holding)
			default:
				leg.Imps[i], imps[i] = p.runs[i].Check(&secret, made, p.holding)
			}
		}
		return imps, p.send(message.Evaluator, leg)
	}, nil
}

type madeOrNot struct {
	made []*sealed.Made
	err  error
}

// make takes the circuits of an auction out of the stock, or makes them on the spot.
func (p *part) make(role message.Part, secret *sealed.Secret, session [8]byte) madeOrNot {
	p.ranking.stock.busy.Add(1)
	defer p.ranking.stock.busy.Add(-1)
	made := make([]*sealed.Made, len(p.runs))
	for i, run := range p.runs {
		if run == nil {
			continue
		}
		if role == message.Garbler {
			p.ranking.stock.want(&run.Plan.Shape, run.Circuit.TableBytes(), p.now)
		}
		if run.Ticket == (message.Ticket{}) {
			made[i] = run.Make(secret)
			continue
		}
		if run.Ticket.Session != session {
			return madeOrNot{err: fmt.Errorf("%w: the garblers' link has changed", ErrPeer)}
		}
		var err error
		if made[i], err = p.ranking.stock.take(run); err != nil {
			return madeOrNot{err: err}
		}
	}
	return madeOrNot{made: made}
}

func (p *part) leg(role message.Part) *message.Leg {
	return &message.Leg{Manifest: p.request.ManifestBound, Attempt: p.request.Attempt, From: role, Imps: make([]message.LegImp, len(p.runs))}
}

func (p *part) send(to message.Part, l *message.Leg) error {
	if err := p.ranking.links.Send(p.roles[to], p.dir.Epoch().EncodeLeg(l)); err != nil {
		return fmt.Errorf("%w: trustee %d: %w", ErrPeer, p.roles[to], err)
	}
	return nil
}

// await returns what another trustee has to say.
func (p *part) await(ctx context.Context, from message.Part) (*message.Leg, error) {
	l, err := p.ranking.legs.wait(ctx, legKey{p.request.ManifestBound, p.request.Attempt, p.roles[from]})
	if err != nil {
		return nil, err
	}
	if l.From == from && len(l.Imps) == 0 {
		return nil, fmt.Errorf("%w: trustee %d has given up", ErrPeer, p.roles[from])
	}
	if l.From != from || len(l.Imps) != len(p.runs) {
		return nil, fmt.Errorf("%w: trustee %d speaks as %s of %d imps", sealed.ErrContradiction, p.roles[from], l.From, len(l.Imps))
	}
	return l, nil
}

// evaluate is the evaluator's work, once it has its shares.
func (p *part) evaluate(ctx context.Context) ([]message.RankedImp, error) {
	stocked := make([]*sealed.Tables, len(p.runs))
	for i, run := range p.runs {
		if run == nil || run.Ticket == (message.Ticket{}) {
			continue
		}
		var err error
		if stocked[i], err = p.ranking.stock.takeTables(run); err != nil {
			return nil, err
		}
	}
	garbler, err := p.await(ctx, message.Garbler)
	if err != nil {
		return nil, err
	}
	checker, err := p.await(ctx, message.Checker)
	if err != nil {
		return nil, err
	}
	if garbler.Session != checker.Session {
		return nil, fmt.Errorf("%w: the garblers' link has changed", ErrPeer)
	}
	imps := make([]message.RankedImp, len(p.runs))
	for i, run := range p.runs {
		if run == nil {
			continue
		}
		tables := stocked[i]
		if tables == nil {
			tables = sealed.NewTables(garbler.Imps[i].Tables)
		}
		if imps[i], err = run.Evaluate(p.holding, tables, &garbler.Imps[i], &checker.Imps[i]); err != nil {
			return nil, err
		}
	}
	return imps, nil
}
