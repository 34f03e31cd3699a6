package sealed

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// Widths of numbers in circuits, in bits.
const (
	DroppedBits  = 8                             // low bits that every share z_j of a lane loses: x_j = z_j >> DroppedBits
	LaneBits     = 32 - DroppedBits              // of a share x_j, and of the sum x_0 + x_1 + x_2
	ValueBits    = LaneBits - 1                  // of a lane in range, its cap and the floor, in offset binary
	FractionBits = params.LaneBits - DroppedBits // of them behind the binary point of a log-bid

	maxGridBits = 12
)

// Limits of a shape.
const (
	MaxSeats = 4096
	MaxLanes = 8192

	maxKey = 2048 // bytes; the longest key within these limits is shorter
)

// Class is a number of seats with the same number of lanes.
type Class struct{ Seats, Lanes int }

// Shape is all that the circuit of an imp depends on. Seats and lanes are slots. Some of them may stay unused, so that one
// circuit serves auctions with different participation.
//
// Seat slots are numbered class by class, lane slots seat by seat. One slot more than SeatSlots stands for the bid floor.
type Shape struct {
	Classes  []Class // in strictly descending order of Lanes
	Capped   bool    // every lane has a cap of its own
	GridBits uint8   // prices lie on a grid of 2^-GridBits in log price
	Rule     message.PriceRule
}

// Check refuses shapes of which no circuit can or may be made.
func (s *Shape) Check() error {
	seats, lanes := 0, 0
	for i, c := range s.Classes {
		if c.Seats < 1 || c.Seats > MaxSeats || c.Lanes < 1 || c.Lanes > MaxLanes {
			return fmt.Errorf("shape: class of %d seats with %d lanes, want 1 to %d and 1 to %d", c.Seats, c.Lanes, MaxSeats, MaxLanes)
		}
		if i > 0 && c.Lanes >= s.Classes[i-1].Lanes {
			return errors.New("shape: classes are not in descending order of lanes")
		}
		seats += c.Seats
		lanes += c.Seats * c.Lanes
		if seats > MaxSeats || lanes > MaxLanes {
			return fmt.Errorf("shape: more than %d seats or %d lanes", MaxSeats, MaxLanes)
		}
	}
	switch {
	case seats == 0:
		return errors.New("shape: no seats")
	case s.GridBits > maxGridBits:
		return fmt.Errorf("shape: grid of 2^-%d is finer than 2^-%d", s.GridBits, maxGridBits)
	case s.Rule != message.FirstPrice && s.Rule != message.SecondPrice:
		return fmt.Errorf("shape: price rule %d is neither first nor second price", s.Rule)
	}
	return nil
}

// SeatSlots is the number of seat slots.
func (s *Shape) SeatSlots() int {
	n := 0
	for _, c := range s.Classes {
		n += c.Seats
	}
	return n
}

// LaneSlots is the number of lane slots.
func (s *Shape) LaneSlots() int {
	n := 0
	for _, c := range s.Classes {
		n += c.Seats * c.Lanes
	}
	return n
}

// sizes lists the lanes of every seat slot.
func (s *Shape) sizes() []int {
	sizes := make([]int, 0, s.SeatSlots())
	for _, c := range s.Classes {
		for range c.Seats {
			sizes = append(sizes, c.Lanes)
		}
	}
	return sizes
}

// rankBits is the number of bits of a rank: none if there is one class, where the order of slots is the draw order.
func (s *Shape) rankBits() int {
	if len(s.Classes) == 1 {
		return 0
	}
	return bits.Len(uint(s.SeatSlots() - 1))
}

// priceBits is the number of bits of a price on the grid.
func (s *Shape) priceBits() int { return ValueBits - FractionBits + int(s.GridBits) }

// Key is the canonical text of a shape: "10x6 g7 p2" for ten seats of six lanes, a grid of 2^-7 and second price;
// "2x6+8x1 g7 p1 capped" for two classes with lane caps, first price.
func (s *Shape) Key() string {
	var b strings.Builder
	for i, c := range s.Classes {
		if i > 0 {
			b.WriteByte('+')
		}
		fmt.Fprintf(&b, "%dx%d", c.Seats, c.Lanes)
	}
	fmt.Fprintf(&b, " g%d p%d", s.GridBits, s.Rule)
	if s.Capped {
		b.WriteString(" capped")
	}
	return b.String()
}

// ParseShape is the reverse of Key. It accepts nothing but what Key writes for a shape that passes Check.
func ParseShape(key string) (Shape, error) {
	if len(key) > maxKey {
		return Shape{}, fmt.Errorf("shape: %d bytes, at most %d are allowed", len(key), maxKey)
	}
	var s Shape
	text, capped := strings.CutSuffix(key, " capped")
	fields := strings.Split(text, " ")
	if len(fields) != 3 {
		return Shape{}, fmt.Errorf("shape: %q is not made of classes, grid, price rule", key)
	}
	for _, class := range strings.Split(fields[0], "+") {
		seats, lanes, _ := strings.Cut(class, "x")
		s.Classes = append(s.Classes, Class{decimal(seats), decimal(lanes)})
	}
	s.GridBits = uint8(decimal(strings.TrimPrefix(fields[1], "g")))
	s.Rule = message.PriceRule(decimal(strings.TrimPrefix(fields[2], "p")))
	s.Capped = capped
	if err := s.Check(); err != nil {
		return Shape{}, fmt.Errorf("%q: %w", key, err)
	}
	if s.Key() != key {
		return Shape{}, fmt.Errorf("shape: %q is not canonical, want %q", key, s.Key())
	}
	return s, nil
}

// decimal is a decimal number, or -1.
func decimal(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
