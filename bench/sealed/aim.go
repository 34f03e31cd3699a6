package sealed

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"cipherbid/bench/stat"
)

// Aim is what sealed ranking is to reach, and what it does reach.
type Aim struct {
	Name, Key string
	Want      float64
	AtLeast   bool // else at most
	Unit      string
	Got       stat.Interval
	Takes     string // what it would take, if it is missed
}

// Met reports whether the aim is reached.
func (a *Aim) Met() bool {
	return a.AtLeast && a.Got.Estimate >= a.Want || !a.AtLeast && a.Got.Estimate <= a.Want
}

// Missed is by how much it is missed, as a share of what was wanted; 0 if it is met.
func (a *Aim) Missed() float64 {
	if a.Met() {
		return 0
	}
	return math.Abs(a.Got.Estimate-a.Want) / a.Want
}

// answerLimit is what a bidder's answer may take.
const answerLimit = 1000

// Aims lists the aims that something was measured for.
func (r *Result) Aims() []Aim {
	return append(append(r.latencyAims(), r.throughputAims()...), r.answerAims()...)
}

// largest is the market that most aims are stated for.
func (r *Result) largest() Size { return Size{100, r.Options.Campaigns} }

// latencyAims are of medians on clock Priced. The same limits on clock Returned, which holds the way back to the publisher too,
// stand beside them.
func (r *Result) latencyAims() (all []Aim) {
	limits := map[time.Duration]time.Duration{time.Millisecond: 12 * time.Millisecond, 20 * time.Millisecond: 75 * time.Millisecond}
	until := map[Clock]string{Priced: "known to the auctioneer", Returned: "back at the publisher"}
	for _, l := range r.Latencies() {
		limit, timely := limits[l.RTT]
		end, wanted := until[l.Clock]
		if l.System != Sealed || l.Size != r.largest() || l.P50 == nil || !timely || !wanted {
			continue
		}
		all = append(all, Aim{
			Name: fmt.Sprintf("%s at %s round trip, from the request to the price %s", l.Size, l.RTT, end),
			Key:  l.key() + "_p50_ns", Want: float64(limit), Unit: "ns", Got: *l.P50, Takes: r.latencyTakes(&l, limit),
		})
	}
	return all
}

// leastRatio is the share of open ranking's throughput that sealed ranking is to have.
const leastRatio = 0.8

func (r *Result) throughputAims() (all []Aim) {
	for _, s := range r.Options.saturated() {
		ratio, ok := r.middle(r.ratios(Sealed, Open, s))
		if s.Bidders != 10 || !ok {
			continue
		}
		all = append(all, Aim{
			Name: fmt.Sprintf("%s on loopback, auctions a second against open ranking", s), Key: ratioKey(Sealed, Open, s),
			Want: leastRatio, AtLeast: true, Unit: "ratio", Got: ratio, Takes: r.throughputTakes(s),
		})
	}
	return all
}

func (r *Result) answerAims() (all []Aim) {
	for _, m := range r.Messages() {
		if m.System == Sealed && m.What == whatAnswers && m.Size == r.largest() {
			all = append(all, Aim{
				Name: "a bidder's answer, " + m.Size.String(), Key: m.key(), Want: answerLimit, Unit: "bytes",
				Got: stat.Interval{Estimate: m.PerBidder(), Low: math.NaN(), High: math.NaN(), N: 1}, Takes: "fewer campaigns in an answer, or shorter commitments",
			})
		}
	}
	return all
}

// latencyTakes says where the time beyond the hops goes, the longest part first.
func (r *Result) latencyTakes(l *Latency, want time.Duration) string {
	over := time.Duration(l.P50.Estimate) - want
	beyond := time.Duration(l.P50.Estimate) - l.Hops
	text := fmt.Sprintf("lose %s of the %s beyond the hops' %s", ms(over), ms(beyond), ms(l.Hops))
	var parts []StageTime
	for _, s := range r.StageTimes() {
		if s.System == l.System && s.Size == l.Size && s.RTT == l.RTT {
			parts = append(parts, s)
		}
	}
	slices.SortFunc(parts, func(a, b StageTime) int { return int(b.beyond() - a.beyond()) })
	for _, s := range parts {
		text += fmt.Sprintf("; %s has %s", s.Stage, ms(s.beyond()))
	}
	for _, x := range r.Latencies() {
		if x.System == Plaintext && x.Size == l.Size && x.RTT == l.RTT && x.Clock == l.Clock && x.P50 != nil {
			text += fmt.Sprintf("; the plaintext market's own is %s, with %d bidders on %d cores", ms(time.Duration(x.P50.Estimate)-x.Hops), x.Size.Bidders, runtime.GOMAXPROCS(0))
		}
	}
	return text
}

// beyond is what a stage takes beyond its hops.
func (s *StageTime) beyond() time.Duration { return time.Duration(s.Median.Estimate) - s.Hops }

// throughputTakes says how much CPU time an auction would have to lose.
func (r *Result) throughputTakes(s Size) string {
	times := map[System]time.Duration{}
	var parts []string
	for _, system := range loadSystems() {
		if i, ok := r.middle(r.of(system, s, cpu)); ok {
			times[system] = time.Duration(i.Estimate)
			parts = append(parts, fmt.Sprintf("%s %s", system, ms(times[system])))
		}
	}
	lose := times[Sealed] - time.Duration(float64(times[Open])/leastRatio)
	if lose <= 0 {
		return "keep the cores busy: an auction's CPU time would do; " + strings.Join(parts, ", ")
	}
	return fmt.Sprintf("lose %s of CPU time an auction, all parties together; now %s", ms(lose), strings.Join(parts, ", "))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }
