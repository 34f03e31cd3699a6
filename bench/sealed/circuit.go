package sealed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"cipherbid/bench/replay"
	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// sale is an auction of one imp with all that its trustees hold, without a network between them.
type sale struct {
	terms    *message.Terms
	manifest *message.Manifest
	run      *sealed.Run
	by       [scheme.Trustees]*sealed.Holding // by part
	secret   sealed.Secret                    // of the garblers' link
	best     [2]int                           // entry and lane of the highest bid
}

// newSale is an auction of s.Bidders bidders with s.Campaigns random bids each, all above the floor, served from stock.
func newSale(s Size, seed uint64) (*sale, error) {
	rng := rand.New(rand.NewPCG(seed, 0x73616c65))
	q := &sale{
		terms:    &message.Terms{PriceRule: message.SecondPrice, GridBits: replay.GridBits, Cap: replay.Cap, Imps: []message.Imp{{ID: "1", Floor: 0.01}}},
		manifest: &message.Manifest{Request: digest(rng)},
		secret:   sealed.Secret(digest(rng)),
	}
	var holdings [scheme.Trustees]*sealed.Holding
	for i := range holdings {
		holdings[i] = &sealed.Holding{Trustee: i, Entries: make([]message.EntryShares, s.Bidders)}
	}
	highest := int32(-1)
	for e := range s.Bidders {
		entry := message.Entry{Bid: message.Bid{Seat: "seat" + strconv.Itoa(e)}}
		var z [scheme.Trustees][]uint32
		for k := range s.Campaigns {
			entry.Lanes = append(entry.Lanes, message.Lane{Campaign: uint16(k), Cap: message.NoCap})
			lane := rng.Int32N(message.NoCap)
			if lane > highest {
				highest, q.best = lane, [2]int{e, k}
			}
			z0, z1 := rng.Uint32(), rng.Uint32()
			for j, part := range [scheme.Trustees]uint32{z0, z1, uint32(lane) - z0 - z1} {
				z[j] = append(z[j], part)
			}
		}
		q.manifest.Entries = append(q.manifest.Entries, entry)
		for i, h := range holdings {
			for at, j := range scheme.SubKeysOf(i) {
				h.Entries[e].Z[at] = z[j]
			}
		}
	}
	return q, q.plan(digest(rng), holdings)
}

// plan makes the run of the first attempt.
func (q *sale) plan(manifest message.Digest, holdings [scheme.Trustees]*sealed.Holding) error {
	plans, err := sealed.Plans(q.terms, q.manifest)
	if err != nil {
		return err
	}
	call := &message.Call{Absent: message.Nobody, Tickets: []message.Ticket{{Session: [8]byte{1}, Number: 1}}}
	runs, err := sealed.Runs(&sealed.Cache{}, plans, &q.manifest.Request, &manifest, call)
	if err != nil {
		return err
	}
	if q.run = runs[0]; q.run == nil {
		return errors.New("nothing can be sold")
	}
	for part, trustee := range q.run.Roles {
		q.by[part] = holdings[trustee]
	}
	return nil
}

func digest(rng *rand.Rand) (d message.Digest) {
	for i := 0; i < len(d); i += 8 {
		binary.LittleEndian.PutUint64(d[i:], rng.Uint64())
	}
	return d
}

// life is what a circuit goes through, from shape to price. Every part needs those before it.
type life struct {
	*sale
	epoch *message.Epoch
	seed  garble.Seed

	circuit  *sealed.Ranking
	stocked  *sealed.Stocked
	bytes    []byte
	tables   *sealed.Tables
	made     *sealed.Made
	legs     [2]message.LegImp    // of garbler and checker
	said     [2]message.RankedImp // by them
	computed message.RankedImp    // by the evaluator
}

// part is a part of a circuit's life.
type part struct {
	name, when, who string
	do              func() error
}

// parts of a circuit's life.
func (l *life) parts() []part {
	return []part{
		{"compile", "once a shape", "everybody", func() (err error) { l.circuit, err = sealed.Compile(&l.run.Plan.Shape); return err }},
		{"garble", "in advance", "garbler and checker", func() error { l.stocked, l.bytes = sealed.MakeStocked(l.circuit, &l.seed, l.bytes); return nil }},
		{"digest tables", "in advance", "evaluator", func() error { l.tables = sealed.NewTables(l.bytes); return nil }},
		{"take", "online", "garbler and checker", func() error { l.made = l.stocked.Take(l.circuit); return nil }},
		{"put in", "online", "garbler", func() error {
			l.legs[0], l.said[0] = l.run.Garble(&l.secret, l.made, l.by[message.Garbler])
			return nil
		}},
		{"check", "online", "checker", func() error { l.legs[1], l.said[1] = l.run.Check(&l.secret, l.made, l.by[message.Checker]); return nil }},
		{"evaluate", "online", "evaluator", func() (err error) {
			l.computed, err = l.run.Evaluate(l.by[message.Evaluator], l.tables, &l.legs[0], &l.legs[1])
			return err
		}},
		{"read", "online", "auctioneer", l.read},
	}
}

// read reads the outcome, and compares it with the bids.
func (l *life) read() error {
	o, err := l.run.Read(l.terms, &l.said[0], &l.said[1], &l.computed, 0)
	if err == nil && (!o.Sold || [2]int{o.Entry, o.Lane} != l.best) {
		err = fmt.Errorf("the circuit sells to bid %d of bidder %d, not to bid %d of bidder %d", o.Lane, o.Entry, l.best[1], l.best[0])
	}
	return err
}

// legBytes and stockBytes are the sizes of the trustees' messages to each other: online from garbler and checker to the evaluator,
// offline from the garbler to both others.
func (l *life) legBytes() (n int) {
	for i := range l.legs {
		n += len(l.epoch.EncodeLeg(&message.Leg{From: message.Part(i), Imps: l.legs[i : i+1]}))
	}
	return n
}

func (l *life) stockBytes() int {
	return 2*len(l.epoch.EncodeStock(&message.Stock{Shape: l.run.Plan.Shape.Key()})) + len(l.bytes)
}

// newLife returns a life that has not begun.
func newLife(s Size, seed uint64) (*life, error) {
	q, err := newSale(s, seed)
	if err != nil {
		return nil, fmt.Errorf("circuit of %s: %w", s, err)
	}
	p, err := params.Default(dim)
	if err != nil {
		return nil, err
	}
	return &life{sale: q, epoch: &message.Epoch{Params: p}, seed: q.secret.StockSeed(q.run.Plan.Shape.Key(), 1)}, nil
}
