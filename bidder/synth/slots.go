package synth

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"cipherbid/bidder/ipinyou"
)

const domains = 240

// slots draws the public context of impressions.
type slots struct {
	domain []float64 // Zipf
	hour   []float64
}

func newSlots() *slots {
	s := &slots{hour: []float64{72, 26, 14, 12, 7, 9, 10, 20, 28, 35, 52, 53, 51, 59, 53, 62, 62, 56, 67, 48, 50, 44, 62, 47}}
	for i := range domains {
		s.domain = append(s.domain, 1/float64(i+2))
	}
	return s
}

// size is a slot's format in pixels.
type size struct {
	width, height int
	share         float64
}

func sizes() []size {
	return []size{
		{300, 250, 26}, {1000, 90, 23}, {728, 90, 15}, {336, 280, 10}, {160, 600, 5}, {250, 250, 5}, {950, 90, 4}, {960, 90, 4},
		{200, 200, 3}, {468, 60, 2}, {120, 600, 1}, {980, 90, 1}, {300, 300, 1},
	}
}

func (s *slots) draw(rng *rand.Rand, a *advertiser) ipinyou.Context {
	c := ipinyou.Context{
		Weekday: strconv.Itoa(rng.IntN(7)),
		Hour:    strconv.Itoa(pick(rng, s.hour)),
	}
	if a.mobile { // the set's mobile advertiser: no exchange, one size
		c.SlotWidth, c.SlotHeight, c.SlotVisibility, c.SlotFormat = "320", "50", "0", "0"
		c.Domain = domain(pick(rng, s.domain[:20]))
		return c
	}
	exchange := pick(rng, a.exchanges[:])
	c.AdExchange = strconv.Itoa(exchange + 1)
	d := pick(rng, s.domain)
	c.Domain = domain(d)
	list := sizes()
	weight := make([]float64, len(list))
	for i, z := range list {
		weight[i] = z.share
		if i%3 == d%3 { // a site tends to have a few sizes
			weight[i] *= 4
		}
	}
	z := list[pick(rng, weight)]
	c.SlotWidth, c.SlotHeight = strconv.Itoa(z.width), strconv.Itoa(z.height)
	c.SlotID = fmt.Sprintf("%s-%dx%d", c.Domain, z.width, z.height)
	c.SlotVisibility = [...]string{"0", "2", "1", "255", "FirstView", "OtherView"}[pick(rng, []float64{45, 29, 13, 1, 7, 5})]
	c.SlotFormat = [...]string{"0", "1", "5"}[pick(rng, []float64{68, 30, 2})]
	return c
}

func domain(i int) string { return fmt.Sprintf("d%03d", i) }

// floor draws a bid floor that the price paid reached. Exchange 1 sets none.
func floor(rng *rand.Rand, exchange string, price float64) float64 {
	if exchange == "1" {
		return 0
	}
	list := []float64{5, 70, 50, 20, 80, 4, 30, 31, 16, 10, 59, 148, 180}
	f := list[pick(rng, []float64{36, 19, 13, 10, 8, 3, 2, 2, 1.5, 1.5, 1, 1, 1})]
	return min(f, price)
}
