package sealed

import (
	"encoding/binary"

	"cipherbid/crypto/garble"
	"cipherbid/crypto/message"
)

// StockSeed is what a circuit that is made in advance grows from.
func (s *Secret) StockSeed(shape string, number uint64) garble.Seed {
	return s.prf("cipherbid stock seed v1", binary.LittleEndian.AppendUint64(nil, number), []byte(shape))
}

// Stocked is what a garbler keeps of a circuit in stock: little, the rest grows again from the seed. It is secret.
type Stocked struct {
	seed    garble.Seed
	outputs []garble.Label
	reveal  []byte
	digest  message.Digest
}

// MakeStocked garbles a circuit for a stock. The tables are the evaluator's; they overwrite buf if there is room.
func MakeStocked(c *Ranking, seed *garble.Seed, buf []byte) (s *Stocked, tables []byte) {
	m := newMade(c, seed, buf)
	return &Stocked{*seed, m.Outputs, m.Reveal, m.TablesDigest}, m.Tables
}

// Take makes a circuit ready for use. It serves one run.
func (s *Stocked) Take(c *Ranking) *Made {
	g := c.Prepare(&s.seed)
	g.Outputs, g.Reveal = s.outputs, s.reveal
	return &Made{g, s.digest}
}
