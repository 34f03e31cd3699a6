package ipinyou

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// MaxLine is the longest line, in bytes, that a reader accepts.
const MaxLine = 1 << 16

// ErrNoClick reports a log without a click column where clicks are needed. The official impression logs are such: clicks
// come in a file of their own, and must be joined first.
var ErrNoClick = errors.New("log has no click column: training needs one (join the clk log to the imp log, " +
	"as make-ipinyou-data does, which writes click weekday hour before the 24 official columns)")

// Reader streams the impressions of one log. It must not be used by several goroutines at a time.
type Reader struct {
	name    string
	lines   *bufio.Scanner
	line    int
	first   []byte // a headerless log's first line, already read to find the layout
	decoder *decoder
	close   []io.Closer
}

// Open opens a log file. The caller must close the reader.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	r, err := NewReader(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.close = append(r.close, f)
	return r, nil
}

// NewReader reads a log from src; name stands for it in errors. Compression is recognised by its first bytes.
func NewReader(src io.Reader, name string) (*Reader, error) {
	r := &Reader{name: name}
	plain, err := r.decompress(bufio.NewReaderSize(src, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.lines = bufio.NewScanner(plain)
	r.lines.Buffer(make([]byte, 0, 4096), MaxLine)
	if !r.scan() {
		if err := r.lines.Err(); err != nil {
			return nil, r.fail(err)
		}
		return nil, fmt.Errorf("%s: empty log", name)
	}
	line := bytes.TrimPrefix(r.lines.Bytes(), []byte("\xef\xbb\xbf"))
	l, header, err := detectLayout(line)
	if err != nil {
		return nil, r.fail(err)
	}
	if !header {
		r.first = bytes.Clone(line)
	}
	r.decoder = newDecoder(l)
	return r, nil
}

func (r *Reader) decompress(src *bufio.Reader) (io.Reader, error) {
	magic, err := src.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, err
		}
		r.close = append(r.close, z)
		return z, nil
	case string(magic) == "BZh":
		return bzip2.NewReader(src), nil
	}
	return src, nil
}

// Labelled reports whether the log has a click column.
func (r *Reader) Labelled() bool { return r.decoder.layout.at[colClick] >= 0 }

// Next returns the next impression, or io.EOF after the last. Other errors name file, line and column; the reader cannot
// go on after one.
func (r *Reader) Next() (Row, error) {
	for {
		line := r.first
		r.first = nil
		if line == nil {
			if !r.scan() {
				if err := r.lines.Err(); err != nil {
					return Row{}, r.fail(err)
				}
				return Row{}, io.EOF
			}
			line = r.lines.Bytes()
		}
		if len(line) == 0 {
			continue
		}
		row, ok, err := r.decoder.decode(line)
		if err != nil {
			return Row{}, r.fail(err)
		}
		if ok {
			return row, nil
		}
	}
}

func (r *Reader) scan() bool {
	r.line++
	return r.lines.Scan()
}

func (r *Reader) fail(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("line longer than %d bytes", MaxLine)
	}
	return fmt.Errorf("%s:%d: %w", r.name, r.line, err)
}

// Close closes what Open opened.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.close {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// ReadFile reads all impressions of a log.
func ReadFile(path string) ([]Row, error) { return readFile(path, false) }

// ReadTrainingFile reads all impressions of a log that must have clicks. It fails with [ErrNoClick] otherwise.
func ReadTrainingFile(path string) ([]Row, error) { return readFile(path, true) }

func readFile(path string, labelled bool) ([]Row, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if labelled && !r.Labelled() {
		return nil, fmt.Errorf("%s: %w", path, ErrNoClick)
	}
	var rows []Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}
