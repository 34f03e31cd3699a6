package wire

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var w Writer
	w.U8(math.MaxUint8)
	w.U16(math.MaxUint16)
	w.U32(math.MaxUint32)
	w.U64(math.MaxUint64)
	w.F64(math.Copysign(0, -1))
	w.F64(-math.MaxFloat64)
	w.Raw([]byte{1, 2, 3})
	w.Var([]byte("variable"))
	w.Var(nil)
	w.String("text")
	w.String("")
	w.U16(2)
	w.Raw([]byte{8, 9})

	r := NewReader(w.Buf)
	var copied [3]byte
	if r.U8("u8") != math.MaxUint8 || r.U16("u16") != math.MaxUint16 || r.U32("u32") != math.MaxUint32 || r.U64("u64") != math.MaxUint64 {
		t.Error("an integer changed")
	}
	if zero := r.F64("f64"); zero != 0 || !math.Signbit(zero) || r.F64("f64") != -math.MaxFloat64 {
		t.Error("a float changed")
	}
	r.Copy("copied", copied[:])
	if copied != [3]byte{1, 2, 3} || string(r.Var("var", 8)) != "variable" || len(r.Var("var", 8)) != 0 {
		t.Error("bytes changed")
	}
	if r.String("string", 4) != "text" || r.String("string", 4) != "" {
		t.Error("a string changed")
	}
	if n := r.Count("count", 2, 1); n != 2 || !bytes.Equal(r.Raw("counted", n), []byte{8, 9}) {
		t.Error("a counted list changed")
	}
	if err := r.Done(); err != nil {
		t.Error(err)
	}
}

func TestLittleEndian(t *testing.T) {
	var w Writer
	w.U16(0x0102)
	w.U32(0x03040506)
	w.U64(0x0708090a0b0c0d0e)
	want := []byte{2, 1, 6, 5, 4, 3, 14, 13, 12, 11, 10, 9, 8, 7}
	if !bytes.Equal(w.Buf, want) {
		t.Errorf("wrote % x, want % x", w.Buf, want)
	}
}

// Every call says which field it was after, and how that failed.
func TestRefusalsNameTheField(t *testing.T) {
	nan := make([]byte, 8)
	copy(nan[6:], []byte{0xf8, 0x7f})
	infinite := make([]byte, 8)
	copy(infinite[6:], []byte{0xf0, 0x7f})
	for _, tc := range []struct {
		name string
		buf  []byte
		read func(*Reader)
		says string
	}{
		{"short u8", nil, func(r *Reader) { r.U8("hour") }, "hour: needs 1 bytes, 0 are left"},
		{"short u16", []byte{1}, func(r *Reader) { r.U16("hour") }, "hour: needs 2 bytes, 1 are left"},
		{"short u32", []byte{1, 2, 3}, func(r *Reader) { r.U32("hour") }, "hour: needs 4"},
		{"short u64", make([]byte, 7), func(r *Reader) { r.U64("hour") }, "hour: needs 8"},
		{"NaN", nan, func(r *Reader) { r.F64("floor") }, "floor: is not finite"},
		{"infinity", infinite, func(r *Reader) { r.F64("floor") }, "floor: is not finite"},
		{"short raw", make([]byte, 3), func(r *Reader) { r.Raw("box", 4) }, "box: needs 4 bytes, 3 are left"},
		{"negative raw", make([]byte, 3), func(r *Reader) { r.Raw("box", -1) }, "box: needs -1"},
		{"short copy", make([]byte, 3), func(r *Reader) { r.Copy("digest", make([]byte, 4)) }, "digest: needs 4"},
		{"var above limit", []byte{5, 0, 0, 0, 1, 2, 3, 4, 5}, func(r *Reader) { r.Var("box", 4) }, "box: 5 bytes, at most 4"},
		{"var past end", []byte{5, 0, 0, 0, 1, 2}, func(r *Reader) { r.Var("box", 100) }, "box: needs 5 bytes, 2 are left"},
		{"var of 2^32-1", []byte{255, 255, 255, 255}, func(r *Reader) { r.Var("box", math.MaxInt32) }, "box: 4294967295 bytes"},
		{"string above limit", []byte{3, 0, 'a', 'b', 'c'}, func(r *Reader) { r.String("seat", 2) }, "seat: 3 bytes, at most 2"},
		{"string past end", []byte{3, 0, 'a'}, func(r *Reader) { r.String("seat", 64) }, "seat: needs 3"},
		{"count above limit", []byte{3, 0, 1, 2, 3}, func(r *Reader) { r.Count("imps", 2, 1) }, "imps: 3, at most 2"},
		{"count past end", []byte{3, 0, 1, 2, 3}, func(r *Reader) { r.Count("imps", 3, 2) }, "imps: 3 do not fit in the 3 bytes left"},
		{"left over", []byte{1, 2}, func(r *Reader) { r.U8("hour") }, "end: 1 bytes left over"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := NewReader(tc.buf)
			tc.read(r)
			err := r.Done()
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want ErrMalformed that says %q", err, tc.says)
			}
		})
	}
}

func TestFirstErrorSticks(t *testing.T) {
	r := NewReader([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	r.Raw("first", 10)
	first := r.Err()
	if first == nil {
		t.Fatal("no error")
	}
	dst := []byte{7}
	r.Copy("later", dst)
	if r.U8("later") != 0 || r.U16("later") != 0 || r.U32("later") != 0 || r.U64("later") != 0 || r.F64("later") != 0 ||
		r.Raw("later", 1) != nil || r.Var("later", 9) != nil || r.String("later", 9) != "" || r.Count("later", 9, 0) != 0 || dst[0] != 7 {
		t.Error("something was read after an error")
	}
	r.Fail("later", "another")
	if r.Err() != first || r.Done() != first {
		t.Errorf("the first error %q became %q", first, r.Done())
	}
}

// A receiver that appends to one field must not overwrite the next.
func TestTakenBytesCannotGrowIntoTheRest(t *testing.T) {
	r := NewReader([]byte{1, 2, 3})
	first := r.Raw("first", 1)
	_ = append(first, 99)
	if r.U8("second") != 2 {
		t.Error("appending to a field changed the one behind it")
	}
}

func TestHostileLengthsDoNotAllocate(t *testing.T) {
	hostile := bytes.Repeat([]byte{0xff}, 64)
	var kept []byte
	for name, read := range map[string]func(*Reader){
		"var":    func(r *Reader) { r.Var("f", math.MaxInt32) },
		"string": func(r *Reader) { r.String("f", math.MaxUint16) },
		"raw":    func(r *Reader) { r.Raw("f", math.MaxInt32) },
		"count":  func(r *Reader) { kept = make([]byte, 64*r.Count("f", math.MaxUint16, 64)) },
	} {
		r := NewReader(hostile)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		read(r)
		runtime.ReadMemStats(&after)
		if r.Err() == nil || len(kept) != 0 {
			t.Errorf("%s: accepted", name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4096 { // an error and its words
			t.Errorf("%s: %d bytes allocated for a length that is a lie", name, n)
		}
	}
}
