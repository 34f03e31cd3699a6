package message

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"
)

// flips calls f with every message that differs from raw in one bit, but in the given range only with every stride-th.
func flips(raw []byte, from, to, stride int, f func(at int, flipped []byte)) {
	b := bytes.Clone(raw)
	for at := range b {
		for bit := range 8 {
			if at >= from && at < to && (8*(at-from)+bit)%stride != 0 {
				continue
			}
			b[at] ^= 1 << bit
			f(at, b)
			b[at] ^= 1 << bit
		}
	}
}

// Whoever changes a bit of a request breaks its form, or changes its digest and with it the signature and all boxes, or has
// only touched the signature or a box.
func TestEveryFlipOfARequestIsNoticed(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		r := sampleRequest(t, e)
		for i := range r.Boxes { // as long as needed to be there, the rest is the same
			r.Boxes[i] = noise(byte(i), 5)
		}
		raw := e.EncodeRequest(r)
		ciphertext := frameBytes + 4 + len(r.RawTerms)
		flips(raw, ciphertext, ciphertext+len(r.C0)+len(r.B), 61, func(at int, b []byte) {
			got, err := e.DecodeRequest(b)
			if err != nil {
				return
			}
			same := bytes.Equal(got.RawTerms, r.RawTerms) && bytes.Equal(got.C0, r.C0) && bytes.Equal(got.B, r.B)
			if same != (got.Digest == r.Digest) {
				t.Errorf("byte %d: terms and ciphertext unchanged is %v, digest unchanged is %v", at, same, got.Digest == r.Digest)
			}
			if same && at < ciphertext+len(r.C0)+len(r.B) {
				t.Errorf("byte %d of terms and ciphertext means nothing", at)
			}
		})
	})
}

// The same for what a trustee gets: it is one request and one manifest, or it is refused.
func TestEveryFlipOfAnOpenRequestIsNoticed(t *testing.T) {
	e := epochs(t)[0]
	const trustee = 2
	r, answers, m := sampleAuction(t, e, 2, 2)
	r.Boxes[trustee] = noise(1, 5)
	raw := encodeOpen(e, r, m, answers, trustee)
	b := frameBytes + 4 + len(r.RawTerms) + 32
	flips(raw, b, b+len(r.B), 61, func(at int, flipped []byte) {
		o, err := e.DecodeOpenRequest(flipped, trustee)
		if err != nil {
			return
		}
		if o.Digest != r.Digest {
			t.Errorf("byte %d: the manifest was accepted for another request", at)
		}
		rest := bytes.Equal(o.Signature, r.Signature) && bytes.Equal(o.Box, r.Boxes[trustee]) && bytes.Equal(o.ManifestTag, noise(20, BoxOverhead))
		if rest && o.ManifestBound == ManifestDigest(e.EncodeManifest(m)) {
			t.Errorf("byte %d means nothing", at)
		}
	})
}

// What is hashed can be taken apart in one way only.
func TestHashOfPartsIsUnambiguous(t *testing.T) {
	seen := map[Digest]string{}
	for name, d := range map[string]Digest{
		"ab, c":      hash("d", []byte("ab"), []byte("c")),
		"a, bc":      hash("d", []byte("a"), []byte("bc")),
		"abc":        hash("d", []byte("abc")),
		"abc, empty": hash("d", []byte("abc"), nil),
		"da, bc":     hash("da", []byte("bc")),
		"nothing":    hash("d"),
		"empty":      hash("d", nil),
	} {
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[d] = name
	}
}

// Commitments and boxes are bound to everything that they depend on.
func TestContextsDependOnEverything(t *testing.T) {
	e := epochs(t)[0]
	request := Digest(noise(1, 32))
	salt, part := noise(2, SaltBytes), noise(3, 16)
	base := sampleAnswer(e, request, "seat-1", sampleLanes(2, 2)).Bid
	changed := func(change func(*Bid)) *Bid {
		b := sampleAnswer(e, request, "seat-1", sampleLanes(2, 2)).Bid
		change(&b)
		return &b
	}
	other := request
	other[31] ^= 1
	h := &Hasher{}
	digests := map[string]Digest{
		"commitment":                   h.Commitment(&request, "seat-1", 0, salt, part),
		"commitment: request":          h.Commitment(&other, "seat-1", 0, salt, part),
		"commitment: seat":             h.Commitment(&request, "seat-2", 0, salt, part),
		"commitment: j":                h.Commitment(&request, "seat-1", 1, salt, part),
		"commitment: salt":             h.Commitment(&request, "seat-1", 0, noise(4, SaltBytes), part),
		"commitment: part":             h.Commitment(&request, "seat-1", 0, salt, noise(4, 16)),
		"commitment: longer salt":      h.Commitment(&request, "seat-1", 0, append(salt[:SaltBytes:SaltBytes], part[0]), part[1:]),
		"box":                          h.BoxContext(&request, &base, 0),
		"box: request":                 h.BoxContext(&other, &base, 0),
		"box: trustee":                 h.BoxContext(&request, &base, 1),
		"box: seat":                    h.BoxContext(&request, changed(func(b *Bid) { b.Seat = "seat-2" }), 0),
		"box: hint":                    h.BoxContext(&request, changed(func(b *Bid) { b.Hint[0] ^= 1 }), 0),
		"box: commitment":              h.BoxContext(&request, changed(func(b *Bid) { b.Commitments[2][5] ^= 1 }), 0),
		"box: lane's imp":              h.BoxContext(&request, changed(func(b *Bid) { b.Lanes[3].Imp++ }), 0),
		"box: lane's campaign":         h.BoxContext(&request, changed(func(b *Bid) { b.Lanes[0].Campaign++ }), 0),
		"box: lane's cap":              h.BoxContext(&request, changed(func(b *Bid) { b.Lanes[0].Cap-- }), 0),
		"box: a lane less":             h.BoxContext(&request, changed(func(b *Bid) { b.Lanes = b.Lanes[:3] }), 0),
		"shares":                       SharesContext(&request, 0),
		"shares: manifest":             SharesContext(&other, 0),
		"shares: trustee":              SharesContext(&request, 1),
		"call":                         CallContext(&request, EncodeCall(sampleCall()), 0),
		"call: manifest":               CallContext(&other, EncodeCall(sampleCall()), 0),
		"call: trustee":                CallContext(&request, EncodeCall(sampleCall()), 1),
		"call: empty":                  CallContext(&request, nil, 0),
		"call: as a manifest to open":  ManifestContext(&request, 0),
		"ranked":                       RankedContext(&request, 0, 0),
		"ranked: manifest":             RankedContext(&other, 0, 0),
		"ranked: attempt":              RankedContext(&request, 1, 0),
		"ranked: trustee":              RankedContext(&request, 0, 1),
		"hint":                         HintDigest("seat-1", []uint32{1, 2}),
		"hint: seat":                   HintDigest("seat-2", []uint32{1, 2}),
		"hint: values":                 HintDigest("seat-1", []uint32{1, 3}),
		"hint: a value less":           HintDigest("seat-1", []uint32{1}),
		"manifest":                     ManifestDigest([]byte("m")),
		"enrolment":                    sampleEnrolment().Digest(e),
		"enrolment's info":             sha256.Sum256(sampleEnrolment().Info(e)),
		"user's box":                   sha256.Sum256(UserBoxInfo(&request, 0)),
		"user's box: another trustee":  sha256.Sum256(UserBoxInfo(&request, 2)),
		"user's box: another request":  sha256.Sum256(UserBoxInfo(&other, 0)),
		"enrolment's info: plaintext":  sha256.Sum256(sampleEnrolment().Info(epochs(t)[1])),
		"enrolment's digest elsewhere": sampleEnrolment().Digest(epochs(t)[1]),
	}
	for name, change := range map[string]func(*Enrolment){
		"role":     func(n *Enrolment) { n.Role = RoleAuctioneer },
		"id":       func(n *Enrolment) { n.ID = "seat-2" },
		"sequence": func(n *Enrolment) { n.Sequence++ },
		"trustee":  func(n *Enrolment) { n.Trustee[0] ^= 1 },
	} {
		n := sampleEnrolment()
		change(n)
		digests["enrolment: "+name], digests["enrolment's info: "+name] = n.Digest(e), sha256.Sum256(n.Info(e))
	}
	for name, change := range map[string]func(*Call){
		"attempt":         func(c *Call) { c.Attempt++ },
		"absent":          func(c *Call) { c.Absent = 0 },
		"wait":            func(c *Call) { c.Wait += time.Millisecond },
		"ticket's number": func(c *Call) { c.Tickets[1].Number++ },
		"ticket's link":   func(c *Call) { c.Tickets[1].Session[0]++ },
		"a ticket less":   func(c *Call) { c.Tickets = c.Tickets[:1] },
	} {
		c := sampleCall()
		change(c)
		digests["call: "+name] = CallContext(&request, EncodeCall(c), 0)
	}
	boxed := sampleEnrolment()
	boxed.Box[7] ^= 1
	digests["enrolment: box"] = boxed.Digest(e)
	seen := map[Digest]string{}
	for name, d := range digests {
		if also, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", name, also)
		}
		seen[d] = name
	}
}

func TestHasherReusesAndWipes(t *testing.T) {
	request, salt, part := Digest(noise(1, 32)), noise(2, SaltBytes), noise(3, 128)
	bid := sampleAnswer(epochs(t)[0], request, "seat-1", sampleLanes(1, 32)).Bid
	h := &Hasher{}
	first := h.Commitment(&request, bid.Seat, 1, salt, part)
	if n := testing.AllocsPerRun(100, func() {
		if h.BoxContext(&request, &bid, 1); h.Commitment(&request, bid.Seat, 1, salt, part) != first {
			t.Fatal("a used hasher gives another digest")
		}
	}); n != 0 {
		t.Errorf("a warm hasher allocates %v times", n)
	}
	h.Wipe()
	if buf := h.w.Buf[:cap(h.w.Buf)]; !bytes.Equal(buf, make([]byte, len(buf))) {
		t.Error("the salted part is still there after Wipe")
	}
}
