package sealed

import (
	"errors"
	"strings"
	"testing"

	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
	"cipherbid/crypto/scheme"
)

// alone plays an imp without the given trustee, up to what garbler and evaluator tell the auctioneer. tamper, if not nil, may
// change the two legs.
func (q *trio) alone(t *testing.T, attempt, absent uint8, imp int, tamper func(choice, leg *message.LegImp)) (*Run, Outcome, error) {
	t.Helper()
	c := q.call(attempt)
	c.Absent = absent
	r := q.run(t, c, imp)
	garbler, evaluator := q.holdings[r.Roles[message.Garbler]], q.holdings[r.Roles[message.Evaluator]]
	sending, receiving := ot.Deal()
	choice, chosen, err := r.Choose(ot.NewReceiver(receiving), evaluator)
	if err != nil {
		t.Fatal(err)
	}
	if tamper != nil {
		tamper(&choice, &message.LegImp{})
	}
	leg, garbled, err := r.GarbleAlone(ot.NewSender(sending), r.MakeAlone(), garbler, &choice)
	if err != nil {
		return r, Outcome{}, err
	}
	if tamper != nil {
		tamper(&message.LegImp{}, &leg)
	}
	evaluated, err := r.EvaluateAlone(chosen, &leg)
	if err != nil {
		return r, Outcome{}, err
	}
	o, err := r.Read(q.terms, &garbled, &garbled, &evaluated, imp)
	return r, o, err
}

// With one trustee absent the other two come to the outcome of all three, and bids count that both of them could open.
func TestTwoDecideAlone(t *testing.T) {
	for absent := range uint8(scheme.Trustees) {
		for attempt := range uint8(2) {
			for closed := range scheme.Trustees {
				q := stage(51)
				q.close(closed, winner)
				r, got, err := q.alone(t, attempt, absent, 0, nil)
				want := second
				if closed == int(absent) {
					want = winner
				}
				if err != nil || got.Entry != want || r.Roles.PartOf(int(absent)) != message.Checker {
					t.Errorf("without trustee %d, %d cannot open the winner: %+v, %v; want entry %d", absent, closed, got, err, want)
				}
			}
			q := stage(52)
			all := q.play(t, q.call(0), 0)
			if _, got, err := q.alone(t, attempt, absent, 0, nil); err != nil || got != mustFinish(t, all) {
				t.Errorf("without trustee %d: %+v, %v; with it %+v", absent, got, err, mustFinish(t, all))
			}
		}
	}
}

// What arrives damaged stops the auction. What the garbler makes up nobody checks: two trust each other.
func TestDamagedLegsWithoutTheThird(t *testing.T) {
	q := stage(53)
	flipped := func(b []byte, at int) { b[at] ^= 0x20 }
	for name, tamper := range map[string]func(choice, leg *message.LegImp){
		"choice":       func(c, _ *message.LegImp) { shake(c.Transfer, flipped) },
		"short choice": func(c, _ *message.LegImp) { c.Transfer = c.Transfer[:max(0, len(c.Transfer)-1)] },
		"transfer":     func(_, l *message.LegImp) { shake(l.Transfer, flipped) },
		"short transfer": func(_, l *message.LegImp) {
			l.Transfer = l.Transfer[:max(0, len(l.Transfer)-16)]
		},
		"labels":       func(_, l *message.LegImp) { shake(l.Labels, flipped) },
		"short labels": func(_, l *message.LegImp) { l.Labels = l.Labels[:max(0, len(l.Labels)-16)] },
		"share":        func(_, l *message.LegImp) { l.Share[0] ^= 1 },
		"no tables":    func(_, l *message.LegImp) { l.Tables = nil },
		"no reveal":    func(_, l *message.LegImp) { l.Reveal = nil },
	} {
		if _, got, err := q.alone(t, 0, 1, 0, tamper); err == nil || got != (Outcome{}) {
			t.Errorf("%s: %+v", name, got)
		} else if !strings.Contains(name, "choice") && !errors.Is(err, ErrContradiction) {
			t.Errorf("%s: %v does not wrap ErrContradiction", name, err)
		}
	}
}

func shake(b []byte, flip func([]byte, int)) {
	for at := 0; at < len(b); at += 1 + len(b)/50 {
		flip(b, at)
	}
}
