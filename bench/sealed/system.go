package sealed

import (
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// System is what is compared.
type System string

// Systems.
const (
	Sealed    System = "sealed"
	Unstocked System = "sealed_unstocked" // sealed, every circuit made when the auction needs it
	Open      System = "open"
	Plaintext System = "plaintext"
)

// systems lists those that are compared everywhere, loadSystems those that are at saturation.
func systems() []System     { return []System{Sealed, Open, Plaintext} }
func loadSystems() []System { return []System{Sealed, Unstocked, Open, Plaintext} }

// mode is how a system ranks. The plaintext market is asked for what sealed ranking gives, prices on the grid included.
func (s System) mode() message.Mode {
	if s == Open {
		return message.Open
	}
	return message.Sealed
}

// params of a system.
func (s System) params() (*params.Params, error) {
	p, err := params.Default(dim)
	if err == nil && s == Plaintext {
		return params.Plain(p.LogN(), dim)
	}
	return p, err
}

// stock is how many circuits trustees make in advance, as target.Config has it.
func (s System) stock() int {
	if s == Unstocked {
		return -1
	}
	return 0
}
