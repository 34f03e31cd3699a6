package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/sealed"
	"cipherbid/crypto/trustee"
)

func TestEnrolAndOpen(t *testing.T) {
	boot := time.Now().Add(-time.Minute)
	o := openOffice(t, boot, nowhere)
	o.must(204, "/enrol", o.newSession())
	o.must(204, "/enrol", o.seat.Enrolments()[0])
	c := o.hold(nil)
	sealed := o.must(200, "/open", o.encode(c))
	digest := message.ManifestDigest(o.dir.Epoch().EncodeManifest(c.manifest))
	context := message.SharesContext(&digest, 0)
	plaintext, err := o.auctioneer.Open(nil, sealed, &context)
	if err != nil {
		t.Fatal(err)
	}
	s, err := o.dir.Epoch().DecodeShares(plaintext, c.manifest)
	if err != nil || s.Trustee != 0 || len(s.Entries) != 1 || s.Entries[0].Status != message.Opened {
		t.Errorf("shares %+v, %v", s, err)
	}
	o.must(200, "/open", o.encode(c)) // a retry
	o.must(409, "/enrol", o.seat.Enrolments()[0])
	var got Status
	code, body := o.do("GET", "/status", nil)
	if err := json.Unmarshal(body, &got); err != nil || code != 200 {
		t.Fatal(code, err)
	}
	if want := (Status{ID: "trustee-0", Period: 1, Started: got.Started, Opened: 2, Refused: 1}); !reflect.DeepEqual(got, want) || !got.Started.Equal(boot) {
		t.Errorf("status %+v, want %+v", got, want)
	}
}

func TestOpenStatuses(t *testing.T) {
	o := openOffice(t, time.Now().Add(-time.Minute), nowhere)
	other := openOffice(t, time.Now().Add(time.Minute), nowhere) // starts after its requests are issued
	o.must(204, "/enrol", o.seat.Enrolments()[0])
	other.must(204, "/enrol", other.seat.Enrolments()[0])
	o.newSession()
	o.must(412, "/open", o.encode(o.hold(nil))) // the trustee has no session of the auctioneer
	o.must(204, "/enrol", o.newSession())
	other.must(204, "/enrol", other.newSession())
	served := o.hold(nil)
	o.must(200, "/open", o.encode(served))
	again := *served
	again.manifest = &message.Manifest{Request: served.request.Digest}
	again.answers = nil
	nobody := o.hold(func(op *agent.Opportunity) { op.MinOrgs = 2 })
	stranger := *o.hold(nil)
	stranger.manifest.Entries[0].Seat = "nobody" // the one organisation that bid is made up
	valid := o.encode(o.hold(nil))
	for _, tc := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"empty", nil, 400},
		{"garbage", []byte("{}"), 400},
		{"truncated", valid[:len(valid)-1], 400},
		{"trailing byte", append(valid[:len(valid):len(valid)], 0), 400},
		{"another market's", other.encode(other.hold(nil)), 400},
		{"another manifest", o.encode(&again), 409},
		{"sealed", o.encode(o.hold(func(op *agent.Opportunity) { op.Mode = message.Sealed })), 403},
		{"too few organisations", o.encode(nobody), 403},
		{"made-up organisation", o.encode(&stranger), 403},
		{"valid", valid, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, body := o.do("POST", "/open", tc.body); got != tc.status {
				t.Errorf("status %d, want %d: %s", got, tc.status, body)
			}
		})
	}
	other.must(409, "/open", other.encode(other.hold(nil)))
}

func TestEnrolStatuses(t *testing.T) {
	o, other := openOffice(t, time.Now(), nowhere), openOffice(t, time.Now(), nowhere)
	first := o.newSession()
	second := o.newSession()
	forged := append([]byte(nil), o.seat.Enrolments()[0]...)
	forged[len(forged)-1] ^= 1
	for _, tc := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"newer", second, 204},
		{"older", first, 403},
		{"the same", second, 409},
		{"empty", nil, 400},
		{"forged signature", forged, 403},
		{"another market's", other.seat.Enrolments()[0], 400},
		{"for another trustee", o.seat.Enrolments()[1], 410},
		{"a bidder's", o.seat.Enrolments()[0], 204},
	} {
		if got, body := o.do("POST", "/enrol", tc.body); got != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, got, tc.status, body)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for err, want := range map[error]int{
		recent.ErrFull: 429, message.ErrExpired: 410, errors.New("other"): 403, trustee.ErrAttempt: 409, trustee.ErrPeer: 502,
		trustee.ErrPresent: 422, trustee.ErrNoLinks: 403, sealed.ErrContradiction: 502, sealed.ErrForged: 502,
	} {
		if got := statusOf(fmt.Errorf("open: %w", err)); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestRoutes(t *testing.T) {
	o := openOffice(t, time.Now(), nowhere)
	for route, want := range map[[2]string]int{{"GET", "/open"}: 405, {"GET", "/enrol"}: 405, {"POST", "/status"}: 405, {"POST", "/"}: 404} {
		if got, _ := o.do(route[0], route[1], nil); got != want {
			t.Errorf("%v: %d, want %d", route, got, want)
		}
	}
}
