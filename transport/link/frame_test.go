package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestFramesThatAreNone(t *testing.T) {
	for _, tc := range []struct {
		name, stream string
		want         error
	}{
		{"end", "", io.EOF},
		{"end after a ping", "\x00\x00\x00\x00", io.EOF},
		{"end after a frame", "\x01\x00\x00\x00x", io.EOF},
		{"cut in the length", "\x01\x00\x00", io.ErrUnexpectedEOF},
		{"cut before the body", "\x01\x00\x00\x00", io.ErrUnexpectedEOF},
		{"cut in the body", "\x02\x00\x00\x00x", io.ErrUnexpectedEOF},
		{"too large", "\x0b\x00\x00\x00", ErrTooLarge},
		{"huge", "\xff\xff\xff\xff", ErrTooLarge},
	} {
		f := newFrames(bytes.NewReader([]byte(tc.stream)), 10)
		var err error
		for err == nil {
			_, err = f.next()
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

// Frames and pings, put back together, are the beginning of the stream, however it arrives. The rest is no frame.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x03\x00\x00\x00abc\x00\x00\x00\x00\x01\x00\x00\x00d"), uint16(3))
	f.Add([]byte("\x04\x00\x00\x00abcd"), uint16(3))
	f.Add([]byte("\xff\xff\xff\xffabcd"), uint16(9))
	f.Add([]byte("\x05\x00\x00\x00abcd"), uint16(9))
	f.Add([]byte("\x01\x00"), uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, limit uint16) {
		limit = max(limit, 1)
		for _, r := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream))} {
			frames := newFrames(r, int(limit))
			var again []byte
			for {
				frame, err := frames.next()
				if err != nil {
					checkEnd(t, stream[len(again):], int(limit), err)
					break
				}
				if len(frame) > int(limit) {
					t.Fatalf("frame of %d bytes, limit %d", len(frame), limit)
				}
				again = append(binary.LittleEndian.AppendUint32(again, uint32(len(frame))), frame...)
				if !bytes.HasPrefix(stream, again) {
					t.Fatalf("%x does not begin with %x", stream, again)
				}
			}
		}
	})
}

// checkEnd checks the error that rest, which begins no whole frame, must give.
func checkEnd(t *testing.T, rest []byte, limit int, err error) {
	t.Helper()
	want := io.ErrUnexpectedEOF
	switch {
	case len(rest) == 0:
		want = io.EOF
	case len(rest) < headerBytes:
	case binary.LittleEndian.Uint32(rest) > uint32(limit):
		want = ErrTooLarge
	case uint64(len(rest)-headerBytes) >= uint64(binary.LittleEndian.Uint32(rest)):
		t.Fatalf("stopped at a whole frame %x: %v", rest, err)
	}
	if !errors.Is(err, want) {
		t.Fatalf("rest %x: %v, want %v", rest, err, want)
	}
}
