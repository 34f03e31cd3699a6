package directory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

func TestVerifyRequest(t *testing.T) {
	for name, f := range files(t) {
		d := newDirectory(t, f)
		valid := message.Terms{
			Publisher: "news.example", Issued: noon, Expiry: noon.Add(time.Second), Recipient: d.Auctioneer().Identity.ID(), TrusteeKeys: d.TrusteeKeyIDs(),
		}
		digest := message.Digest{1, 2, 3}
		signature := identity(t, publisherSeed).Sign(keys.DomainRequest, digest)
		for _, tc := range []struct {
			name   string
			change func(*message.Terms)
			digest message.Digest
			sig    []byte
			now    time.Time
			is     error
			says   string
		}{
			{"valid", func(*message.Terms) {}, digest, signature, noon, nil, ""},
			{"unknown publisher", func(x *message.Terms) { x.Publisher = "seat-0" }, digest, signature, noon, nil, `publisher "seat-0" is not in the directory`},
			{"other recipient", func(x *message.Terms) { x.Recipient[0] ^= 1 }, digest, signature, noon, nil, "another recipient"},
			{"trustee's other key", func(x *message.Terms) { x.TrusteeKeys[2][7] ^= 1 }, digest, signature, noon, message.ErrPeriod, "other period keys"},
			{"expired", func(*message.Terms) {}, digest, signature, noon.Add(time.Second), nil, "expired"},
			{"from the future", func(*message.Terms) {}, digest, signature, noon.Add(-time.Minute), nil, "in the future"},
			{"long life", func(x *message.Terms) { x.Expiry = noon.Add(2 * time.Minute) }, digest, signature, noon, nil, "request lives for"},
			{"last period", func(*message.Terms) {}, digest, signature, start.Add(-1), message.ErrPeriod, "period 3 runs"},
			{"next period", func(x *message.Terms) { *x = valid }, digest, signature, start.Add(24 * time.Hour), message.ErrPeriod, "period 3 runs"},
			{"no signature", func(*message.Terms) {}, digest, nil, noon, keys.ErrSignature, `publisher "news.example"`},
			{"altered signature", func(*message.Terms) {}, digest, append([]byte{1}, signature[1:]...), noon, keys.ErrSignature, `publisher "news.example"`},
			{"other digest", func(*message.Terms) {}, message.Digest{1, 2, 4}, signature, noon, keys.ErrSignature, `publisher "news.example"`},
			{"stranger's signature", func(*message.Terms) {}, digest, identity(t, strangerSeed).Sign(keys.DomainRequest, digest), noon, keys.ErrSignature, ""},
			{"signature of a notice", func(*message.Terms) {}, digest, identity(t, publisherSeed).Sign(keys.DomainNotice, digest), noon, keys.ErrSignature, ""},
		} {
			t.Run(fmt.Sprintf("%s/%s", name, tc.name), func(t *testing.T) {
				terms := valid
				tc.change(&terms)
				err := d.VerifyRequest(&terms, tc.digest, tc.sig, tc.now)
				if (err == nil) != (tc.name == "valid") || tc.is != nil && !errors.Is(err, tc.is) || err != nil && !strings.Contains(err.Error(), tc.says) {
					t.Errorf("error %v, want %v that says %q", err, tc.is, tc.says)
				}
			})
		}
	}
}
