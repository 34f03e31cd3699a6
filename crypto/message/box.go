package message

import (
	"fmt"

	"cipherbid/crypto/wire"
)

// BoxOverhead is how much longer a session's box is than what it holds: nonce and tag of AES-256-GCM.
const BoxOverhead = 12 + 16

// UserBox is a user agent's box for one trustee: encrypted to the trustee's period key, or under a session of the publisher.
type UserBox struct {
	Session  bool
	Sequence uint64 // names the publisher's session
	Box      []byte
}

const (
	boxToKey uint8 = iota
	boxInSession
)

// Encode encodes a box.
func (u *UserBox) Encode() []byte {
	w := wire.Writer{Buf: make([]byte, 0, 1+8+len(u.Box))}
	if u.Session {
		w.U8(boxInSession)
		w.U64(u.Sequence)
	} else {
		w.U8(boxToKey)
	}
	w.Raw(u.Box)
	return w.Buf
}

// DecodeUserBox decodes a box.
func DecodeUserBox(b []byte) (*UserBox, error) {
	r := wire.NewReader(b)
	u := &UserBox{}
	switch kind := r.U8("kind of box"); kind {
	case boxToKey:
		u.Box = r.Raw("box", len(b)-1)
	case boxInSession:
		u.Session, u.Sequence = true, r.U64("session")
		u.Box = r.Raw("box", len(b)-9)
	default:
		r.Fail("kind of box", "%d is unknown", kind)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("user agent's box: %w", err)
	}
	return u, nil
}

// UserBoxInfo is what a user agent's box for a trustee is bound to: the request's digest and the trustee. Whoever alters a
// request, or re-randomises its ciphertext, is left with boxes that do not open.
func UserBoxInfo(request *Digest, trustee int) []byte {
	var w wire.Writer
	w.String("cipherbid user box v1")
	w.Raw(request[:])
	w.U8(uint8(trustee))
	return w.Buf
}

// UserBoxContext is what such a box is bound to under a session.
func UserBoxContext(request *Digest, trustee int) Digest {
	return hash("cipherbid user box in session v1", request[:], []byte{byte(trustee)})
}

// ManifestContext is what the auctioneer's tag on a manifest is bound to, under its session with a trustee.
func ManifestContext(manifest *Digest, trustee int) Digest {
	return hash("cipherbid manifest tag v1", manifest[:], []byte{byte(trustee)})
}

// SharesContext is what a trustee's sealed shares are bound to.
func SharesContext(manifest *Digest, trustee int) Digest {
	return hash("cipherbid shares v1", manifest[:], []byte{byte(trustee)})
}

// CallContext is what the auctioneer's tag on a manifest that is to be ranked is bound to. The call says how.
func CallContext(manifest *Digest, call []byte, trustee int) Digest {
	return hash("cipherbid rank tag v1", manifest[:], call, []byte{byte(trustee)})
}

// RankedContext is what a trustee's part of a sealed outcome is bound to.
func RankedContext(manifest *Digest, attempt uint8, trustee int) Digest {
	return hash("cipherbid ranked v1", manifest[:], []byte{attempt, byte(trustee)})
}
