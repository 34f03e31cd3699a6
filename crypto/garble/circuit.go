package garble

import "sync"

// Wire names a wire of a circuit.
type Wire int32

// none is the constant zero while a circuit is built: gates with a constant input are folded away.
const none Wire = -1

// op is the kind of a gate.
type op uint8

const (
	xor      op = iota // out = a ^ b, free
	not                // out = !a, free
	and                // out = a & b, two ciphertexts
	andKnown           // out = a & b, where the evaluator knows b in the clear: one ciphertext
	reveal             // the evaluator learns a; from then on it is known
)

type gate struct {
	op        op
	a, b, out Wire
}

// Circuit is a boolean circuit, immutable and safe for concurrent use. Its inputs are in the order of the builder's.
type Circuit struct {
	inputs   int
	slots    int    // labels that are alive at once, at most
	gates    []gate // on slots, not on the builder's wires
	outputs  []Wire // slots
	ands     int    // gates of two ciphertexts
	knowns   int    // gates of one ciphertext
	revealed int
	scratch  sync.Pool // of *scratch
}

// Inputs is the number of input wires.
func (c *Circuit) Inputs() int { return c.inputs }

// Outputs is the number of output wires.
func (c *Circuit) Outputs() int { return len(c.outputs) }

// Revealed is the number of wires whose values the evaluator learns.
func (c *Circuit) Revealed() int { return c.revealed }

// RevealBytes is the size of the bits for revealed wires, packed.
func (c *Circuit) RevealBytes() int { return (c.revealed + 7) / 8 }

// TableBytes is the size of the garbled tables.
func (c *Circuit) TableBytes() int { return LabelBytes * (2*c.ands + c.knowns) }
