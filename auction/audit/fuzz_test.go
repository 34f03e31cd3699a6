package audit

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"cipherbid/auction"
	"cipherbid/crypto/keys"
)

// FuzzLines reads files of anything. Nothing passes for a transcript but what the auctioneer has signed.
func FuzzLines(f *testing.F) {
	auctioneer := keys.NewIdentity()
	x := &auction.Transcript{Period: 3, Auction: "5c01", Request: auction.Hash{1}, Manifest: auction.Hash{2}, Arrival: time.Unix(1_795_000_000, 1)}
	signed, err := x.Sign([]auction.Outcome{{Imp: "1"}, {Imp: "2", Sold: true, Seat: "ada", Campaign: 1, Price: 2.5}}, auctioneer)
	if err != nil {
		f.Fatal(err)
	}
	line, err := json.Marshal(signed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line, "5c01")
	f.Add(append(append(bytes.Clone(line), '\n'), line[:40]...), "")
	f.Add([]byte(`{"transcript": null, "signature": "", "opening": {"salt": "AAAA", "imps": null}}`), "x")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		_ = Lines(bytes.NewReader(b), name, func(s *auction.SignedTranscript) error {
			if _, err := s.Verify(auctioneer.Public()); err == nil && !bytes.Equal(s.Transcript, signed.Transcript) {
				t.Error("a transcript that nobody has signed was accepted")
			}
			return nil
		})
	})
}
