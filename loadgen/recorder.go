package loadgen

import (
	"math/rand/v2"
	"sync"
	"time"

	"cipherbid/bench/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Stages that every run has, those of the schedule in scenario Server only. Others come from the target.
const (
	StageLatency = "latency" // scheduled arrival to answer
	StageService = "service" // sending to answer
	StageWait    = "wait"    // scheduled arrival to sending
	StageLag     = "lag"     // scheduled arrival to when the generator had it: its own fault
)

// arrival is one query on its way. Times are from the start of the schedule.
type arrival struct {
	index     int // in the slice
	scheduled time.Duration
	noticed   time.Duration // when the pacer handed it out
	start     time.Duration
	done      time.Duration
	measured  bool // not warm-up
}

// recorder gathers what became of queries. It is safe for concurrent use.
type recorder struct {
	tmax  time.Duration
	share float64
	paced bool // there is a schedule

	mu       sync.Mutex
	rng      *rand.Rand
	finished int // all queries, warm-up included
	result   *Result
	toCheck  []checked
	last     time.Duration // when the last measured answer came
}

// checked is an answer of the sample.
type checked struct {
	index  int
	answer Answer
}

func newRecorder(o *Options) *recorder {
	return &recorder{
		tmax: o.TMax, share: o.Check, paced: o.Scenario == Server, rng: rand.New(rand.NewPCG(o.Seed, 0x636865636b)),
		result: &Result{Outcomes: map[Outcome]int{}, Stages: map[string]*hdrhistogram.Histogram{}},
	}
}

// add records a query that has ended.
func (r *recorder) add(a *arrival, answer *Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished++
	if !a.measured {
		return
	}
	res := r.result
	latency := a.done - a.scheduled
	res.Queries++
	res.Outcomes[answer.Outcome]++
	res.Samples = append(res.Samples, record.Sample{
		AuctionID: answer.Auction, ScheduledNS: int64(a.scheduled), StartNS: int64(a.start), DoneNS: int64(a.done), Outcome: string(answer.Outcome),
	})
	r.record(StageLatency, latency)
	if r.paced {
		r.record(StageWait, a.start-a.scheduled)
		r.record(StageLag, a.noticed-a.scheduled)
	}
	r.last = max(r.last, a.done)
	if answer.Outcome == Dropped {
		return
	}
	r.record(StageService, a.done-a.start)
	for _, s := range answer.Stages {
		r.record(s.Name, s.Duration)
	}
	if !answer.Outcome.Decided() {
		return
	}
	switch {
	case latency > r.tmax:
		res.Late++
	case len(answer.Missing) > 0:
		res.Partial++
	default:
		res.Good++
	}
	if r.rng.Float64() < r.share || len(r.toCheck)+res.Checked == 0 {
		r.toCheck = append(r.toCheck, checked{a.index, *answer})
	}
}

func (r *recorder) record(stage string, d time.Duration) {
	h := r.result.Stages[stage]
	if h == nil {
		h = record.NewHistogram()
		r.result.Stages[stage] = h
	}
	// The histogram's range is an hour, and values are bounded by it here.
	_ = h.RecordValue(int64(min(max(d, 0), time.Hour-1)))
}

// check asks the target about the sampled answers.
func (r *recorder) check(c Checker) {
	for i := range r.toCheck {
		r.result.note(c.Check(r.toCheck[i].index, &r.toCheck[i].answer))
	}
	r.toCheck = r.toCheck[:0]
}

// done is how many queries have ended.
func (r *recorder) done() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finished
}
