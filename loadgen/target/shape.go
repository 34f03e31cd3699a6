package target

import (
	"fmt"
	"math"

	"cipherbid/bench/replay"
	"cipherbid/crypto/directory"
	"cipherbid/loadgen"
)

// shape checks what can be checked of an answer without knowing anybody's model.
type shape struct{ dir *directory.Directory }

func (s shape) check(u *user, a *loadgen.Answer) error {
	if a.Outcome == loadgen.NoBid {
		return nil
	}
	if _, ok := s.dir.Bidder(a.Seat); !ok {
		return fmt.Errorf("sold to %q, which is not in the directory", a.Seat)
	}
	if a.Campaign < 0 || a.Campaign >= s.dir.Params().MaxLanes() {
		return fmt.Errorf("sold to campaign %d of %q", a.Campaign, a.Seat)
	}
	if math.IsNaN(a.Price) || a.Price < u.row.Floor || a.Price > replay.Cap {
		return fmt.Errorf("sold at %g, the floor is %g and the cap %g", a.Price, u.row.Floor, float64(replay.Cap))
	}
	return nil
}
