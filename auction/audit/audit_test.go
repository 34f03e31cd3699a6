package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"cipherbid/auction"
)

func TestLines(t *testing.T) {
	c := commonMarket(t)
	var file bytes.Buffer
	for _, request := range c.order {
		line, err := json.Marshal(c.signed[request])
		if err != nil {
			t.Fatal(err)
		}
		file.Write(append(line, '\n'))
	}
	first := auction.Hash(c.order[0]).String()
	for _, tc := range []struct {
		name string
		want int
	}{{"", len(c.order)}, {first, 1}, {first[:16], 1}, {c.answered[c.order[1]].Auction, 1}, {"nothing", 0}, {"auction", 0}, {first[1:], 0}} {
		n := 0
		if err := Lines(bytes.NewReader(file.Bytes()), tc.name, func(*auction.SignedTranscript) error { n++; return nil }); err != nil || n != tc.want {
			t.Errorf("%q: %d transcripts, want %d: %v", tc.name, n, tc.want, err)
		}
	}
	stop := errors.New("stop")
	for _, tc := range []struct{ text, says string }{
		{file.String()[:file.Len()-20], "line 6: "},
		{"\n\n{}{}\n", "line 3: there is data after the end"},
		{`{"Transcripts": {}}`, "unknown field"},
		{strings.Repeat("x", auction.MaxTranscriptBytes+1), "line 1: bufio.Scanner: token too long"},
	} {
		err := Lines(strings.NewReader(tc.text), "", func(*auction.SignedTranscript) error { return nil })
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%.40q: %v, want %q", tc.text, err, tc.says)
		}
	}
	if err := Lines(bytes.NewReader(file.Bytes()), "", func(*auction.SignedTranscript) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the reader's error is lost: %v", err)
	}
}
