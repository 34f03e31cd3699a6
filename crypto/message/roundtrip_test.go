package message

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"cipherbid/crypto/scheme"
	"cipherbid/crypto/wire"
)

// roundTrip holds two equations: decode(encode(x)) = x, and encode(decode(b)) = b.
func roundTrip[T any](t *testing.T, name string, x T, encode func(T) []byte, decode func([]byte) (T, error)) {
	t.Helper()
	b := encode(x)
	y, err := decode(b)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("%s: decoded\n%+v, encoded\n%+v", name, y, x)
	}
	if again := encode(y); !bytes.Equal(b, again) {
		t.Errorf("%s: encodes to other bytes after decoding", name)
	}
}

func TestRoundTrips(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		encodeTerms := func(x *Terms) []byte {
			b, err := e.EncodeTerms(x)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		bare := &Terms{
			Publisher: "p", Mode: Sealed, PriceRule: FirstPrice, Cap: 1e-3, Issued: time.UnixMilli(0), Expiry: time.UnixMilli(1),
			TMax: 1, MaxLanes: 1, Imps: []Imp{{ID: "i", Floor: 1e-3}},
		}
		roundTrip(t, "terms", sampleTerms(), encodeTerms, e.DecodeTerms)
		roundTrip(t, "bare terms", bare, encodeTerms, e.DecodeTerms)

		r, answers, m := sampleAuction(t, e, 5, 4)
		roundTrip(t, "request", r, e.EncodeRequest, e.DecodeRequest)
		roundTrip(t, "bid request", &BidRequest{r.Terms, r.C0, r.B, r.Digest}, func(x *BidRequest) []byte {
			return e.AppendBidRequest(nil, &Request{RawTerms: encodeTerms(x.Terms), C0: x.C0, B: x.B})
		}, e.DecodeBidRequest)
		appendAnswer := func(x *Answer) []byte { return e.AppendAnswer(nil, x) }
		for _, a := range answers {
			roundTrip(t, "answer", a, appendAnswer, e.DecodeAnswer)
		}
		edges := sampleAnswer(e, r.Digest, "s", []Lane{{0, 0, -1 << 30}, {0, 31, NoCap}, {15, 0, 0}})
		roundTrip(t, "answer at the edges", edges, appendAnswer, e.DecodeAnswer)
		roundTrip(t, "manifest", m, e.EncodeManifest, e.DecodeManifest)
		roundTrip(t, "empty manifest", &Manifest{Request: r.Digest}, e.EncodeManifest, e.DecodeManifest)
		roundTrip(t, "shares", sampleShares(m), e.EncodeShares, func(b []byte) (*Shares, error) { return e.DecodeShares(b, m) })
		roundTrip(t, "enrolment", sampleEnrolment(), e.EncodeEnrolment, e.DecodeEnrolment)
		roundTrip(t, "ranked", sampleRanked(), e.EncodeRanked, e.DecodeRanked)
		roundTrip(t, "empty ranked", &Ranked{Statuses: []Status{}, Imps: []RankedImp{}, Ready: []Ready{}}, e.EncodeRanked, e.DecodeRanked)
		roundTrip(t, "leg", sampleLeg(), e.EncodeLeg, e.DecodeLeg)
		roundTrip(t, "empty leg", &Leg{Imps: []LegImp{}}, e.EncodeLeg, e.DecodeLeg)
		roundTrip(t, "deal", sampleDeal(), e.EncodeDeal, e.DecodeDeal)
		roundTrip(t, "deal to a receiver", &Deal{Half: []byte{}}, e.EncodeDeal, e.DecodeDeal)
		for _, tables := range [][]byte{{}, noise(1, 64)} {
			roundTrip(t, "stock", sampleStock(), func(s *Stock) []byte { return append(e.EncodeStock(s), tables...) }, func(b []byte) (*Stock, error) {
				s, got, err := e.DecodeStock(b)
				if !bytes.Equal(got, tables) {
					t.Errorf("tables of %d bytes became %d", len(tables), len(got))
				}
				return s, err
			})
		}
	})
}

func TestSessionRoundTrip(t *testing.T) {
	key, hint := noise(1, SessionKeyBytes), Lanes(noise(2, 4*2048))
	gotKey, gotHint, err := DecodeSession(EncodeSession(key, hint), len(hint))
	if err != nil || !bytes.Equal(key, gotKey) || !reflect.DeepEqual(hint, gotHint) {
		t.Errorf("a bidder's session changed: %v", err)
	}
	gotKey, gotHint, err = DecodeSession(EncodeSession(key, nil), 0)
	if err != nil || !bytes.Equal(key, gotKey) || len(gotHint) != 0 {
		t.Errorf("the auctioneer's session changed: %v", err)
	}
	for _, n := range []int{0, 1, len(hint) - 1, len(hint) + 1} {
		if _, _, err := DecodeSession(EncodeSession(key, hint), n); err == nil {
			t.Errorf("a hint of %d values was accepted as one of %d", len(hint), n)
		}
	}
}

// The key outlives the decrypted box, which is wiped.
func TestSessionKeyIsCopied(t *testing.T) {
	b := EncodeSession(noise(1, SessionKeyBytes), nil)
	key, _, err := DecodeSession(b, 0)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if !bytes.Equal(key, noise(1, SessionKeyBytes)) {
		t.Error("the key is part of the bytes decoded")
	}
}

func TestOpenRequestRoundTrip(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		r, answers, m := sampleAuction(t, e, 9, 8)
		raw := e.EncodeManifest(m)
		for trustee := range 3 {
			b := encodeOpen(e, r, m, answers, trustee)
			o, err := e.DecodeOpenRequest(b, trustee)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(reopen(e, o, trustee), b) {
				t.Error("encodes to other bytes after decoding")
			}
			if !reflect.DeepEqual(o.Terms, r.Terms) || !reflect.DeepEqual(o.Manifest, m) || !bytes.Equal(o.Box, r.Boxes[trustee]) {
				t.Error("terms, manifest or box changed")
			}
			if o.Digest != r.Digest || o.ManifestBound != ManifestDigest(raw) || o.C0Digest != scheme.HashPacked(r.C0) {
				t.Error("a digest differs from the sender's")
			}
			for i, a := range answers {
				if !bytes.Equal(o.Boxes[i], a.Boxes[trustee]) {
					t.Errorf("trustee %d got another box of bidder %d", trustee, i)
				}
			}
		}
	})
}

// reopen encodes a decoded open request. A trustee does not have c0, so its digest is put in place.
func reopen(e *Epoch, o *OpenRequest, trustee int) []byte {
	r := &Request{RawTerms: o.RawTerms, B: o.B, Signature: o.Signature}
	r.Boxes[trustee] = o.Box
	answers := make([]*Answer, len(o.Boxes))
	for i := range answers {
		answers[i] = &Answer{}
		answers[i].Boxes[trustee] = o.Boxes[i]
	}
	b := e.EncodeOpenRequest(r, o.RawManifest, o.ManifestTag, answers, trustee)
	copy(b[frameBytes+4+len(o.RawTerms):], o.C0Digest[:])
	return b
}

// A rank request is an open request with a call before it, which is bound as it was sent.
func TestRankRequestRoundTrip(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		b := sampleRank(t, e)
		r, err := e.DecodeRankRequest(b, 1)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&r.Call, sampleCall()) || !bytes.Equal(r.RawCall, EncodeCall(sampleCall())) {
			t.Errorf("call %+v", r.Call)
		}
		if !bytes.Equal(rerank(e, r), b) {
			t.Error("encodes to other bytes after decoding")
		}
		request, answers, m := sampleAuction(t, e, 3, 4)
		open, err := e.DecodeOpenRequest(encodeOpen(e, request, m, answers, 1), 1)
		if err != nil || !reflect.DeepEqual(r.OpenRequest, open) {
			t.Errorf("differs from the open request of the same auction: %v", err)
		}
	})
}

// rerank encodes a decoded rank request to trustee 1.
func rerank(e *Epoch, r *RankRequest) []byte {
	w := &wire.Writer{}
	e.start(w, kindRankRequest)
	w.Var(r.RawCall)
	w.Raw(reopen(e, r.OpenRequest, 1))
	return w.Buf
}

// All receivers of a request name the auction alike.
func TestDigestIsTheSameForEverybody(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		r := sampleRequest(t, e)
		atAuctioneer, err := e.DecodeRequest(e.EncodeRequest(r))
		if err != nil {
			t.Fatal(err)
		}
		atBidder, err := e.DecodeBidRequest(e.AppendBidRequest(nil, atAuctioneer))
		if err != nil {
			t.Fatal(err)
		}
		if atAuctioneer.Digest != r.Digest || atBidder.Digest != r.Digest {
			t.Error("digests differ")
		}
	})
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	e := epochs(t)[0]
	r, answers, _ := sampleAuction(t, e, 1, 4)
	for name, b := range map[string][2][]byte{
		"answer":      {e.AppendAnswer([]byte("head"), answers[0]), e.AppendAnswer(nil, answers[0])},
		"bid request": {e.AppendBidRequest([]byte("head"), r), e.AppendBidRequest(nil, r)},
	} {
		if !bytes.Equal(b[0], append([]byte("head"), b[1]...)) {
			t.Errorf("%s: appending changed it", name)
		}
	}
}

// The announced maxima hold for the largest messages that the limits allow.
func TestSizesStayBelowTheMaxima(t *testing.T) {
	eachEpoch(t, func(t *testing.T, e *Epoch) {
		long := string(bytes.Repeat([]byte{'x'}, MaxID))
		r := sampleRequest(t, e)
		for i := range r.Boxes {
			r.Boxes[i] = make([]byte, MaxUserBox)
		}
		r.RawTerms = make([]byte, MaxTermsBytes)
		if n := len(e.EncodeRequest(r)); n != e.MaxRequestBytes() {
			t.Errorf("largest request has %d bytes, MaxRequestBytes says %d", n, e.MaxRequestBytes())
		}
		if n := len(e.AppendBidRequest(nil, r)); n != e.MaxBidRequestBytes() {
			t.Errorf("largest bid request has %d bytes, MaxBidRequestBytes says %d", n, e.MaxBidRequestBytes())
		}
		a := sampleAnswer(e, r.Digest, long, make([]Lane, MaxAnswerLanes))
		for i := range a.Boxes {
			a.Boxes[i] = make([]byte, maxBidderBox)
		}
		if n := len(e.AppendAnswer(nil, a)); n > MaxAnswerBytes || e.Params.Encrypted() && n != MaxAnswerBytes {
			t.Errorf("largest answer has %d bytes, MaxAnswerBytes says %d", n, MaxAnswerBytes)
		}
		if n := 28 + PartsBytes(MaxAnswerLanes); n > maxBidderBox {
			t.Errorf("a bidder's box of all lanes has %d bytes, the limit is %d", n, maxBidderBox)
		}
	})
}
