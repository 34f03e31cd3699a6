package trustee

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
)

// Legs may come before the evaluator is called, and in any order.
func TestLegBeforeTheCall(t *testing.T) {
	w := newWired(t)
	for _, order := range [][]message.Part{
		{message.Garbler, message.Checker, message.Evaluator}, {message.Checker, message.Garbler, message.Evaluator},
		{message.Checker, message.Evaluator, message.Garbler}, {message.Evaluator, message.Garbler, message.Checker},
	} {
		c := w.sealedSale()
		call := c.call(0, patience)
		roles := c.rolesOf(call)
		var answers [scheme.Trustees]*message.Ranked
		evaluated := make(chan error, 1)
		for _, part := range order {
			i := roles[part]
			if part == message.Evaluator {
				go func() {
					var err error
					answers[i], err = w.rankAt(c, call, i)
					evaluated <- err
				}()
				continue
			}
			var err error
			if answers[i], err = w.rankAt(c, call, i); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-evaluated; err != nil {
			t.Fatal(err)
		}
		got, err := w.read(c, call, &answers)
		if want := w.sold(c); err != nil || !slices.Equal(got, want) {
			t.Errorf("in the order %v: %+v, %v; want %+v", order, got, err, want)
		}
		if n := len(w.trustees[roles[message.Evaluator]].ranking.legs.slots); n != 0 {
			t.Errorf("%d legs are left", n)
		}
	}
}

// relegged decodes a leg, changes it and encodes it again: what a corrupt trustee can send.
func (w *wired) relegged(frame []byte, change func(l *message.Leg)) []byte {
	l, err := w.dir.Epoch().DecodeLeg(slices.Clone(frame))
	if err != nil || len(l.Imps) == 0 { // a trustee that gives up
		return frame
	}
	change(l)
	return w.dir.Epoch().EncodeLeg(l)
}

// A corrupt trustee may send what it likes, more than once, and under other names: the evaluator complains, or has the honest
// outcome.
func TestHostileLegs(t *testing.T) {
	w := newWired(t)
	var earlier [][]byte // legs of another auction and attempt
	w.passing(func(_, _ int, frame []byte) [][]byte {
		earlier = append(earlier, frame)
		return [][]byte{frame}
	})
	old := w.sealedSale()
	w.ranks(old, old.call(0, patience))
	only := func(f func(frame []byte) []byte) func([]byte) [][]byte {
		return func(frame []byte) [][]byte { return [][]byte{f(frame)} }
	}
	changed := func(change func(l *message.Leg)) func([]byte) [][]byte {
		return only(func(frame []byte) []byte { return w.relegged(frame, change) })
	}
	named := func(from message.Part, frame []byte) func(l *message.Leg) {
		stolen, err := w.dir.Epoch().DecodeLeg(frame)
		if err != nil {
			t.Fatal(err)
		}
		return func(l *message.Leg) { l.Imps = stolen.Imps }
	}
	for _, tc := range []struct {
		name string
		send func(frame []byte) [][]byte
		want error // nil if the auction has its outcome
	}{
		{"nothing", func([]byte) [][]byte { return nil }, ErrPeer},
		{"noise", only(func([]byte) []byte { return []byte("noise") }), ErrPeer},
		{"of another attempt", changed(func(l *message.Leg) { l.Attempt++ }), ErrPeer},
		{"of another manifest", changed(func(l *message.Leg) { l.Manifest[0]++ }), ErrPeer},
		{"cut", only(func(f []byte) []byte { return f[:len(f)-1] }), ErrPeer},
		{"an earlier leg", only(func([]byte) []byte { return earlier[0] }), ErrPeer},
		{"an earlier leg under this name", changed(named(0, earlier[0])), sealed.ErrContradiction},
		{"the other's earlier leg under this name", changed(named(1, earlier[1])), sealed.ErrContradiction},
		{"as the evaluator", changed(func(l *message.Leg) { l.From = message.Evaluator }), sealed.ErrContradiction},
		{"as the other", changed(func(l *message.Leg) { l.From = 1 - l.From }), sealed.ErrContradiction},
		{"with an imp less", changed(func(l *message.Leg) { l.Imps = l.Imps[:1] }), sealed.ErrContradiction},
		{"with an imp more", changed(func(l *message.Leg) { l.Imps = append(l.Imps, l.Imps[0]) }), sealed.ErrContradiction},
		{"imps swapped", changed(func(l *message.Leg) { l.Imps[0], l.Imps[1] = l.Imps[1], l.Imps[0] }), sealed.ErrContradiction},
		{"of another session", changed(func(l *message.Leg) { l.Session[0]++ }), ErrPeer},
		{"with other labels", changed(func(l *message.Leg) { l.Imps[1].Labels = slices.Repeat([]byte{1}, len(l.Imps[1].Labels)) }), sealed.ErrContradiction},
		{"twice", func(f []byte) [][]byte { return [][]byte{f, f} }, nil},
		{"something else after it", func(f []byte) [][]byte {
			return [][]byte{f, w.relegged(f, func(l *message.Leg) { clear(l.Imps[0].Labels) })}
		}, nil},
		{"many others before it", func(f []byte) [][]byte {
			var all [][]byte
			for n := range byte(100) {
				all = append(all, w.relegged(f, func(l *message.Leg) { l.Manifest[31] ^= n + 1; l.Imps = nil }))
			}
			return append(all, f)
		}, nil},
	} {
		for _, part := range []message.Part{message.Garbler, message.Checker} {
			c := w.sealedSale()
			call := c.call(0, patience)
			if errors.Is(tc.want, ErrPeer) && tc.name != "of another session" {
				call.Wait = shortly
			}
			roles := c.rolesOf(call)
			w.passing(func(from, to int, frame []byte) [][]byte {
				if from == roles[part] && to == roles[message.Evaluator] {
					return tc.send(frame)
				}
				return [][]byte{frame}
			})
			got, err := w.rank(c, call)
			want := w.sold(c)
			switch {
			case tc.want == nil && (err != nil || !slices.Equal(got, want)):
				t.Errorf("%s sends its leg %s: %+v, %v; want %+v", part, tc.name, got, err, want)
			case tc.want != nil && !errors.Is(err, tc.want):
				t.Errorf("%s sends its leg %s: %+v, %v; want %v", part, tc.name, got, err, tc.want)
			}
		}
	}
}

// The third trustee can say nothing in the name of another, since links tell who speaks: nor before it nor after it.
func TestLegInTheNameOfAnother(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	call := c.call(0, patience)
	roles := c.rolesOf(call)
	w.passing(func(from, to int, frame []byte) [][]byte {
		if from == roles[message.Checker] { // it sends as garbler first
			forged := w.relegged(frame, func(l *message.Leg) { l.From = message.Garbler })
			return [][]byte{frame, forged}
		}
		return [][]byte{frame}
	})
	w.ranks(c, call)
}

// A trustee that is not there, or dies at any step, leaves the others with an error in time, and the auction without an outcome.
// The attempt after it, when all are there again, has the outcome.
func TestTrusteeThatDies(t *testing.T) {
	w := newWired(t)
	type step struct {
		name string
		// called says which parts the auctioneer reaches; lost drops frames from one part to another.
		called []message.Part
		lost   message.Part
		cut    [2]message.Part // a link that is down, if they differ
		errs   []message.Part  // who must complain
	}
	const g, c, e = message.Garbler, message.Checker, message.Evaluator
	none := message.Part(9)
	for _, s := range []step{
		{"the garbler is not called", []message.Part{c, e}, none, [2]message.Part{}, []message.Part{e}},
		{"the checker is not called", []message.Part{g, e}, none, [2]message.Part{}, []message.Part{e}},
		{"the evaluator is not called", []message.Part{g, c}, none, [2]message.Part{}, nil},
		{"only the evaluator is called", []message.Part{e}, none, [2]message.Part{}, []message.Part{e}},
		{"the garbler dies with its leg", []message.Part{g, c, e}, g, [2]message.Part{}, []message.Part{e}},
		{"the checker dies with its leg", []message.Part{g, c, e}, c, [2]message.Part{}, []message.Part{e}},
		{"no link between the garblers", []message.Part{g, c, e}, none, [2]message.Part{g, c}, []message.Part{g, c, e}},
		{"no link from garbler to evaluator", []message.Part{g, c, e}, none, [2]message.Part{g, e}, []message.Part{g, e}},
		{"no link from checker to evaluator", []message.Part{g, c, e}, none, [2]message.Part{c, e}, []message.Part{c, e}},
	} {
		sale := w.sealedSale()
		call := sale.call(0, shortly)
		roles := sale.rolesOf(call)
		w.passing(func(from, _ int, frame []byte) [][]byte {
			if s.lost != none && from == roles[s.lost] {
				return nil
			}
			return [][]byte{frame}
		})
		if s.cut[0] != s.cut[1] {
			w.cut(roles[s.cut[0]], roles[s.cut[1]])
		}
		var called []int
		for _, p := range s.called {
			called = append(called, roles[p])
		}
		start := time.Now()
		answers, errs := w.answersOf(sale, call, called...)
		if took := time.Since(start); took > patience {
			t.Errorf("%s: took %s", s.name, took)
		}
		for part, i := range roles {
			must := slices.Contains(s.errs, message.Part(part))
			if must && !errors.Is(errs[i], ErrPeer) || !must && errs[i] != nil || errs[i] != nil && answers[i] != nil {
				t.Errorf("%s: %s: %v", s.name, message.Part(part), errs[i])
			}
		}
		if answers[roles[e]] != nil {
			t.Errorf("%s: there is an outcome", s.name)
		}
		if s.cut[0] != s.cut[1] {
			w.connect(roles[s.cut[0]], roles[s.cut[1]])
		}
		w.passing(nil)
		w.ranks(sale, sale.call(1, patience))
	}
}

// A link between the garblers that is replaced while they garble gives them different circuits: the evaluator does not use them.
func TestLinkIsReplacedMeanwhile(t *testing.T) {
	w := newWired(t)
	c := w.sealedSale()
	call := c.call(0, patience)
	roles := c.rolesOf(call)
	for _, part := range []message.Part{message.Garbler, message.Checker} {
		if _, err := w.rankAt(c, call, roles[part]); err != nil {
			t.Fatal(err)
		}
		w.connect(roles[message.Garbler], roles[message.Checker])
	}
	if _, err := w.rankAt(c, call, roles[message.Evaluator]); !errors.Is(err, ErrPeer) {
		t.Errorf("legs of two sessions: %v", err)
	}
	w.ranks(c, c.call(1, patience))
}
