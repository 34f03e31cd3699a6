package target

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// ownCPU is the user and system time that this process has used.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// tick is the unit of CPU times under /proc: Linux reports hundredths of a second on every architecture.
const tick = 10 * time.Millisecond

// processCPU is the user and system time that another process has used so far, in steps of 10 ms. Linux only.
func processCPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	ticks, err := parseStat(b)
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(ticks) * tick, nil
}

// parseStat reads utime and stime, fields 14 and 15 of proc_pid_stat(5). The second field, the program's name in parentheses,
// may hold blanks and parentheses itself.
func parseStat(b []byte) (ticks uint64, err error) {
	at := bytes.LastIndexByte(b, ')')
	if at < 0 {
		return 0, fmt.Errorf("stat without a program name")
	}
	fields := bytes.Fields(b[at+1:]) // from field 3 on
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat with %d fields", len(fields)+2)
	}
	for _, f := range fields[11:13] {
		n, err := strconv.ParseUint(string(f), 10, 48)
		if err != nil {
			return 0, fmt.Errorf("stat: %w", err)
		}
		ticks += n
	}
	return ticks, nil
}

// processPeak is the highest resident size of another process so far, in bytes, 0 if it is not known.
func processPeak(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(b, []byte("\nVmHWM:"))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(line), []byte("kB")))), 10, 48)
	if err != nil {
		return 0
	}
	return kb << 10
}
