// Package records keeps a trustee's records of sealed auctions in files, for auditors. Start with [Open]; `cipherbid replay` reads
// what it writes.
//
// Records are secret and none of what sealed ranking protects survives them: those of two trustees open the user's features and
// every bid of each auction. So a trustee keeps none unless told to. Keep the folders of different trustees apart and on encrypted
// disks, and delete them once audited.
//
// A folder never holds an auction up: when it cannot keep pace it drops records and counts them. Files are written whole or not at
// all, readable by their owner only, and not synced: a power cut may cost the last ones.
package records

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"cipherbid/crypto/message"
)

// queueLength is how many records may wait for the disk.
const queueLength = 256

// Folder is a folder of one trustee's records of one period. It implements trustee.Recorder, and is safe for concurrent use.
type Folder struct {
	path  string
	epoch *message.Epoch
	log   *slog.Logger
	done  chan struct{}

	mu     sync.Mutex
	queue  chan job
	closed bool
	lost   uint64
}

// job is an auction to record.
type job struct {
	request message.Digest
	record  []byte
	hints   []message.Hint
}

// PeriodFolder names the folder of a period within a trustee's folder of records.
func PeriodFolder(period uint32) string { return fmt.Sprintf("period-%d", period) }

// File names the file of an auction's record.
func File(request message.Digest) string { return hex.EncodeToString(request[:]) + ".record" }

// HintFile names the file of a hint, which lies beside the records.
func HintFile(hint message.Digest) string { return hex.EncodeToString(hint[:]) + ".hint" }

// Open opens a trustee's folder of records for a period, and makes it if there is none. One that others can read is refused.
// Close it when the trustee has stopped.
func Open(root string, epoch *message.Epoch, log *slog.Logger) (*Folder, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("records: %s can be read by others: run chmod 700 on it", root)
	}
	path := filepath.Join(root, PeriodFolder(epoch.Period))
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	f := &Folder{path: path, epoch: epoch, log: log, queue: make(chan job, queueLength), done: make(chan struct{})}
	go f.write()
	return f, nil
}

// Record queues a record for the disk. It implements trustee.Recorder.
func (f *Folder) Record(request message.Digest, record []byte, hints []message.Hint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		select {
		case f.queue <- job{request, record, hints}:
			return
		default:
		}
	}
	clear(record)
	f.lose(request, errors.New("the disk does not keep pace, or the trustee has stopped"))
}

// lose counts a record that is not kept. The caller holds the lock.
func (f *Folder) lose(request message.Digest, why error) {
	f.lost++
	f.log.Warn("auction not recorded", "request", hex.EncodeToString(request[:]), "lost", f.lost, "error", why)
}

// Lost is the number of records that could not be kept.
func (f *Folder) Lost() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// Close waits until everything is written.
func (f *Folder) Close() {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.queue)
	}
	f.mu.Unlock()
	<-f.done
}

// write writes what is queued, hints first, so that no record lacks one.
func (f *Folder) write() {
	defer close(f.done)
	written := map[message.Digest]bool{}
	for j := range f.queue {
		err := f.writeHints(j.hints, written)
		if err == nil {
			err = f.writeFile(File(j.request), j.record)
		}
		clear(j.record)
		if err != nil {
			f.mu.Lock()
			f.lose(j.request, err)
			f.mu.Unlock()
		}
	}
}

func (f *Folder) writeHints(hints []message.Hint, written map[message.Digest]bool) error {
	for i := range hints {
		h := &hints[i]
		if written[h.Digest] {
			continue
		}
		if _, err := os.Stat(filepath.Join(f.path, HintFile(h.Digest))); errors.Is(err, fs.ErrNotExist) {
			if err := f.writeFile(HintFile(h.Digest), f.epoch.EncodeHint(h)); err != nil {
				return err
			}
		}
		written[h.Digest] = true
	}
	return nil
}

// writeFile puts a file in place whole. A later attempt at an auction replaces the record of the one before.
func (f *Folder) writeFile(name string, b []byte) error {
	path := filepath.Join(f.path, name)
	err := os.WriteFile(path+".tmp", b, 0o600)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		os.Remove(path + ".tmp") // what is left of it may be secret; that it cannot be removed changes nothing
	}
	return err
}
