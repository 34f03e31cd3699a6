package sealed

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
)

// trio is an auction with its three trustees, without a network between them.
type trio struct {
	*sale
	cache    *Cache
	digest   message.Digest // the manifest's
	secret   Secret         // of the garblers' link; the same for every pair
	holdings [scheme.Trustees]*Holding
}

// newTrio shares a sale's lanes among three trustees that can open everything. What the shares lose when they are cut is noise.
func newTrio(rng *rand.Rand, s *sale, cache *Cache) *trio {
	q := &trio{sale: s, cache: cache}
	for i := range 4 {
		binary.LittleEndian.PutUint64(q.digest[8*i:], rng.Uint64())
		binary.LittleEndian.PutUint64(q.secret[8*i:], rng.Uint64())
	}
	for i := range q.holdings {
		q.holdings[i] = &Holding{Trustee: i, Entries: make([]message.EntryShares, len(s.x))}
	}
	for e, lanes := range s.x {
		var z [scheme.Trustees][]uint32
		for _, x := range lanes {
			for j := range z {
				z[j] = append(z[j], uncut(j, x[j], rng.Uint32()))
			}
		}
		for i, h := range q.holdings {
			for at, j := range scheme.SubKeysOf(i) {
				h.Entries[e].Z[at] = z[j]
			}
		}
	}
	return q
}

// uncut is a share that is cut to x.
func uncut(subKey int, x, noise uint32) uint32 {
	z := x<<DroppedBits | noise%(1<<DroppedBits)
	if subKey == 0 {
		z -= 3 * (1<<DroppedBits - 1) / 2
	}
	return z
}

// close makes a trustee unable to open an entry.
func (q *trio) close(trustee, entry int) {
	q.holdings[trustee].Entries[entry] = message.EntryShares{Status: message.BadBox}
}

// call is the n-th attempt by all three, without tickets.
func (q *trio) call(attempt uint8) *message.Call {
	return &message.Call{Attempt: attempt, Absent: message.Nobody, Tickets: make([]message.Ticket, len(q.terms.Imps))}
}

// expected is the outcome by the rules: bids count that both garblers could open.
func (q *trio) expected(r *Roles, imp int) result {
	for at, part := range []message.Part{message.Garbler, message.Checker} {
		for e := range q.opened[at] {
			q.opened[at][e] = q.holdings[r[part]].opened(e)
		}
	}
	return q.reference(imp)
}

// play is one run with all that is said in it, for a test to tamper with.
type play struct {
	*Run
	trio *trio
	imp  int
	made *Made // both garblers'
	by   [scheme.Trustees]*Holding
	legs [2]message.LegImp    // of garbler and checker
	said [2]message.RankedImp // by garbler and checker
}

// run is the run of an imp.
func (q *trio) run(t testing.TB, c *message.Call, imp int) *Run {
	t.Helper()
	plans, err := Plans(q.terms, q.manifest)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := Runs(q.cache, plans, &q.manifest.Request, &q.digest, c)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != len(q.terms.Imps) || runs[imp] == nil {
		t.Fatalf("%d runs for %d imps, that of imp %d is %v", len(runs), len(q.terms.Imps), imp, runs[imp])
	}
	return runs[imp]
}

// play has garbler and checker say what they have to say.
func (q *trio) play(t testing.TB, c *message.Call, imp int) *play {
	t.Helper()
	p := &play{Run: q.run(t, c, imp), trio: q, imp: imp}
	p.made = p.Make(&q.secret)
	for part, trustee := range p.Roles {
		p.by[part] = q.holdings[trustee]
	}
	p.legs[message.Garbler], p.said[message.Garbler] = p.Garble(&q.secret, p.made, p.by[message.Garbler])
	p.legs[message.Checker], p.said[message.Checker] = p.Check(&q.secret, p.made, p.by[message.Checker])
	return p
}

// copy is a play whose legs can be changed without changing this one's.
func (p *play) copy() *play {
	c := *p
	for i := range c.legs {
		l := &c.legs[i]
		for _, b := range []*[]byte{&l.Labels, &l.Colours, &l.Reveal, &l.Tables, &l.Digests} {
			*b = slices.Clone(*b)
		}
	}
	for i := range c.said {
		c.said[i].Table = slices.Clone(c.said[i].Table)
	}
	return &c
}

// finish is the rest of the run: the evaluator's part and the auctioneer's reading.
func (p *play) finish() (Outcome, error) {
	out, err := p.evaluated()
	if err != nil {
		return Outcome{}, err
	}
	return p.read(out)
}

// evaluated is the evaluator's part.
func (p *play) evaluated() (*message.RankedImp, error) {
	out, err := p.Evaluate(p.by[message.Evaluator], NewTables(p.legs[0].Tables), &p.legs[0], &p.legs[1])
	return &out, err
}

func (p *play) read(evaluated *message.RankedImp) (Outcome, error) {
	return p.Read(p.trio.terms, &p.said[message.Garbler], &p.said[message.Checker], evaluated, p.imp)
}

// unchecked is the rest of the run with an evaluator that believes everything.
func (p *play) unchecked() (Outcome, error) {
	return p.uncheckedWith(xor16(p.legs[0].Share, p.legs[1].Share))
}

func (p *play) uncheckedWith(kappa garble.Key) (Outcome, error) {
	out, err := p.Run.finish(&kappa, p.inputs(), NewTables(p.legs[0].Tables), p.legs[0].Reveal)
	if err != nil {
		return Outcome{}, err
	}
	return p.read(&out)
}

// is reports whether an outcome is a result of the reference.
func (o Outcome) is(r result) bool {
	if !r.sold {
		return o == Outcome{}
	}
	return o.Sold && (result{sold: true, entry: o.Entry, lane: o.Lane, grid: r.grid, price: o.Price}).near(r)
}
