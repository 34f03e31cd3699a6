package netem

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// readSize is the room for one read, and so the size of the pieces that are delayed together.
const readSize = 16 << 10

// pump carries the bytes of one way of a connection. One goroutine both reads and writes: a read lasts until the next bytes
// under way are due, so the queue needs no second one.
type pump struct {
	line     line
	src, dst net.Conn
	carried  *atomic.Int64
	stop     <-chan struct{}
	alarm    *alarm

	queue []byte // bytes under way
	due   []mark // when they come out
	room  []byte // what queue is cut from
}

// mark says when the next n bytes of the queue come out.
type mark struct {
	n  int
	at time.Time
}

// run carries bytes until the sender ends its half, which it passes on, or something breaks, which it returns.
func (p *pump) run() error {
	for {
		if err := p.deliver(time.Now()); err != nil {
			return err
		}
		if len(p.queue) >= p.line.link.window() {
			if !p.wait(p.due[0].at) {
				return net.ErrClosed
			}
			continue
		}
		n, err := p.read()
		if n > 0 {
			p.due = append(p.due, mark{n, p.line.arrival(time.Now(), n)})
		}
		switch {
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, io.EOF):
			return p.finish()
		default:
			return err
		}
	}
}

// read appends what comes to the queue, and returns at the latest when bytes under way are due.
func (p *pump) read() (int, error) {
	var deadline time.Time
	if len(p.due) > 0 {
		deadline = p.due[0].at
		p.alarm.set(deadline)
	}
	_ = p.src.SetReadDeadline(deadline) // fails on closed connections only, of which the read knows more
	used := len(p.queue)
	if cap(p.queue)-used < readSize {
		p.room = make([]byte, 0, 2*used+2*readSize)
		p.queue = append(p.room, p.queue...)
	}
	n, err := p.src.Read(p.queue[used : used+readSize])
	p.queue = p.queue[:used+n]
	return n, err
}

// deliver writes everything that is due by now, in one go.
func (p *pump) deliver(now time.Time) error {
	bytes, marks := 0, 0
	for marks < len(p.due) && !p.due[marks].at.After(now) {
		bytes += p.due[marks].n
		marks++
	}
	if bytes > 0 {
		p.carried.Add(int64(bytes)) // before anybody can have seen them
		if _, err := p.dst.Write(p.queue[:bytes]); err != nil {
			return err
		}
	}
	if p.queue, p.due = p.queue[bytes:], p.due[marks:]; len(p.queue) == 0 {
		p.queue = p.room
	}
	return nil
}

// finish delivers what is under way and then ends this half, as late as a byte would come.
func (p *pump) finish() error {
	p.due = append(p.due, mark{0, p.line.arrival(time.Now(), 0)})
	for len(p.due) > 0 {
		if !p.wait(p.due[0].at) {
			return net.ErrClosed
		}
		if err := p.deliver(time.Now()); err != nil {
			return err
		}
	}
	if half, ok := p.dst.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return p.dst.Close()
}

// wait sleeps until a time; false if the proxy stops before.
func (p *pump) wait(until time.Time) bool {
	p.alarm.set(until)
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.stop:
		return false
	}
}
