package sealed

import (
	"testing"

	"cipherbid/crypto/message"
)

// TestDrawOrder pins the order's bytes: trustees of all versions must draw the same.
func TestDrawOrder(t *testing.T) {
	request := message.Digest{1, 2, 3}
	got := DrawOrder(&request, 2, "seat", 5)
	if want := [2]uint64{0xcd8ebd7fc4053d57, 0x27d16df56ed83f8d}; got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
	for _, other := range [][2]uint64{DrawOrder(&message.Digest{}, 2, "seat", 5), DrawOrder(&request, 1, "seat", 5), DrawOrder(&request, 2, "seats", 5)} {
		if other[0] == got[0] || other[1] == got[1] {
			t.Error("request, imp or seat makes no difference")
		}
	}
	if other := DrawOrder(&request, 2, "seat", 6); other[0] != got[0] || other[1] == got[1] {
		t.Error("campaigns of one seat are drawn within it")
	}
}
