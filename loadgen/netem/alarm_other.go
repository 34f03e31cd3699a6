//go:build !linux

package netem

import "time"

// alarm is nothing here: bytes may come a millisecond late.
type alarm struct{}

func newAlarm() (*alarm, error) { return nil, nil }

func (a *alarm) set(time.Time) {}

func (a *alarm) close() error { return nil }
