package econ

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cipherbid/bidder/ipinyou"

	"github.com/klauspost/compress/gzip"
)

// readUserIDs returns the user of every bid id of a log, to cluster a bootstrap by. Package ipinyou never reads user ids, so that
// nothing can fit on them. The map is empty if the log has no such column; rows are then users of their own.
func readUserIDs(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := decompress(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, err
	}
	return userIDs(plain)
}

func userIDs(plain io.Reader) (map[string]string, error) {
	lines := bufio.NewScanner(plain)
	lines.Buffer(make([]byte, 0, 4096), ipinyou.MaxLine)
	ids := map[string]string{}
	bid, user, sep := -1, -1, ","
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if n == 0 {
			if strings.Contains(line, "\t") {
				sep = "\t"
			}
			names := strings.Split(strings.TrimPrefix(line, "\ufeff"), sep)
			for i, name := range names {
				names[i] = strings.ToLower(strings.TrimSpace(name))
			}
			bid = slices.Index(names, "bidid")
			if user = slices.Index(names, "userid"); user < 0 {
				user = slices.Index(names, "ipinyouid")
			}
			header := bid >= 0
			if !header && sep == "\t" { // the official layout
				bid, user = 0, 3
			}
			if bid < 0 || user < 0 {
				return nil, nil
			}
			if header {
				continue
			}
		}
		// Ids come before any column that may be quoted.
		if fields := strings.SplitN(line, sep, max(bid, user)+2); len(fields) > max(bid, user) && fields[user] != "null" && fields[user] != "" {
			ids[strings.Clone(fields[bid])] = strings.Clone(fields[user])
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line longer than %d bytes", ipinyou.MaxLine)
	}
	return ids, lines.Err()
}

func decompress(src *bufio.Reader) (io.Reader, error) {
	magic, err := src.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(src)
	case string(magic) == "BZh":
		return bzip2.NewReader(src), nil
	}
	return src, nil
}
