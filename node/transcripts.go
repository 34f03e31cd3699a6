package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"cipherbid/auction"
)

// transcriptFile appends transcripts to a file, one line of JSON each. It is readable by its owner only: lines come with their
// openings. It is safe for concurrent use: the auctioneers of two periods may be writing.
type transcriptFile struct{ *os.File }

func openTranscripts(path string) (*transcriptFile, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("transcripts: %w", err)
	}
	if err := endLine(f); err != nil {
		return nil, fmt.Errorf("transcripts: %w", errors.Join(err, f.Close()))
	}
	return &transcriptFile{f}, nil
}

// endLine ends a line that was cut short when this process was killed.
func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte{'\n'})
	return err
}

// add appends a line, in one write.
func (f *transcriptFile) add(t *auction.SignedTranscript) error {
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return err
}
