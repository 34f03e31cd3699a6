package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cipherbid/crypto/message"
	"cipherbid/crypto/trustee/records"
)

// Evidence are trustees' records of one auction, and the hints of the answers in them.
type Evidence struct {
	Records []*message.Record
	Hints   map[message.Digest]*message.Hint
}

// Gather reads the records of a request. A path is a record's file, or a folder with it: a trustee's, or that of a period in it. Hints
// are looked for beside each record. Those that are not there are left out, and missed by [Replay] if it needs them.
func Gather(paths []string, epoch *message.Epoch, request message.Digest) (*Evidence, error) {
	e := &Evidence{Hints: map[message.Digest]*message.Hint{}}
	for _, path := range paths {
		file, err := locate(path, epoch.Period, request)
		if err != nil {
			return nil, err
		}
		raw, err := readFile(file, epoch.MaxRecordBytes())
		if err != nil {
			return nil, err
		}
		r, err := epoch.DecodeRecord(raw)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", file, err)
		}
		e.Records = append(e.Records, r)
		if err := e.addHints(filepath.Dir(file), epoch, r); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// locate finds a record's file.
func locate(path string, period uint32, request message.Digest) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("record: %w", err)
	}
	if !info.IsDir() {
		return path, nil
	}
	name := records.File(request)
	for _, file := range []string{filepath.Join(path, records.PeriodFolder(period), name), filepath.Join(path, name)} {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%w: %s holds no %s: its trustee did not record the auction", ErrMissing, path, name)
}

func (e *Evidence) addHints(dir string, epoch *message.Epoch, r *message.Record) error {
	for i := range r.Entries {
		digest := r.Request.Manifest.Entries[i].Hint
		if r.Entries[i].Status != message.Opened || e.Hints[digest] != nil {
			continue
		}
		file := filepath.Join(dir, records.HintFile(digest))
		raw, err := readFile(file, epoch.MaxHintBytes())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		h, err := epoch.DecodeHint(raw)
		if err != nil {
			return fmt.Errorf("hint %s: %w", file, err)
		}
		if h.Digest != digest {
			return finding("that file", "hint %s is another than its name says, or was altered", file)
		}
		e.Hints[digest] = h
	}
	return nil
}

// readFile reads a file of limited size.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(b) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b, nil
}
