package netem

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes the scheduler at given times. Go's scheduler, where nothing else is to be done, sleeps for whole milliseconds, so that
// its timers are up to one late: as much as a short round trip takes. A kernel timer that it watches like a connection wakes it
// within some tens of microseconds, and then it serves its own timers too. It is safe for concurrent use.
type alarm struct {
	timer *os.File
	fd    int
	rung  sync.WaitGroup

	mu   sync.Mutex
	dues dues
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("emulated network: timer: %w", err)
	}
	a := &alarm{timer: os.NewFile(uintptr(fd), "timer"), fd: fd}
	a.rung.Go(a.ring)
	return a, nil
}

// ring sleeps until the timer has run off, again and again until it is closed.
func (a *alarm) ring() {
	var times [8]byte
	for {
		if _, err := a.timer.Read(times[:]); err != nil {
			return
		}
		a.mu.Lock()
		if next, ok := a.dues.pass(time.Now()); ok {
			a.arm(next)
		}
		a.mu.Unlock()
	}
}

// arm starts the timer. The caller holds the lock.
func (a *alarm) arm(t time.Time) {
	left := unix.NsecToTimespec(max(int64(time.Until(t)), 1)) // 0 would stop it
	_ = unix.TimerfdSettime(a.fd, 0, &unix.ItimerSpec{Value: left}, nil)
}

// set wakes the scheduler at a time. A nil alarm never does.
func (a *alarm) set(t time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dues.add(t) {
		a.arm(t)
	}
}

// close stops the alarm. Nobody may set it any more.
func (a *alarm) close() error {
	err := a.timer.Close()
	a.rung.Wait()
	return err
}
