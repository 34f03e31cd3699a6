package loadgen

import (
	"context"
	"errors"
	"time"
)

// meter adds up what the target used in the measured parts of a run. It is not safe for concurrent use.
type meter struct {
	target Metered // nil if the target does not count
	sum    *Counters
	errs   []error

	timer  *time.Timer
	read   chan struct{} // closed when before is there
	before *Counters
	err    error
}

func newMeter(t Target) *meter {
	m := &meter{}
	if target, ok := t.(Metered); ok {
		m.target, m.sum = target, &Counters{}
	}
	return m
}

// start reads the counters once wait has passed, which is when the warm-up is over.
func (m *meter) start(wait time.Duration) {
	if m.target == nil {
		return
	}
	read := make(chan struct{})
	m.read = read
	first := func() {
		m.before, m.err = m.target.Counters(context.Background())
		close(read)
	}
	if wait <= 0 {
		first()
		m.timer = nil
		return
	}
	m.timer = time.AfterFunc(wait, first)
}

// stop reads them again and adds the difference, unless the run ended before the warm-up did.
func (m *meter) stop() {
	if m.target == nil || m.timer != nil && m.timer.Stop() {
		return
	}
	<-m.read
	after, err := m.target.Counters(context.Background())
	if err = errors.Join(m.err, err); err != nil {
		m.errs = append(m.errs, err)
		return
	}
	m.sum.add(m.before, after)
}
