package garble

// engine is a way to garble and evaluate the gates. All give the same bytes.
type engine struct {
	name string

	// garble turns the zero labels of the inputs in s into those of all wires, and fills s.bits and g.Tables.
	garble func(c *Circuit, s *scratch, g *Garbling)

	// evaluate turns the active labels of the inputs in s into those of all wires, and the colours in s.bits into values.
	evaluate func(c *Circuit, s *scratch, kappa *Key, tables []byte)
}

// engines are those that this processor can run, the fastest first, the portable one last.
func engines() []engine {
	return append(kernels(), engine{"portable", garblePortable, evaluatePortable})
}

// best is chosen once and never changed.
var best = engines()[0]
