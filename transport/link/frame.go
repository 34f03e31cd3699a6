package link

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// headerBytes is the length of a frame's length, uint32 in little-endian order, which the body follows. A frame without body is a
// ping.
const headerBytes = 4

// frames splits what a peer sends.
type frames struct {
	r   *bufio.Reader
	max int
}

func newFrames(r io.Reader, max int) *frames { return &frames{bufio.NewReaderSize(r, blockBytes), max} }

// next returns a frame, which the caller owns, or nil for a ping. The error is io.EOF at the end of a frame only.
func (f *frames) next() ([]byte, error) {
	header, err := f.r.Peek(headerBytes)
	if err != nil {
		if err == io.EOF && len(header) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header)
	if _, err := f.r.Discard(headerBytes); err != nil {
		return nil, err
	}
	if size == 0 {
		return nil, nil
	}
	if uint64(size) > uint64(f.max) {
		return nil, fmt.Errorf("%w: peer announced %d bytes of at most %d", ErrTooLarge, size, f.max)
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(f.r, frame); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return frame, nil
}
