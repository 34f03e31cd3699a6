package synth

import (
	"math"
	"math/rand/v2"
	"strconv"

	"cipherbid/bidder/ipinyou"
)

const (
	// maxLift bounds an impression's click probability to this many times its advertiser's average, so that clicks can be
	// drawn by rejection.
	maxLift = 30
	// truthSeed makes the hidden model the same for every sample.
	truthSeed = 1407_7073
)

// truth is the hidden log-linear click model: ln p = const + effects of tags, browser, place, slot and hour, each the
// sum of one that all advertisers share and one of the advertiser's own.
type truth struct {
	shared map[string]float64
	own    []map[string]float64 // by advertiser
	signal []float64
	level  []float64 // ln p of an impression whose effects sum to 0
	ctr    []float64
}

func newTruth(m *market) *truth {
	rng := rand.New(rand.NewPCG(truthSeed, 1))
	t := &truth{shared: effects(rng, m, .32)}
	for i := range m.advertisers {
		a := &m.advertisers[i]
		t.own = append(t.own, effects(rng, m, .62))
		t.signal = append(t.signal, a.signal)
		t.ctr = append(t.ctr, a.ctr())
		t.level = append(t.level, 0)
	}
	for k := range t.level {
		t.level[k] = t.calibrate(rng, m, k)
	}
	return t
}

// effects draws a normal effect for every value that moves clicks; size is the deviation of a tag's.
func effects(rng *rand.Rand, m *market, size float64) map[string]float64 {
	e := make(map[string]float64)
	add := func(name string, scale float64) { e[name] = scale * size * rng.NormFloat64() }
	for _, t := range m.users.tags {
		add("tag="+t.id, 1)
	}
	add("tag="+tagMale, .5)
	add("tag="+tagFemale, .5)
	for _, b := range []string{"ie", "chrome", "safari", "firefox", "theworld", "other", "maxthon", "opera"} {
		add("browser="+b, .7)
	}
	for _, p := range m.users.places {
		add("region="+strconv.Itoa(p.region), .4)
	}
	for _, z := range sizes() {
		add("width="+strconv.Itoa(z.width), .8)
	}
	for _, v := range []string{"0", "2", "1", "255", "FirstView", "OtherView"} {
		add("visibility="+v, .6)
	}
	for i := range domains {
		add("domain="+domain(i), .7)
	}
	for h := range 24 {
		add("hour="+strconv.Itoa(h), .2)
	}
	return e
}

// calibrate finds the level at which advertiser k's impressions have its published click rate on average.
func (t *truth) calibrate(rng *rand.Rand, m *market, k int) float64 {
	const draws = 3000
	lift := make([]float64, draws)
	for i := range lift {
		lift[i] = t.effect(k, m.impression(rng, k))
	}
	low, high := -20.0, 20.0
	for range 50 {
		mid := (low + high) / 2
		mean := 0.0
		for _, l := range lift {
			mean += min(math.Exp(mid+l), maxLift) / draws
		}
		if mean > 1 {
			high = mid
		} else {
			low = mid
		}
	}
	return (low + high) / 2
}

func (t *truth) effect(k int, r ipinyou.Row) float64 {
	sum := 0.0
	add := func(name string) { sum += t.shared[name] + t.own[k][name] }
	for _, id := range r.User.Tags {
		add("tag=" + id)
	}
	_, browser := r.User.Platform()
	add("browser=" + browser)
	add("region=" + r.User.Region)
	add("width=" + r.Context.SlotWidth)
	add("visibility=" + r.Context.SlotVisibility)
	add("domain=" + r.Context.Domain)
	add("hour=" + r.Context.Hour)
	return t.signal[k] * sum
}

// probability returns the chance that an impression of advertiser k is clicked.
func (t *truth) probability(k int, r ipinyou.Row) float64 {
	return t.ctr[k] * min(math.Exp(t.level[k]+t.effect(k, r)), maxLift)
}
