package sealed

import (
	"testing"

	"cipherbid/crypto/garble"
)

// shapes of which costs are told.
var shapes = []string{
	"10x1 g7 p2", "10x1 g7 p1", "10x6 g7 p2", "10x6 g7 p2 capped", "32x1 g7 p2", "100x1 g7 p2", "100x6 g7 p2", "4x6+8x3+16x1 g7 p2",
}

func compile(tb testing.TB, key string) *Ranking {
	s, err := ParseShape(key)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := Compile(&s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestCost holds the size of the tables, in ciphertexts, to what the circuit's parts cost in theory.
func TestCost(t *testing.T) {
	const (
		sum   = ValueBits + 2*(ValueBits-1) // known ANDs of the carries saved, then ANDs of the addition
		limit = 2 * (ValueBits + 1)         // compare with a cap, and or
		match = 2 * 2 * (ValueBits + 1)     // compare and choose
		open  = 2 * 2                       // two bits of a seat
	)
	for _, key := range shapes {
		c := compile(t, key)
		seats, lanes := c.SeatSlots(), c.LaneSlots()
		scores := lanes * sum
		if c.Capped {
			scores += lanes * limit
		}
		// The root's winner is not needed. What remains is for ids, price, and ranks.
		known := scores + lanes*match - 2*(ValueBits+1) + seats*open
		total := c.TableBytes() / garble.LabelBytes
		rest := total - known
		t.Logf("%-20s %6d inputs, %6d ciphertexts, %5.1f a lane, %8d bytes; %d for ids and prices", key, c.Inputs(), total, float64(total)/float64(lanes), c.TableBytes(), rest)
		if most := lanes + seats*(c.PriceBits+1+4*c.rankBits()) + 8*4*(c.PriceBits+1); rest < 0 || rest > most {
			t.Errorf("%s: %d ciphertexts for ids and prices, want at most %d", key, rest, most)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, key := range shapes {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compile(b, key)
			}
		})
	}
}
