package wire

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzReader reads data as the program says, one call for each byte of it, and writes what it read: as long as nothing failed,
// the writer must end up with the bytes that the reader has consumed.
func FuzzReader(f *testing.F) {
	var w Writer
	w.U8(1)
	w.U16(2)
	w.U32(3)
	w.U64(4)
	w.F64(5.5)
	w.Raw([]byte("raw"))
	w.Var([]byte("var"))
	w.String("string")
	w.U16(3)
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, w.Buf)
	f.Add([]byte{6, 7, 8, 5}, bytes.Repeat([]byte{0xff}, 40))
	f.Add([]byte{}, []byte("left over"))
	f.Fuzz(func(t *testing.T, program, data []byte) {
		r := NewReader(data)
		var w Writer
		for _, op := range program {
			switch op % 9 {
			case 0:
				w.U8(r.U8("u8"))
			case 1:
				w.U16(r.U16("u16"))
			case 2:
				w.U32(r.U32("u32"))
			case 3:
				w.U64(r.U64("u64"))
			case 4:
				w.F64(r.F64("f64"))
			case 5:
				w.Raw(r.Raw("raw", 3))
			case 6:
				b := r.Var("var", 1<<10)
				if len(b) > 1<<10 || len(b) > len(data) {
					t.Fatalf("var of %d bytes", len(b))
				}
				w.Var(b)
			case 7:
				s := r.String("string", 64)
				if len(s) > 64 {
					t.Fatalf("string of %d bytes", len(s))
				}
				w.String(s)
			case 8:
				n := r.Count("count", 100, 2)
				if n > 100 || 2*n > len(data) {
					t.Fatalf("count %d of %d bytes", n, len(data))
				}
				w.U16(uint16(n))
			}
			if r.Err() != nil {
				break
			}
		}
		if err := r.Err(); err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v does not wrap ErrMalformed", err)
			}
			return
		}
		if !bytes.HasPrefix(data, w.Buf) {
			t.Fatalf("wrote % x from % x", w.Buf, data)
		}
		if done := r.Done() == nil; done != (len(w.Buf) == len(data)) {
			t.Fatalf("done: %v, after %d of %d bytes", done, len(w.Buf), len(data))
		}
	})
}
