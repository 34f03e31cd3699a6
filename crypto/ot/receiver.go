package ot

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"

	"cipherbid/crypto/garble"
)

// Receiver has the bits. It is safe for concurrent use.
type Receiver struct {
	seeds *[Base][2]seed
}

// NewReceiver prepares a base for use. The caller may wipe it afterwards.
func NewReceiver(b *ReceiverBase) *Receiver { return &Receiver{b.expand()} }

// Chosen is what a receiver keeps of a run until the answer arrives. It is secret, immutable and safe for concurrent use.
type Chosen struct {
	said *transcript
	bits []byte
	rows []element
}

// Choose starts a run of n transfers, 1 to MaxTransfers, with the lowest n bits of choices, eight a byte from the lowest bit. It
// returns the message for the sender, of MessageBytes(n).
func (r *Receiver) Choose(context *[32]byte, choices []byte, n int) (message []byte, c *Chosen, err error) {
	if n < 1 || n > MaxTransfers {
		return nil, nil, fmt.Errorf("%d transfers, must be 1 to %d", n, MaxTransfers)
	}
	if len(choices) != (n+7)/8 {
		return nil, nil, fmt.Errorf("choices for %d transfers have %d bytes, must have %d", n, len(choices), (n+7)/8)
	}
	message = make([]byte, nonceBytes+columnsBytes(n), MessageBytes(n))
	rand.Read(message[:nonceBytes])
	run := begin(context, message[:nonceBytes], n)
	x := pad(choices, n)
	u := columns(message[nonceBytes:])
	t := r.columns(run, x, u)
	said := run.afterColumns(u)
	message = said.challenges(n).respond(message, x, t)

	c = &Chosen{said: said, bits: x[:len(choices)], rows: make([]element, n)}
	var rows [Base]element
	for j := 0; j*Base < n; j++ {
		t.rows(j, &rows)
		copy(c.rows[j*Base:], rows[:])
	}
	return message, c, nil
}

// pad returns the column x: the choices, and random bits up to its end.
func pad(choices []byte, n int) []byte {
	x := make([]byte, blocksOf(n)*blockBytes)
	rand.Read(x[n/8:])
	copy(x, choices[:n/8])
	if n%8 != 0 {
		ours := byte(1)<<(n%8) - 1
		x[n/8] = choices[n/8]&ours | x[n/8]&^ours
	}
	return x
}

// columns returns the t_i, and overwrites u with the u_i.
func (r *Receiver) columns(run *transcript, x []byte, u columns) (t columns) {
	t = make(columns, len(u))
	for i := range r.seeds {
		zero, one := t.column(i), u.column(i)
		run.expand(&r.seeds[i][0], i, zero)
		run.expand(&r.seeds[i][1], i, one)
		subtle.XORBytes(one, one, zero)
		subtle.XORBytes(one, one, x)
	}
	return t
}

// Labels decodes the sender's answer: one label for each transfer. Only the length of the answer is checked; labels are wrong if
// it was altered, or if the sender was dishonest.
func (c *Chosen) Labels(corrections []byte) ([]garble.Label, error) {
	n := len(c.rows)
	if len(corrections) != CorrectionsBytes(n) {
		return nil, fmt.Errorf("corrections for %d transfers have %d bytes, must have %d", n, len(corrections), CorrectionsBytes(n))
	}
	masks := c.said.masks(corrections[:nonceBytes])
	labels := make([]garble.Label, n)
	for i, row := range c.rows {
		pair := corrections[nonceBytes+i*pairBytes:][:pairBytes]
		y0, y1 := loadElement(pair), loadElement(pair[blockBytes:])
		bit := uint64(c.bits[i/8]>>(i%8)) & 1
		var y [blockBytes]byte
		y0.xor(y0.xor(y1).and(-bit)).put(y[:])
		labels[i] = masks.hash(row, i).Xor(garble.LabelFrom(y[:]))
	}
	return labels, nil
}
