package market

import (
	"errors"
	"math"
	"net"
	"strings"
	"sync"
	"testing"

	"cipherbid/crypto/message"
)

// Every party is asked for the routes to those that it reaches, and uses them; every party's listener is wrapped.
func TestRoutesAndListeners(t *testing.T) {
	var mu sync.Mutex
	routes, listeners := map[string]int{}, map[string]int{}
	c := Config{
		Params: bothKinds(t)["encrypted"], Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}, {ID: "b", Model: flatModel{2, 0}}},
		Route: func(from, to, url string) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			routes[from+">"+to]++
			return url, nil
		},
		Listener: func(party string, ln net.Listener) net.Listener {
			mu.Lock()
			defer mu.Unlock()
			listeners[party]++
			return ln
		},
	}
	m := start(t, c)
	got, _, err := m.Auction(opportunity(0, message.Sealed))
	if err != nil {
		t.Fatal(err)
	}
	if o := got.Imps[0]; o.Seat != "b" || !samePrice(message.Sealed, o.Price, math.E) {
		t.Errorf("%+v", o)
	}
	for _, want := range []string{"publisher>auctioneer", "auctioneer>a", "auctioneer>b", "auctioneer>trustee-0", "a>trustee-1", "b>trustee-2", "trustee-0>trustee-1"} {
		if routes[want] == 0 {
			t.Errorf("nobody asked for the route %s", want)
		}
	}
	if routes["auctioneer>auctioneer"] > 0 {
		t.Error("the auctioneer asked for the route to itself")
	}
	for _, want := range []string{"auctioneer", "a", "b", "trustee-0", "trustee-1", "trustee-2", "trustee-0/link", "trustee-2/link"} {
		if listeners[want] != 1 {
			t.Errorf("%d listeners of %s", listeners[want], want)
		}
	}
}

// Links have routes of their own, in the form in which they are listed; where there are none, nobody is asked.
func TestRerouteOfLinks(t *testing.T) {
	m := start(t, Config{Params: bothKinds(t)["encrypted"], Mode: message.Open, Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}}})
	asked := 0
	view, err := Reroute(m.Dir.File(), "trustee-1", func(_, to, url string) (string, error) {
		asked++
		if strings.TrimPrefix(url, "http://") == m.Dir.Trustees()[0].Link || strings.TrimPrefix(url, "http://") == m.Dir.Trustees()[2].Link {
			return "http://" + to + ".example:7", nil
		}
		return url, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"trustee-0.example:7", m.Dir.Trustees()[1].Link, "trustee-2.example:7"} {
		if got := view.Trustees()[i]; got.Link != want || got.URL != m.Dir.Trustees()[i].URL {
			t.Errorf("trustee %d has its link at %s, want %s", i, got.Link, want)
		}
	}
	unlinked := m.Dir.File()
	for i := range unlinked.Trustees {
		unlinked.Trustees[i].Link = ""
	}
	before := asked
	asked = 0
	view, err = Reroute(unlinked, "trustee-1", func(_, _, url string) (string, error) { asked++; return url, nil })
	if err != nil || view.Linked() || asked != before-2 {
		t.Errorf("without links: %v, asked %d times, %d with links", err, asked, before)
	}
}

func TestRerouteChangesAddressesOnly(t *testing.T) {
	m := start(t, Config{Params: bothKinds(t)["plaintext"], Seats: []Seat{{ID: "a", Model: flatModel{1, 0}}}})
	view, err := Reroute(m.Dir.File(), "auctioneer", func(_, to, _ string) (string, error) { return "http://" + to + ".example", nil })
	if err != nil {
		t.Fatal(err)
	}
	if view.Bidders()[0].URL != "http://a.example" || view.Auctioneer().URL != m.Dir.Auctioneer().URL || m.Dir.Bidders()[0].URL == "http://a.example" {
		t.Errorf("bidder at %s, auctioneer at %s", view.Bidders()[0].URL, view.Auctioneer().URL)
	}
	if a, b := view.Epoch(), m.Dir.Epoch(); a.Market != b.Market || a.Period != b.Period || a.Params.ID() != b.Params.ID() || view.Features() != m.Dir.Features() || view.Suite() != m.Dir.Suite() {
		t.Error("more than addresses changed")
	}
	broken := errors.New("no network")
	if _, err := Reroute(m.Dir.File(), "a", func(string, string, string) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := Start(Config{Params: bothKinds(t)["plaintext"], Route: func(string, string, string) (string, error) { return "", broken }}); !errors.Is(err, broken) {
		t.Errorf("a market without a network started: %v", err)
	}
}
