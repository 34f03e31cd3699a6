package trustee

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// insider is a bidder that builds its enrolments and answers by hand, so that it can deviate where an honest seat cannot.
type insider struct {
	m        *market
	seat     string
	scorer   scheme.Scorer
	hint     []uint32
	sessions [scheme.Trustees]*keys.Session
}

// enrolment makes an enrolment by hand. edit, if not nil, may change it before it is signed.
func (m *market) enrolment(n message.Enrolment, identity keys.Identity, trustee int, key []byte, hint []uint32, edit func(*message.Enrolment)) []byte {
	m.tb.Helper()
	e := m.dir.Epoch()
	n.Trustee = m.dir.TrusteeKey(trustee).ID()
	var err error
	if n.Box, err = m.dir.TrusteeKey(trustee).Seal(n.Info(e), message.EncodeSession(key, hint)); err != nil {
		m.tb.Fatal(err)
	}
	if edit != nil {
		edit(&n)
	}
	n.Signature = identity.Sign(keys.DomainEnrolment, n.Digest(e))
	return e.EncodeEnrolment(&n)
}

// insider enrols a seat by hand with all trustees. Its weights are those of the seat's name.
func (m *market) insider(seat string, sequence uint64) *insider {
	m.tb.Helper()
	m.weights[seat] = weightsOf(seat)
	scorer, err := m.scheme.Prepare(m.weights[seat])
	if err != nil {
		m.tb.Fatal(err)
	}
	n := &insider{m: m, seat: seat, scorer: scorer}
	n.enrol(sequence, scorer.Hint())
	return n
}

// enrol opens sessions with all trustees under a hint.
func (n *insider) enrol(sequence uint64, hint []uint32) {
	n.m.tb.Helper()
	n.hint = hint
	for i, t := range n.m.trustees {
		key := keys.NewSessionKey()
		raw := n.m.enrolment(message.Enrolment{Role: message.RoleBidder, ID: n.seat, Sequence: sequence}, n.m.keys.Bidders[n.seat], i, key, hint, nil)
		if err := t.Enrol(raw); err != nil {
			n.m.tb.Fatal(err)
		}
		var err error
		if n.sessions[i], err = keys.NewSession(key); err != nil {
			n.m.tb.Fatal(err)
		}
	}
}

// lanes scores a request as an honest seat would, with the harness's bids.
func (n *insider) lanes(r *message.Request) (lanes []message.Lane, y []uint32) {
	n.m.tb.Helper()
	scores := make([]uint32, n.scorer.Lanes())
	if err := n.scorer.Score(scores, r.C0, r.B); err != nil {
		n.m.tb.Fatal(err)
	}
	for _, b := range bids(r.Terms) {
		lanes = append(lanes, message.Lane{Imp: uint8(b.Imp), Campaign: uint16(b.Campaign), Cap: message.NoCap})
		y = append(y, scores[b.Campaign]+scheme.Lane(b.LogBid-r.Terms.LogCap()+params.BidRange))
	}
	return lanes, y
}

// answer shares lanes in boxes for a request. tamper, if not nil, may change what the box for a trustee holds.
func (n *insider) answer(request message.Digest, lanes []message.Lane, y []uint32, tamper func(trustee int, plaintext []byte) []byte) *message.Answer {
	a := &message.Answer{Request: request, Bid: message.Bid{Seat: n.seat, Hint: message.HintDigest(n.seat, n.hint), Lanes: lanes}}
	var h message.Hasher
	var parts [scheme.Trustees][]byte
	for j := range parts {
		parts[j] = make([]byte, message.SaltBytes+4*len(y))
		rand.Read(parts[j])
	}
	le := binary.LittleEndian
	for k, v := range y {
		at := message.SaltBytes + 4*k
		le.PutUint32(parts[2][at:], v-le.Uint32(parts[0][at:])-le.Uint32(parts[1][at:]))
	}
	for j, p := range parts {
		a.Commitments[j] = h.Commitment(&request, n.seat, j, p[:message.SaltBytes], p[message.SaltBytes:])
	}
	for i := range a.Boxes {
		js := scheme.SubKeysOf(i)
		plaintext := slices.Concat(parts[js[0]], parts[js[1]])
		if tamper != nil {
			plaintext = tamper(i, plaintext)
		}
		context := h.BoxContext(&request, &a.Bid, i)
		a.Boxes[i] = n.sessions[i].Seal(nil, plaintext, &context)
	}
	return a
}

// honest is the insider's answer when it does not deviate.
func (n *insider) honest(r *message.Request) *message.Answer {
	lanes, y := n.lanes(r)
	return n.answer(r.Digest, lanes, y, nil)
}

// An insider that does not deviate is a bidder like any other.
func TestInsiderIsABidder(t *testing.T) {
	m := newMarket(t, keys.X25519)
	n := m.insider(outsider, 1)
	r := m.ask(opportunity())
	m.works(m.close(r, append(m.answers(r), n.honest(r))...))
}
