package ot

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"cipherbid/crypto/garble"
)

// Sender has the labels. It is safe for concurrent use.
type Sender struct {
	s     element
	seeds [Base]seed
	spent atomic.Bool // a check has failed
}

// NewSender prepares a base for use. The caller may wipe it afterwards.
func NewSender(b *SenderBase) *Sender {
	s := &Sender{s: loadElement(b[:])}
	for i := range s.seeds {
		s.seeds[i] = seed(b[blockBytes+i*seedBytes:])
	}
	return s
}

// Transfer checks a receiver's first message and answers it: for each transfer i the receiver can then find zero[i], or zero[i] ^
// delta if its bit is 1. The length of zero must be the number of transfers that both sides expect, 1 to MaxTransfers. A
// message of the wrong length is refused without harm; one that fails the check gives ErrCheat and ends the base.
// The same labels must not be transferred twice; what was refused was not transferred.
func (s *Sender) Transfer(context *[32]byte, message []byte, zero []garble.Label,
	delta garble.Label) (corrections []byte, err error) {
	if s.spent.Load() {
		return nil, ErrCheat
	}
	n := len(zero)
	if n < 1 || n > MaxTransfers {
		return nil, fmt.Errorf("%d transfers, must be 1 to %d", n, MaxTransfers)
	}
	if len(message) != MessageBytes(n) {
		return nil, fmt.Errorf("message for %d transfers has %d bytes, must have %d", n, len(message), MessageBytes(n))
	}
	nonce, rest := message[:nonceBytes], message[nonceBytes:]
	u, response := columns(rest[:columnsBytes(n)]), rest[columnsBytes(n):]
	run := begin(context, nonce, n)
	said := run.afterColumns(u)
	q := s.columns(run, u)
	if !said.challenges(n).holds(response, q, s.s) {
		s.spent.Store(true)
	}
	// One answer for a message that fails and for a good one that another has overtaken: bets placed at the same time are as
	// good as bets placed one by one.
	if s.spent.Load() {
		return nil, ErrCheat
	}
	return s.mask(said, q, zero, delta), nil
}

// columns returns the q_i.
func (s *Sender) columns(run *transcript, u columns) columns {
	q := make(columns, len(u))
	for i := range s.seeds {
		column, sent := q.column(i), u.column(i)
		run.expand(&s.seeds[i], i, column)
		mask := s.s.mask(i)
		for at := 0; at < len(column); at += 8 {
			word := binary.LittleEndian.Uint64(column[at:]) ^ mask&binary.LittleEndian.Uint64(sent[at:])
			binary.LittleEndian.PutUint64(column[at:], word)
		}
	}
	return q
}

// mask makes the corrections.
func (s *Sender) mask(said *transcript, q columns, zero []garble.Label, delta garble.Label) []byte {
	corrections := make([]byte, CorrectionsBytes(len(zero)))
	rand.Read(corrections[:nonceBytes])
	masks := said.masks(corrections[:nonceBytes])
	var rows [Base]element
	for i, label := range zero {
		if i%Base == 0 {
			q.rows(i/Base, &rows)
		}
		row, pair := rows[i%Base], corrections[nonceBytes+i*pairBytes:][:pairBytes]
		y0 := masks.hash(row, i).Xor(label)
		y1 := masks.hash(row.xor(s.s), i).Xor(label).Xor(delta)
		y0.Put(pair)
		y1.Put(pair[blockBytes:])
	}
	return corrections
}
