package garble

// scratch is the working memory of one garbling or evaluation. Every label is written before it is read, so what an earlier
// user left there reaches nobody.
type scratch struct {
	labels []Label // per slot
	values []byte  // per slot, 0 or 1, of wires that the evaluator knows
	bits   []byte  // per revealed wire, 0 or 1
}

func (c *Circuit) take() *scratch {
	if s, ok := c.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{make([]Label, c.slots), make([]byte, c.slots), make([]byte, c.revealed)}
}

// packBits packs bytes 0 or 1, eight a byte from the lowest bit.
func packBits(bits []byte) []byte {
	packed := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		packed[i/8] |= b << (i % 8)
	}
	return packed
}

// unpackBits is the reverse of packBits.
func unpackBits(bits, packed []byte) {
	for i := range bits {
		bits[i] = packed[i/8] >> (i % 8) & 1
	}
}
