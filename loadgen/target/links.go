package target

import (
	"fmt"
	"strings"
	"time"

	"cipherbid/loadgen/netem"
)

// Links are the networks between the parties of a market. A zero link is none: the two talk directly.
type Links struct {
	Publisher netem.Link // publisher and auctioneer
	Bidders   netem.Link // auctioneer and bidders
	Trustees  netem.Link // auctioneer and trustees
	Enrolment netem.Link // bidders, or a publisher, and trustees
	Peers     netem.Link // trustees among themselves
}

func (l *Links) named() map[string]*netem.Link {
	return map[string]*netem.Link{
		"publisher": &l.Publisher, "bidders": &l.Bidders, "trustees": &l.Trustees, "enrolment": &l.Enrolment, "peers": &l.Peers,
	}
}

// ParseLinks reads round trips: one for all links, such as 20ms, or one for each, such as publisher=40ms,bidders=20ms, with the
// names publisher, bidders, trustees, enrolment and peers. Every link that is named gets the jitter.
func ParseLinks(text string, jitter time.Duration) (Links, error) {
	var l Links
	named := l.named()
	if text == "" || text == "0" {
		if jitter != 0 {
			return l, fmt.Errorf("links: a jitter of %s needs a round trip", jitter)
		}
		return l, nil
	}
	for _, part := range strings.Split(text, ",") {
		name, value, one := strings.Cut(part, "=")
		if !one {
			value = part
		}
		rtt, err := time.ParseDuration(value)
		if err != nil {
			return l, fmt.Errorf("links: round trip %q: %w", part, err)
		}
		link := netem.Link{RTT: rtt, Jitter: jitter}
		switch {
		case one && named[name] == nil:
			return l, fmt.Errorf("links: %q: want publisher, bidders, trustees, enrolment or peers", name)
		case one:
			*named[name] = link
		case len(text) != len(part):
			return l, fmt.Errorf("links: %q has no name, and is not alone", part)
		default:
			for _, each := range named {
				*each = link
			}
		}
	}
	return l, l.check()
}

func (l Links) check() error {
	for name, link := range l.named() {
		if err := link.Check(); err != nil {
			return fmt.Errorf("links: %s: %w", name, err)
		}
	}
	return nil
}

// between returns the link between two parties, named as package bench/market names them; false if it is a direct one.
func (l *Links) between(from, to string) (netem.Link, bool) {
	kind := func(name string) string {
		switch {
		case name == "publisher" || name == "auctioneer":
			return name
		case strings.HasPrefix(name, "trustee-"):
			return "trustee"
		}
		return "bidder"
	}
	var link netem.Link
	switch kind(from) + ">" + kind(to) {
	case "publisher>auctioneer":
		link = l.Publisher
	case "auctioneer>bidder":
		link = l.Bidders
	case "auctioneer>trustee":
		link = l.Trustees
	case "bidder>trustee", "publisher>trustee":
		link = l.Enrolment
	case "trustee>trustee":
		link = l.Peers
	}
	return link, link != netem.Link{}
}
