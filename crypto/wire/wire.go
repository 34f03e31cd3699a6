// Package wire reads and writes the fixed binary messages of the market. A [Writer] appends, a [Reader] checks every length
// before it touches or allocates anything, remembers its first error, and never panics on hostile bytes. Integers are
// little-endian. Neither is safe for concurrent use.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed is wrapped by every error about the bytes of a message.
var ErrMalformed = errors.New("malformed message")

// Writer appends values to a buffer.
type Writer struct {
	Buf []byte
}

// U8 appends a byte.
func (w *Writer) U8(v uint8) { w.Buf = append(w.Buf, v) }

// U16 appends two bytes.
func (w *Writer) U16(v uint16) { w.Buf = binary.LittleEndian.AppendUint16(w.Buf, v) }

// U32 appends four bytes.
func (w *Writer) U32(v uint32) { w.Buf = binary.LittleEndian.AppendUint32(w.Buf, v) }

// U64 appends eight bytes.
func (w *Writer) U64(v uint64) { w.Buf = binary.LittleEndian.AppendUint64(w.Buf, v) }

// F64 appends a float64 as its IEEE 754 bits.
func (w *Writer) F64(v float64) { w.U64(math.Float64bits(v)) }

// Raw appends bytes without a length.
func (w *Writer) Raw(b []byte) { w.Buf = append(w.Buf, b...) }

// Var appends bytes after a four-byte length.
func (w *Writer) Var(b []byte) {
	w.U32(uint32(len(b)))
	w.Raw(b)
}

// String appends a string of at most 65,535 bytes after a two-byte length.
func (w *Writer) String(s string) {
	w.U16(uint16(len(s)))
	w.Buf = append(w.Buf, s...)
}

// Reader takes values from a buffer. After an error every call returns zero values.
type Reader struct {
	buf []byte
	err error
}

// NewReader reads b, which must not change while the values taken from it are in use: Raw and Var return parts of it.
func NewReader(b []byte) *Reader { return &Reader{buf: b} }

// Fail records an error about the named field, unless there is one already.
func (r *Reader) Fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: %s", ErrMalformed, field, fmt.Sprintf(format, args...))
	}
}

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Done returns the first error, and refuses bytes left over.
func (r *Reader) Done() error {
	if len(r.buf) != 0 {
		r.Fail("end", "%d bytes left over", len(r.buf))
	}
	return r.err
}

// Raw takes n bytes, without copying them.
func (r *Reader) Raw(field string, n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.buf)) {
		r.Fail(field, "needs %d bytes, %d are left", n, len(r.buf))
	}
	if r.err != nil {
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

// Rest takes what is left, without copying it.
func (r *Reader) Rest() []byte { return r.Raw("rest", len(r.buf)) }

// Var takes bytes after a four-byte length of at most limit, without copying them.
func (r *Reader) Var(field string, limit int) []byte {
	n := r.U32(field)
	if int64(n) > int64(limit) {
		r.Fail(field, "%d bytes, at most %d are allowed", n, limit)
	}
	return r.Raw(field, int(n))
}

// String takes a string after a two-byte length of at most limit.
func (r *Reader) String(field string, limit int) string {
	n := int(r.U16(field))
	if n > limit {
		r.Fail(field, "%d bytes, at most %d are allowed", n, limit)
	}
	return string(r.Raw(field, n))
}

// Copy takes len(dst) bytes into dst.
func (r *Reader) Copy(field string, dst []byte) { copy(dst, r.Raw(field, len(dst))) }

// U8 takes a byte.
func (r *Reader) U8(field string) uint8 {
	if b := r.Raw(field, 1); b != nil {
		return b[0]
	}
	return 0
}

// U16 takes two bytes.
func (r *Reader) U16(field string) uint16 {
	if b := r.Raw(field, 2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 takes four bytes.
func (r *Reader) U32(field string) uint32 {
	if b := r.Raw(field, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 takes eight bytes.
func (r *Reader) U64(field string) uint64 {
	if b := r.Raw(field, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// F64 takes a finite float64.
func (r *Reader) F64(field string) float64 {
	v := math.Float64frombits(r.U64(field))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.Fail(field, "is not finite")
		return 0
	}
	return v
}

// Count takes a two-byte count of at most limit of things that take at least size bytes each, so that a caller may allocate.
func (r *Reader) Count(field string, limit, size int) int {
	n := int(r.U16(field))
	if n > limit {
		r.Fail(field, "%d, at most %d are allowed", n, limit)
	}
	if n*size > len(r.buf) {
		r.Fail(field, "%d do not fit in the %d bytes left", n, len(r.buf))
	}
	if r.err != nil {
		return 0
	}
	return n
}
