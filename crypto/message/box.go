package message

import "cipherbid/crypto/wire"

// UserBoxInfo is what a user agent's box for a trustee is bound to: the request's digest and the trustee. Whoever alters a
// request, or re-randomises its ciphertext, is left with boxes that do not open.
func UserBoxInfo(request *Digest, trustee int) []byte {
	var w wire.Writer
	w.String("cipherbid user box v1")
	w.Raw(request[:])
	w.U8(uint8(trustee))
	return w.Buf
}

// SharesContext is what a trustee's sealed shares are bound to.
func SharesContext(manifest *Digest, trustee int) Digest {
	return hash("cipherbid shares v1", manifest[:], []byte{byte(trustee)})
}
