package main

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"
)

// impostor has the keys of the whole market and plays its auctioneer towards trustee 0. The real one enrols again afterwards.
type impostor struct {
	m       *processes
	keys    *keyring.Keyring
	dir     *directory.Directory
	session *keys.Session
}

func (m *processes) impostor() *impostor {
	m.t.Helper()
	k, err := keyring.Load(filepath.Join(m.dir, "keys"))
	must(m.t, err)
	dir, err := k.Directory()
	must(m.t, err)
	p := &impostor{m: m, keys: k, dir: dir}
	var raw []byte
	p.session, raw, err = enrol.One(dir, message.RoleAuctioneer, dir.Auctioneer().ID, k.Auctioneer, 0)
	must(m.t, err)
	_, err = post(dir.Trustees()[0].URL, "/enrol", raw)
	must(m.t, err)
	return p
}

// request is a request of the market's publisher that says it was issued at some time.
func (p *impostor) request(issued time.Time) *message.Request {
	p.m.t.Helper()
	a, _, _ := p.m.openAgent()
	raw, err := p.m.request(a, userAt(5))
	must(p.m.t, err)
	r, err := p.dir.Epoch().DecodeRequest(raw)
	must(p.m.t, err)
	original := r.Digest
	r.Terms.Mode = message.Open // which one trustee serves by itself
	r.Terms.Issued, r.Terms.Expiry = issued, issued.Add(30*time.Second)
	r.RawTerms, err = p.dir.Epoch().EncodeTerms(r.Terms)
	must(p.m.t, err)
	r.Digest = message.RequestDigest(r.RawTerms, scheme.HashPacked(r.C0), scheme.HashPacked(r.B))
	r.Signature = p.keys.Publishers[r.Terms.Publisher].Sign(keys.DomainRequest, r.Digest)
	for i := range r.Boxes { // they are bound to the digest
		box, err := message.DecodeUserBox(r.Boxes[i])
		must(p.m.t, err)
		subKeys, err := p.keys.Trustees[i].Period.Open(message.UserBoxInfo(&original, i), box.Box)
		must(p.m.t, err)
		box.Box, err = p.dir.TrusteeKey(i).Seal(message.UserBoxInfo(&r.Digest, i), subKeys)
		must(p.m.t, err)
		r.Boxes[i] = box.Encode()
	}
	return r
}

// answers asks all bidders.
func (p *impostor) answers(r *message.Request) []*message.Answer {
	p.m.t.Helper()
	var all []*message.Answer
	body := p.dir.Epoch().AppendBidRequest(nil, r)
	for _, b := range p.dir.Bidders() {
		raw, err := post(b.URL, "/bid", body)
		must(p.m.t, err)
		a, err := p.dir.Epoch().DecodeAnswer(raw)
		must(p.m.t, err)
		all = append(all, a)
	}
	return all
}

// open asks trustee 0 to open a request with a manifest of the answers.
func (p *impostor) open(r *message.Request, answers []*message.Answer) error {
	manifest := &message.Manifest{Request: r.Digest}
	for _, a := range answers {
		manifest.Entries = append(manifest.Entries, message.NewEntry(a))
	}
	raw := p.dir.Epoch().EncodeManifest(manifest)
	digest := message.ManifestDigest(raw)
	context := message.ManifestContext(&digest, 0)
	tag := p.session.Seal(nil, nil, &context)
	_, err := post(p.dir.Trustees()[0].URL, "/open", p.dir.Epoch().EncodeOpenRequest(r, raw, tag, answers, 0))
	return err
}

// refused checks that a trustee has refused a request as served before, for a reason.
func refused(t *testing.T, what string, err error, reason string) {
	t.Helper()
	var status *transport.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusConflict || !strings.Contains(status.Reason, reason) {
		t.Errorf("%s: %v, want status %d: %s", what, err, http.StatusConflict, reason)
	}
}

const (
	replayed   = "served for another manifest"
	beforeBoot = "issued before this trustee started"
)

// A trustee opens a request for one manifest, as often as it is asked; killed and started again, for none.
func (m *processes) serveOnce(t *testing.T) {
	p := m.impostor()
	r := p.request(time.Now())
	answers := p.answers(r)
	must(t, p.open(r, answers))
	must(t, p.open(r, answers)) // a retry
	refused(t, "another manifest", p.open(r, answers[1:]), replayed)
	other := p.request(time.Now())
	m.kill(trusteeName(0))
	m.restart(trusteeName(0))
	refused(t, "another manifest after a restart", p.open(r, answers[1:]), beforeBoot)
	refused(t, "the same manifest after a restart", p.open(r, answers), beforeBoot)
	refused(t, "a request that was not served before the restart", p.open(other, p.answers(other)), beforeBoot)
	next := p.request(time.Now())
	must(t, p.open(next, p.answers(next)))
}

// What a trustee served it remembers when it is killed: a request from a publisher whose clock is ahead is newer than the
// trustee's start, and still not opened for another manifest.
func (m *processes) remember(t *testing.T) {
	p := m.impostor()
	r := p.request(time.Now().Add(message.MaxClockSkew - 500*time.Millisecond))
	answers := p.answers(r)
	must(t, p.open(r, answers))
	m.kill(trusteeName(0))
	m.restart(trusteeName(0))
	if !m.trusteeStatus(trusteeName(0)).Started.Before(r.Terms.Issued) {
		t.Skip("the trustee took too long to start: it refuses all that was issued before")
	}
	refused(t, "another manifest", p.open(r, answers[1:]), replayed)
	must(t, p.open(r, answers))
	refused(t, "another manifest", p.open(r, answers[:1]), replayed)
}
