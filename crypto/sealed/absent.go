package sealed

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
	"cipherbid/crypto/ot"
)

// With one trustee absent the other two go on, one of them as garbler and the other as evaluator. The share that the garbler lacks
// goes in by oblivious transfer, and nobody checks the garbler's tables.

// Choose is the evaluator's first step: a leg that hides its choice of labels, and what it needs to read the answer.
func (r *Run) Choose(receiver *ot.Receiver, h *Holding) (message.LegImp, *ot.Chosen, error) {
	values := r.Plan.B(nil, h.of(&r.Roles, message.Garbler), h.opened)
	packed := make([]byte, (len(values)+7)/8)
	for i, v := range values {
		packed[i/8] |= v << (i % 8)
	}
	said, chosen, err := receiver.Choose((*[32]byte)(&r.binding), packed, len(values))
	return message.LegImp{Transfer: said}, chosen, err
}

// MakeAlone garbles the run's circuit from a seed that nobody else knows.
func (r *Run) MakeAlone() *Made {
	var seed garble.Seed
	rand.Read(seed[:])
	return Make(r.Circuit, &seed)
}

// GarbleAlone answers the evaluator's leg. An error that wraps ot.ErrCheat means that the evaluator has cheated.
func (r *Run) GarbleAlone(sender *ot.Sender, m *Made, h *Holding, choice *message.LegImp) (message.LegImp, message.RankedImp, error) {
	leg := message.LegImp{Share: m.Kappa, Labels: r.garblersLabels(m, h), Reveal: m.Reveal, Tables: m.Tables}
	var err error
	leg.Transfer, err = sender.Transfer((*[32]byte)(&r.binding), choice.Transfer, m.Inputs[r.Circuit.B.From:r.Circuit.B.To], m.Delta)
	table := r.table(m)
	return leg, message.RankedImp{Table: table, TableDigest: sha256.Sum256(table)}, err
}

// EvaluateAlone is the evaluator's last step.
func (r *Run) EvaluateAlone(chosen *ot.Chosen, garbler *message.LegImp) (message.RankedImp, error) {
	c := r.Circuit
	if len(garbler.Labels) != garble.LabelBytes*(c.A.Len()+c.S.Len()) {
		return message.RankedImp{}, fmt.Errorf("%w: labels of %d bytes", ErrContradiction, len(garbler.Labels))
	}
	own, err := chosen.Labels(garbler.Transfer)
	if err != nil {
		return message.RankedImp{}, fmt.Errorf("%w: %w", ErrContradiction, err)
	}
	kappa := garble.Key(garbler.Share)
	inputs := append(labelsFrom(make([]garble.Label, 0, c.Inputs()), garbler.Labels), own...)
	return r.finish(&kappa, inputs, NewTables(garbler.Tables), garbler.Reveal)
}
